"""What the connection machine hears, and what it asks of its shell: two closed unions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkState(StrEnum):
    """The inner states; :func:`documented_name` maps them to the five of C2."""

    DOWN = "down"
    CONNECTING = "connecting"
    SYNCING = "syncing"
    READY = "ready"
    SUSPECT = "suspect"
    ISOLATED = "isolated"
    SAFE_MODE = "safe mode"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Start:
    """Begin, or begin again after safe mode was cleared."""


@dataclass(frozen=True, slots=True)
class RetryDue:
    """The back-off is over."""


@dataclass(frozen=True, slots=True)
class Opened:
    """TCP, handshake and log-on are done."""


@dataclass(frozen=True, slots=True)
class OpenFailed:
    """The attempt failed; *reason* is for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Synchronised:
    """A complete snapshot was reconciled and the streams are asked for."""


@dataclass(frozen=True, slots=True)
class SilenceNoticed:
    """A probe was missed."""


@dataclass(frozen=True, slots=True)
class LifeProved:
    """The peer answered again."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The socket is gone, was declared dead, or synchronising on it failed."""

    reason: str


@dataclass(frozen=True, slots=True)
class UpstreamLost:
    """IB's servers are away (1100, 2110); the socket stays."""

    code: int


@dataclass(frozen=True, slots=True)
class UpstreamRestored:
    """IB's servers are back (1101: data lost, 1102: data kept)."""

    data_lost: bool


@dataclass(frozen=True, slots=True)
class ReconnectAsked:
    """A person or the runtime wants a fresh link now."""

    reason: str


@dataclass(frozen=True, slots=True)
class SafeModeAsked:
    """Stop trading until a person clears it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Shut down."""


Event = (
    Start
    | RetryDue
    | Opened
    | OpenFailed
    | Synchronised
    | SilenceNoticed
    | LifeProved
    | Lost
    | UpstreamLost
    | UpstreamRestored
    | ReconnectAsked
    | SafeModeAsked
    | Stop
)


@dataclass(frozen=True, slots=True)
class OpenLink:
    """Effect: open a fresh link; this is attempt *attempt* since READY."""

    attempt: int


@dataclass(frozen=True, slots=True)
class DropLink:
    """Effect: abort the link or the attempt and wait until it is gone."""

    reason: str


@dataclass(frozen=True, slots=True)
class ScheduleRetry:
    """Effect: send RetryDue after *delay_ns*."""

    delay_ns: int


@dataclass(frozen=True, slots=True)
class Synchronise:
    """Effect: snapshot, reconcile, resubscribe, then send Synchronised or Lost."""

    data_lost: bool


@dataclass(frozen=True, slots=True)
class Announce:
    """Effect: the state others see changed."""

    before: LinkState
    after: LinkState
    reason: str


@dataclass(frozen=True, slots=True)
class RaiseSafeMode:
    """Effect: journal safe mode with its reason; *attempts* failed before it."""

    reason: str
    attempts: int


Effect = OpenLink | DropLink | ScheduleRetry | Synchronise | Announce | RaiseSafeMode
