"""The connection: a page of states, one literal table, one pure step.

    DOWN ──start/retry──▶ CONNECTING ──opened──▶ SYNCING ──synchronised──▶ READY
      ▲                        │                    │                     │   ▲
      │◀────failed/lost────────┴────────────────────┘        silence      ▼   │ life proved
      │◀──────────────── lost / dead ─────────────────────────────────  SUSPECT
      │                                             1100/2110  ▲
      │◀──────────────── lost ──────────────────  ISOLATED ────┘  1101/1102 ─▶ SYNCING
    SAFE_MODE (a person clears it) and STOPPED are reached from everywhere.

Rules:
1. READY only after a reconciliation that followed the latest outage: whatever ends an
   outage leads to SYNCING, never to READY.
2. ISOLATED keeps the socket open and keeps *reading*: fills still arrive (F09).
3. At most one attempt runs at a time: only leaving DOWN opens a link.
4. The attempt counter returns to zero on READY; the back-off step only when READY lasted
   ``STABLE_NS``, so a flapping link does not restart the schedule each time (C1).
5. What is not in the table raises and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ibelay.machines.backoff import SECOND_NS, Schedule, delay_ns
from ibelay.machines.link_events import (
    Announce,
    DropLink,
    Effect,
    Event,
    LifeProved,
    LinkState,
    Lost,
    Opened,
    OpenFailed,
    OpenLink,
    RaiseSafeMode,
    ReconnectAsked,
    RetryDue,
    SafeModeAsked,
    ScheduleRetry,
    SilenceNoticed,
    Start,
    Stop,
    Synchronise,
    Synchronised,
    UpstreamLost,
    UpstreamRestored,
)

STABLE_NS = 30 * SECOND_NS


class AfterExhaustion(StrEnum):
    """What follows the maximum of attempts, set per bot (C8)."""

    RETRY_FOREVER = "retry_forever"
    SAFE_MODE = "safe_mode"


_S = LinkState

TABLE: dict[tuple[LinkState, type[Event]], LinkState] = {
    (_S.DOWN, Start): _S.CONNECTING,
    (_S.DOWN, RetryDue): _S.CONNECTING,
    (_S.DOWN, ReconnectAsked): _S.CONNECTING,
    (_S.CONNECTING, Opened): _S.SYNCING,
    (_S.CONNECTING, OpenFailed): _S.DOWN,
    (_S.CONNECTING, Lost): _S.DOWN,
    (_S.CONNECTING, ReconnectAsked): _S.CONNECTING,
    (_S.SYNCING, Synchronised): _S.READY,
    (_S.SYNCING, SilenceNoticed): _S.SYNCING,
    (_S.SYNCING, LifeProved): _S.SYNCING,
    (_S.SYNCING, UpstreamLost): _S.ISOLATED,
    (_S.SYNCING, UpstreamRestored): _S.SYNCING,
    (_S.SYNCING, Lost): _S.DOWN,
    (_S.SYNCING, ReconnectAsked): _S.DOWN,
    (_S.READY, SilenceNoticed): _S.SUSPECT,
    (_S.READY, LifeProved): _S.READY,
    (_S.READY, UpstreamLost): _S.ISOLATED,
    (_S.READY, UpstreamRestored): _S.SYNCING,
    (_S.READY, Lost): _S.DOWN,
    (_S.READY, ReconnectAsked): _S.DOWN,
    (_S.SUSPECT, SilenceNoticed): _S.SUSPECT,
    # An answer proves life, not completeness: what the silence hid is asked for again.
    (_S.SUSPECT, LifeProved): _S.SYNCING,
    (_S.SUSPECT, UpstreamLost): _S.ISOLATED,
    (_S.SUSPECT, UpstreamRestored): _S.SYNCING,
    (_S.SUSPECT, Lost): _S.DOWN,
    (_S.SUSPECT, ReconnectAsked): _S.DOWN,
    (_S.ISOLATED, SilenceNoticed): _S.ISOLATED,
    (_S.ISOLATED, LifeProved): _S.ISOLATED,
    (_S.ISOLATED, UpstreamLost): _S.ISOLATED,  # 1100 repeats during resets
    (_S.ISOLATED, UpstreamRestored): _S.SYNCING,
    # A synchronisation that was under way when 1100 came proves nothing about now.
    (_S.ISOLATED, Synchronised): _S.ISOLATED,
    (_S.ISOLATED, Lost): _S.DOWN,
    (_S.ISOLATED, ReconnectAsked): _S.DOWN,
    (_S.SAFE_MODE, Start): _S.CONNECTING,
    (_S.STOPPED, Start): _S.CONNECTING,
    **{(state, SafeModeAsked): _S.SAFE_MODE for state in _S if state is not _S.STOPPED},
    **{(state, Stop): _S.STOPPED for state in _S},
    # Late word from a link that is already given up.
    **{
        (state, event): state
        for state in (_S.DOWN, _S.SAFE_MODE, _S.STOPPED)
        for event in (Opened, OpenFailed, Lost, Synchronised, SilenceNoticed, LifeProved)
    },
    **{(state, RetryDue): state for state in _S if state is not _S.DOWN},
    **{
        (state, event): state
        for state in (_S.DOWN, _S.CONNECTING, _S.SAFE_MODE, _S.STOPPED)
        for event in (UpstreamLost, UpstreamRestored)
    },
}

_WITH_LINK = frozenset({_S.CONNECTING, _S.SYNCING, _S.READY, _S.SUSPECT, _S.ISOLATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The machine's value.

    Attributes:
        state: Where it stands.
        attempts: Failed or running attempts since READY (or since the start).
        step: Back-off step; survives a READY shorter than ``STABLE_NS``.
        ready_since_ns: When READY began, or None.
        reason: Why it is not READY, for people.
        retry_at_ns: When the next attempt is due, or None.
    """

    state: LinkState = LinkState.DOWN
    attempts: int = 0
    step: int = 0
    ready_since_ns: int | None = None
    reason: str = "not started"
    retry_at_ns: int | None = None


