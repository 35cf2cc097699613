"""The connection machine: its table, and the rules of its docstring."""

from __future__ import annotations

import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.machines import link_events as ev
from ibelay.machines.backoff import SECOND_NS, Schedule
from ibelay.machines.connection import (
    STABLE_NS,
    TABLE,
    AfterExhaustion,
    Connection,
    IllegalTransitionError,
    documented_name,
    step,
)
from ibelay.machines.link_events import LinkState

FIXED = Schedule(base_ns=SECOND_NS, factor=2.0, cap_ns=60 * SECOND_NS, jitter=0.0)
SAMPLES: dict[type[ev.Event], ev.Event] = {
    ev.Start: ev.Start(),
    ev.RetryDue: ev.RetryDue(),
    ev.Opened: ev.Opened(),
    ev.OpenFailed: ev.OpenFailed("refused"),
    ev.Synchronised: ev.Synchronised(),
    ev.SilenceNoticed: ev.SilenceNoticed(),
    ev.LifeProved: ev.LifeProved(),
    ev.Lost: ev.Lost("reset"),
    ev.UpstreamLost: ev.UpstreamLost(1100),
    ev.UpstreamRestored: ev.UpstreamRestored(data_lost=True),
    ev.ReconnectAsked: ev.ReconnectAsked("a person"),
    ev.SafeModeAsked: ev.SafeModeAsked("too many attempts"),
    ev.Stop: ev.Stop(),
}


def drive(
    *events: ev.Event,
    value: Connection | None = None,
    now_ns: int = 0,
    schedule: Schedule = FIXED,
    after: AfterExhaustion = AfterExhaustion.RETRY_FOREVER,
) -> tuple[Connection, list[ev.Effect]]:
    """Step through *events*; return the machine and the last step's effects."""
    value = value or Connection()
    effects: list[ev.Effect] = []
    for event in events:
        value, effects = step(value, event, now_ns, schedule, after, 0.0)
    return value, effects


READY = drive(ev.Start(), ev.Opened(), ev.Synchronised())[0]


def test_every_event_type_of_the_union_is_sampled() -> None:
    assert set(SAMPLES) == set(typing.get_args(ev.Event))


def test_ready_only_after_a_synchronisation_since_the_last_outage() -> None:
    """Every way out of an outage leads to SYNCING; only Synchronised leads to READY."""
    into_ready = {
        (state, kind)
        for (state, kind), target in TABLE.items()
        if target is LinkState.READY and state is not LinkState.READY
    }
    assert into_ready == {(LinkState.SYNCING, ev.Synchronised)}


def test_only_leaving_down_opens_a_link() -> None:
    """At most one attempt runs at a time (C1)."""
    for state, kind in TABLE:
        _, effects = drive(SAMPLES[kind], value=Connection(state=state))
        opens = [effect for effect in effects if isinstance(effect, ev.OpenLink)]
        drops = [effect for effect in effects if isinstance(effect, ev.DropLink)]
        if opens and state is LinkState.CONNECTING:
            assert drops, "a running attempt must be dropped before the next one"
        elif opens:
            assert state in {LinkState.DOWN, LinkState.SAFE_MODE, LinkState.STOPPED}


def test_illegal_events_raise_and_change_nothing() -> None:
    with pytest.raises(IllegalTransitionError, match="'ready' does not know Opened"):
        drive(ev.Opened(), value=READY)


def test_isolated_keeps_the_socket() -> None:
    """1100 drops nothing: fills still arrive (F09), and it may repeat."""
    value, effects = drive(ev.UpstreamLost(1100), value=READY)
    assert value.state is LinkState.ISOLATED
    assert not any(isinstance(effect, ev.DropLink) for effect in effects)
    again, effects = drive(ev.UpstreamLost(1100), value=value)
    assert (again, effects) == (value, [])


def test_upstream_restored_reconciles_and_says_whether_data_was_lost() -> None:
    value, _ = drive(ev.UpstreamLost(1100), value=READY)
    for lost in (True, False):
        _, effects = drive(ev.UpstreamRestored(data_lost=lost), value=value)
        assert ev.Synchronise(lost) in effects


