"""What IB offers besides trading: research, advisors' tools, display groups, the login."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.model.contract import Contract


@dataclass(frozen=True, slots=True)
class RequestFundamentalData:
    """A report about a company."""

    request_id: int
    contract: Contract
    report: str


@dataclass(frozen=True, slots=True)
class CancelFundamentalData:
    """End of :class:`RequestFundamentalData`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestWshMetaData:
    """What Wall Street Horizon tells of."""

    request_id: int


@dataclass(frozen=True, slots=True)
class CancelWshMetaData:
    """End of :class:`RequestWshMetaData`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestWshEventData:
    """Wall Street Horizon's calendar of a company."""

    request_id: int


@dataclass(frozen=True, slots=True)
class CancelWshEventData:
    """End of :class:`RequestWshEventData`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestAdvisorData:
    """An advisor's groups or aliases (requestFA); *kind* is IB's number."""

    kind: int


@dataclass(frozen=True, slots=True)
class ReplaceAdvisorData:
    """New groups of an advisor (replaceFA)."""

    request_id: int
    kind: int


@dataclass(frozen=True, slots=True)
class RequestSoftDollarTiers:
    """Soft dollar tiers of the account."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestUserInfo:
    """Facts about the login."""

    request_id: int


@dataclass(frozen=True, slots=True)
class QueryDisplayGroups:
    """The groups by which windows of TWS show one contract together."""

    request_id: int


@dataclass(frozen=True, slots=True)
class SubscribeToGroupEvents:
    """Hear which contract a group shows."""

    request_id: int
    group: int


@dataclass(frozen=True, slots=True)
class UpdateDisplayGroup:
    """Let the group of a subscription show another contract (``con_id@exchange``)."""

    request_id: int
    contract_info: str


@dataclass(frozen=True, slots=True)
class UnsubscribeFromGroupEvents:
    """End of :class:`SubscribeToGroupEvents`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class Verify:
    """A program proves who made it: verifyRequest, verifyMessage and the like."""

    with_authentication: bool


ServiceRequests = (
    RequestFundamentalData
    | CancelFundamentalData
    | RequestWshMetaData
    | CancelWshMetaData
    | RequestWshEventData
    | CancelWshEventData
    | RequestAdvisorData
    | ReplaceAdvisorData
    | RequestSoftDollarTiers
    | RequestUserInfo
    | QueryDisplayGroups
    | SubscribeToGroupEvents
    | UpdateDisplayGroup
    | UnsubscribeFromGroupEvents
    | Verify
)