class IllegalTransitionError(Exception):
    """An event the state does not know; nothing was changed."""


def step(
    value: Connection,
    event: Event,
    now_ns: int,
    schedule: Schedule,
    after: AfterExhaustion,
    draw: float,
) -> tuple[Connection, list[Effect]]:
    """Return the machine after *event*, and what the shell must do, in order.

    Args:
        value: The machine before.
        event: What happened.
        now_ns: Monotonic time.
        schedule: The back-off.
        after: What follows the schedule's maximum of attempts.
        draw: Chance for the jitter, in [0, 1).

    Raises:
        IllegalTransitionError: The table has no such row; *value* stands.
    """
    target = TABLE.get((value.state, type(event)))
    if target is None:
        msg = f"connection in state '{value.state}' does not know {type(event).__name__}"
        raise IllegalTransitionError(msg)
    if target is value.state and not _acts_in_place(value, event):
        return value, []
    match target:
        case _S.CONNECTING:
            return _connect(value, event)
        case _S.DOWN:
            return _go_down(value, event, now_ns, schedule, after, draw)
        case _S.SYNCING:
            return _sync(value, event)
        case _S.READY:
            ready = replace(
                value, state=target, attempts=0, ready_since_ns=now_ns, reason="", retry_at_ns=None
            )
            return ready, [Announce(value.state, target, "")]
        case _S.SUSPECT | _S.ISOLATED:
            return _doubt(value, event, target)
        case _S.SAFE_MODE:
            reason = event.reason if isinstance(event, SafeModeAsked) else value.reason
            return _enter_safe_mode(value, reason)
        case _S.STOPPED:
            return _leave(value, target, "stopped")