def test_losing_a_stable_link_starts_the_schedule_anew() -> None:
    value, effects = drive(ev.Lost("reset"), value=READY, now_ns=STABLE_NS)
    assert ev.ScheduleRetry(SECOND_NS) in effects
    assert value.state is LinkState.DOWN


def test_a_flapping_link_does_not_start_the_schedule_anew() -> None:
    """C1: up for a moment, down again: the waits go on growing."""
    value, waits = Connection(), []
    value, _ = drive(ev.Start(), value=value)
    for _ in range(5):
        value, _ = drive(ev.Opened(), ev.Synchronised(), value=value)
        value, effects = drive(ev.Lost("reset"), value=value)
        waits += [e.delay_ns // SECOND_NS for e in effects if isinstance(e, ev.ScheduleRetry)]
        value, _ = drive(ev.RetryDue(), value=value)
    assert waits == [1, 2, 4, 8, 16]


def test_attempts_return_to_zero_on_ready() -> None:
    value, _ = drive(ev.Start(), ev.OpenFailed("refused"), ev.RetryDue())
    assert value.attempts == 2
    value, _ = drive(ev.Opened(), ev.Synchronised(), value=value)
    assert value.attempts == 0


def test_exhaustion_enters_safe_mode_only_where_the_bot_is_set_to_it() -> None:
    """C8: what follows the maximum is a setting; the reason and the attempts are told."""
    schedule = Schedule(base_ns=SECOND_NS, jitter=0.0, max_attempts=2)
    once, _ = drive(ev.Start(), ev.OpenFailed("refused"), ev.RetryDue(), schedule=schedule)
    safe, effects = drive(
        ev.OpenFailed("refused"), value=once, schedule=schedule, after=AfterExhaustion.SAFE_MODE
    )
    assert safe.state is LinkState.SAFE_MODE
    assert ev.RaiseSafeMode("refused", 2) in effects
    forever, effects = drive(ev.OpenFailed("refused"), value=once, schedule=schedule)
    assert forever.state is LinkState.DOWN
    assert any(isinstance(effect, ev.ScheduleRetry) for effect in effects)


def test_safe_mode_is_left_only_by_a_start_or_a_stop() -> None:
    left = {
        kind
        for (state, kind), target in TABLE.items()
        if state is LinkState.SAFE_MODE and target is not LinkState.SAFE_MODE
    }
    assert left == {ev.Start, ev.Stop}


def test_an_answer_after_silence_leads_to_reconciling_not_to_ready() -> None:
    value, _ = drive(ev.SilenceNoticed(), value=READY)
    assert value.state is LinkState.SUSPECT
    value, effects = drive(ev.LifeProved(), value=value)
    assert value.state is LinkState.SYNCING
    assert ev.Synchronise(data_lost=False) in effects


def test_the_five_documented_names_cover_every_state() -> None:
    names = {
        documented_name(Connection(state=state), was_connected=was)
        for state in LinkState
        for was in (True, False)
    }
    assert names <= {"DISCONNECTED", "CONNECTING", "CONNECTED", "RECONNECTING", "ERROR"}


@given(
    st.lists(st.sampled_from(list(SAMPLES.values())), max_size=60),
    st.floats(0.0, 1.0, exclude_max=True),
)
def test_any_history_keeps_the_machine_sound(history: list[ev.Event], draw: float) -> None:
    """A link is opened only when none is open or opening; a drop precedes the next open."""
    value, now = Connection(), 0
    live = False
    for event in history:
        now += SECOND_NS
        try:
            value, effects = step(value, event, now, FIXED, AfterExhaustion.RETRY_FOREVER, draw)
        except IllegalTransitionError:
            continue
        for effect in effects:
            if isinstance(effect, ev.DropLink):
                live = False
            if isinstance(effect, ev.OpenLink):
                assert not live
                live = True
        with_link = {
            LinkState.CONNECTING,
            LinkState.SYNCING,
            LinkState.READY,
            LinkState.SUSPECT,
            LinkState.ISOLATED,
        }
        assert live == (value.state in with_link)
