"""When a stream is asked for again, and when not."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.machines import stream_life
from ibelay.machines.backoff import SECOND_NS
from ibelay.machines.stream_life import (
    GRACE_NS,
    LONGEST_NS,
    QUIET_NS,
    SELDOM_NS,
    SETTLED_NS,
    Kind,
    Phase,
    StreamLife,
)


def flowing(kind: Kind = Kind.BARS, at_s: int = 100) -> StreamLife:
    """Return a stream that was asked for at 0 s and flows at *at_s*."""
    life = stream_life.asked(stream_life.begin(kind, 0), 0)
    for one_s in (at_s - 5, at_s):
        life = stream_life.heard(life, one_s * SECOND_NS)
    return life


def asks_s(life: StreamLife, until_s: int) -> list[int]:
    """Return when a stream of which nothing is heard any more is asked for."""
    times = []
    while life.due_ns <= until_s * SECOND_NS:
        now_ns = life.due_ns
        times.append(now_ns // SECOND_NS)
        life = stream_life.asked(stream_life.look(life, now_ns), now_ns)
    return times


def test_a_new_link_asks_at_once() -> None:
    assert asks_s(stream_life.begin(Kind.BARS, 0), 10) == [0]


def test_silence_of_half_a_minute_asks_again_and_then_less_and_less_often() -> None:
    """A closed market costs a request every five minutes."""
    assert asks_s(flowing(), 1400) == [130, 160, 220, 340, 580, 880, 1180]


def test_what_is_silent_too_long_is_called_quiet_and_says_for_how_long() -> None:
    life = flowing()
    assert stream_life.look(life, life.due_ns - 1).phase is Phase.FLOWING
    quiet = stream_life.look(life, life.due_ns)
    assert (quiet.phase, quiet.reason) == (Phase.QUIET, "silent for 30 s")


def test_a_flowing_stream_is_never_due() -> None:
    life = flowing(at_s=10)
    for at_s in range(15, 400, 5):
        assert life.due_ns > at_s * SECOND_NS
        life = stream_life.heard(life, at_s * SECOND_NS)


def test_a_refused_stream_is_asked_for_after_5_10_20_seconds_and_so_on() -> None:
    life, now_ns, waits = stream_life.begin(Kind.QUOTES, 0), 0, []
    for _ in range(9):
        life = stream_life.refused(stream_life.asked(life, now_ns), "420", now_ns, lasting=False)
        waits.append((life.due_ns - now_ns) // SECOND_NS)
        now_ns = life.due_ns
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_a_burst_of_refusals_of_one_request_counts_once() -> None:
    life = flowing()
    for _ in range(5):
        life = stream_life.refused(life, "10197", 101 * SECOND_NS, lasting=False)
    assert life.due_ns == 106 * SECOND_NS


def test_what_was_refused_for_good_is_tried_seldom_and_no_farm_makes_it_sooner() -> None:
    life = stream_life.refused(stream_life.begin(Kind.BARS, 0), "354", 0, lasting=True)
    assert life.due_ns == SELDOM_NS
    assert stream_life.farm_back(life, SECOND_NS) == life


def test_data_ends_a_refusal() -> None:
    """A competing session that ends lets the same request flow again (10197)."""
    life = stream_life.refused(flowing(), "10197", 101 * SECOND_NS, lasting=False)
    life = stream_life.heard(life, 104 * SECOND_NS)
    assert (life.phase, life.reason) == (Phase.FLOWING, "")
    assert life.due_ns == 104 * SECOND_NS + QUIET_NS[Kind.BARS]


def test_what_was_heard_before_it_was_asked_for_again_is_no_answer() -> None:
    life = stream_life.asked(flowing(), 130 * SECOND_NS)
    assert stream_life.heard(life, 129 * SECOND_NS) == life


def test_the_answer_alone_does_not_take_the_doubling_back() -> None:
    """IB answers a request for quotes of a closed market with the last prices."""
    life = stream_life.begin(Kind.BARS, 0)
    times, now_ns = [], 0
    while now_ns < 1500 * SECOND_NS:
        times.append(now_ns // SECOND_NS)
        life = stream_life.heard(stream_life.asked(life, now_ns), now_ns + SECOND_NS)
        now_ns = life.due_ns
    assert times == [0, 31, 92, 213, 454, 755, 1056, 1357]


def test_what_comes_slowly_by_nature_is_asked_for_less_and_less_often() -> None:
    """Bars of a contract that is traded once a minute and a half."""
    life, asked = flowing(at_s=90), []
    for now_s in range(91, 3600):
        if life.due_ns <= now_s * SECOND_NS:
            asked.append(now_s)
            life = stream_life.asked(stream_life.look(life, now_s * SECOND_NS), now_s * SECOND_NS)
        if now_s % 90 == 0:
            life = stream_life.heard(life, now_s * SECOND_NS)
    assert asked == [120, 150, 240]  # and then two minutes of silence are allowed


def test_two_that_come_quickly_take_the_doubling_back() -> None:
    life = flowing()
    for now_s in (130, 160, 220):
        life = stream_life.asked(life, now_s * SECOND_NS)
    for at_s in (225, 230):
        life = stream_life.heard(life, at_s * SECOND_NS)
    assert (life.tries, life.due_ns) == (0, 260 * SECOND_NS)


def test_silent_bars_put_silent_quotes_under_suspicion_and_no_others() -> None:
    quotes, now_ns = flowing(Kind.QUOTES), 130 * SECOND_NS
    assert stream_life.suspect(quotes, now_ns).due_ns == now_ns
    lively = stream_life.heard(quotes, 101 * SECOND_NS)
    assert stream_life.suspect(lively, now_ns) == lively
    refused = stream_life.refused(quotes, "354", now_ns, lasting=True)
    assert stream_life.suspect(refused, now_ns) == refused


def test_a_farm_that_is_back_gives_its_streams_a_moment_to_flow_by_themselves() -> None:
    life = stream_life.farm_back(flowing(), 103 * SECOND_NS)
    assert life.due_ns == 103 * SECOND_NS + GRACE_NS
    by_itself = stream_life.heard(life, 105 * SECOND_NS)
    assert by_itself.due_ns == 105 * SECOND_NS + QUIET_NS[Kind.BARS]


def test_a_flapping_farm_asks_no_more_often_than_silence_would() -> None:
    life, asked = flowing(), []
    for now_s in range(100, 400):
        if now_s % 10 == 0:
            life = stream_life.farm_back(life, now_s * SECOND_NS)
        if life.due_ns <= now_s * SECOND_NS:
            asked.append(now_s)
            life = stream_life.asked(life, now_s * SECOND_NS)
    assert asked[0] == 107
    assert min(b - a for a, b in itertools.pairwise(asked)) >= 30


@given(
    st.sampled_from(Kind),
    st.lists(
        st.tuples(st.sampled_from(["look", "heard", "refused", "farm"]), st.integers(0, 400)),
        max_size=60,
    ),
)
def test_whatever_happens_it_is_due_some_day_and_never_twice_in_a_row(
    kind: Kind, events: list[tuple[str, int]]
) -> None:
    """No event makes a stream stay dead, and after asking there is always a wait."""
    life, now_ns = stream_life.begin(kind, 0), 0
    for word, wait_s in events:
        now_ns += wait_s * SECOND_NS
        if now_ns >= life.due_ns:
            life = stream_life.asked(stream_life.look(life, now_ns), now_ns)
        match word:
            case "heard":
                life = stream_life.heard(life, now_ns)
            case "refused":
                life = stream_life.refused(life, "no", now_ns, lasting=wait_s % 2 == 0)
            case "farm":
                life = stream_life.farm_back(life, now_ns)
            case _:
                pass
        assert now_ns < life.due_ns <= now_ns + max(SELDOM_NS, LONGEST_NS)
    assert min(QUIET_NS.values()) > SETTLED_NS


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_silence(kind: Kind) -> None:
    assert QUIET_NS[kind] > GRACE_NS