def documented_name(value: Connection, *, was_connected: bool) -> str:
    """Return the state under the five names of C2.

    Args:
        value: The machine.
        was_connected: Whether this process has been READY before.
    """
    match value.state:
        case _S.READY | _S.SUSPECT | _S.ISOLATED:
            return "CONNECTED"
        case _S.SYNCING | _S.CONNECTING:
            return "RECONNECTING" if was_connected else "CONNECTING"
        case _S.DOWN:
            return "RECONNECTING" if value.retry_at_ns is not None else "DISCONNECTED"
        case _S.SAFE_MODE:
            return "ERROR"
        case _S.STOPPED:
            return "DISCONNECTED"


def _acts_in_place(value: Connection, event: Event) -> bool:
    """Whether an event that keeps the state still asks for something."""
    if value.state is _S.SYNCING and isinstance(event, UpstreamRestored):
        return True
    return value.state is _S.CONNECTING and isinstance(event, ReconnectAsked)


def _connect(value: Connection, event: Event) -> tuple[Connection, list[Effect]]:
    fresh = isinstance(event, Start)
    attempts = 1 if fresh else value.attempts + 1
    after = replace(
        value,
        state=_S.CONNECTING,
        attempts=attempts,
        step=0 if fresh else value.step,
        retry_at_ns=None,
        ready_since_ns=None,
        reason="connecting",
    )
    effects: list[Effect] = [Announce(value.state, _S.CONNECTING, "connecting")]
    if value.state is _S.CONNECTING:
        effects.append(DropLink("reconnect asked for"))
    effects.append(OpenLink(attempts))
    return after, effects


def _go_down(
    value: Connection,
    event: Event,
    now_ns: int,
    schedule: Schedule,
    after: AfterExhaustion,
    draw: float,
) -> tuple[Connection, list[Effect]]:
    reason = event.reason if isinstance(event, Lost | OpenFailed | ReconnectAsked) else "lost"
    if (
        after is AfterExhaustion.SAFE_MODE
        and schedule.exhausted(value.attempts)
        and not isinstance(event, ReconnectAsked)
    ):
        return _enter_safe_mode(value, reason)
    stable = value.ready_since_ns is not None and now_ns - value.ready_since_ns >= STABLE_NS
    back_off = 1 if stable else value.step + 1
    wait = 0 if isinstance(event, ReconnectAsked) else delay_ns(schedule, back_off, draw)
    down = replace(
        value,
        state=_S.DOWN,
        step=back_off,
        ready_since_ns=None,
        reason=reason,
        retry_at_ns=now_ns + wait,
    )
    return down, [Announce(value.state, _S.DOWN, reason), DropLink(reason), ScheduleRetry(wait)]


def _sync(value: Connection, event: Event) -> tuple[Connection, list[Effect]]:
    match event:
        case UpstreamRestored(data_lost=lost):
            data_lost, reason = lost, "upstream restored, reconciling"
        case LifeProved():
            data_lost, reason = False, "answering again, reconciling"
        case _:
            data_lost, reason = True, "synchronising"
    after = replace(value, state=_S.SYNCING, reason=reason, ready_since_ns=None)
    return after, [Announce(value.state, _S.SYNCING, reason), Synchronise(data_lost)]


def _doubt(value: Connection, event: Event, target: LinkState) -> tuple[Connection, list[Effect]]:
    if isinstance(event, UpstreamLost):
        reason = f"the gateway lost IB's servers (code {event.code}); waiting for it"
    else:
        reason = "the gateway does not answer; probing every second"
    doubted = replace(value, state=target, reason=reason)
    return doubted, [Announce(value.state, target, reason)]


def _enter_safe_mode(value: Connection, reason: str) -> tuple[Connection, list[Effect]]:
    safe, effects = _leave(value, _S.SAFE_MODE, reason)
    return safe, [*effects, RaiseSafeMode(reason, value.attempts)]


def _leave(value: Connection, target: LinkState, reason: str) -> tuple[Connection, list[Effect]]:
    left = replace(
        value, state=target, reason=reason, ready_since_ns=None, retry_at_ns=None, step=0
    )
    effects: list[Effect] = [Announce(value.state, target, reason)]
    if value.state in _WITH_LINK:
        effects.append(DropLink(reason))
    return left, effects
