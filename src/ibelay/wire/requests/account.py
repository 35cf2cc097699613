"""The account: values, portfolio, positions."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.model.ids import ConId


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
    """Account values under a request id; only the ledger and net liquidation if so asked."""

    request_id: int
    account: str
    model_code: str
    ledger_only: bool = False


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


@dataclass(frozen=True, slots=True)
class RequestPositionsMulti:
    """Positions of an account and a model under a request id."""

    request_id: int
    account: str
    model_code: str


@dataclass(frozen=True, slots=True)
class CancelPositionsMulti:
    """End of :class:`RequestPositionsMulti`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestPnL:
    """Profit and loss of an account, now and while it changes."""

    request_id: int
    account: str
    model_code: str


@dataclass(frozen=True, slots=True)
class CancelPnL:
    """End of :class:`RequestPnL`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestPnLSingle:
    """Profit and loss of one position, now and while it changes."""

    request_id: int
    account: str
    model_code: str
    con_id: ConId


@dataclass(frozen=True, slots=True)
class CancelPnLSingle:
    """End of :class:`RequestPnLSingle`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestFamilyCodes:
    """Which family each account belongs to."""


AccountRequests = (
    RequestManagedAccounts
    | RequestAccountUpdates
    | RequestAccountUpdatesMulti
    | CancelAccountUpdatesMulti
    | RequestAccountSummary
    | CancelAccountSummary
    | RequestPositions
    | CancelPositions
    | RequestPositionsMulti
    | CancelPositionsMulti
    | RequestPnL
    | CancelPnL
    | RequestPnLSingle
    | CancelPnLSingle
    | RequestFamilyCodes
)
