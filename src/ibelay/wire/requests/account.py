"""The account: values, portfolio, positions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestManagedAccounts:
    """Which accounts the gateway is logged in to."""


@dataclass(frozen=True, slots=True)
class RequestAccountUpdates:
    """Account values and portfolio, now and on change; or no longer."""

    subscribe: bool
    account: str


@dataclass(frozen=True, slots=True)
class RequestAccountUpdatesMulti:
    """Account values under a request id."""

    request_id: int
    account: str
    model_code: str


@dataclass(frozen=True, slots=True)
class CancelAccountUpdatesMulti:
    """End of :class:`RequestAccountUpdatesMulti`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestAccountSummary:
    """Some account values under a request id."""

    request_id: int
    group: str
    tags: str


@dataclass(frozen=True, slots=True)
class CancelAccountSummary:
    """End of :class:`RequestAccountSummary`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestPositions:
    """Positions, now and on change."""


@dataclass(frozen=True, slots=True)
class CancelPositions:
    """End of :class:`RequestPositions`."""


AccountRequests = (
    RequestManagedAccounts
    | RequestAccountUpdates
    | RequestAccountUpdatesMulti
    | CancelAccountUpdatesMulti
    | RequestAccountSummary
    | CancelAccountSummary
    | RequestPositions
    | CancelPositions
)
