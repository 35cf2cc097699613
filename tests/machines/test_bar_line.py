"""Bars in order, each once, without a hole that was not looked into."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ibelay.machines import bar_line
from ibelay.machines.backoff import SECOND_NS
from ibelay.machines.bar_line import HOLD_NS, HOUR_NS, LAGS, BarLine, Fetched
from ibelay.model.market import Bar


def bar(begin_s: int) -> Bar:
    """Return the bar that begins at *begin_s*."""
    price = Decimal(begin_s)
    return Bar(
        at_ns=begin_s * SECOND_NS, open=price, high=price, low=price, close=price, volume=Decimal(1)
    )


def seconds(bars: Iterable[Bar]) -> list[int]:
    """Return the beginnings of *bars*."""
    return [one.at_ns // SECOND_NS for one in bars]


def history(*begins_s: int) -> Fetched:
    """Return an answer that reaches its last bar."""
    return Fetched([bar(one) for one in begins_s], max(begins_s, default=0) * SECOND_NS)


def after_100() -> BarLine:
    """Return a line whose last bar began at 100 s."""
    return bar_line.live(BarLine(), bar(100), 0)[0]


def holding(*begins_s: int) -> BarLine:
    """Return a line that goes on after 100 s with *begins_s*, the first of which shows a hole."""
    line = after_100()
    for begin_s in begins_s:
        line, handed = bar_line.live(line, bar(begin_s), 0)
        assert handed == ()
    return bar_line.asked(line)


def test_bars_that_follow_pass_through() -> None:
    line, handed = bar_line.live(after_100(), bar(105), 0)
    assert (seconds(handed), line.missing) == ([105], False)


def test_a_bar_that_was_handed_over_is_not_handed_over_again() -> None:
    assert bar_line.live(after_100(), bar(100), 0) == (after_100(), ())


def test_a_hole_holds_what_comes_after_it_until_it_is_filled() -> None:
    line, handed = bar_line.fetched(holding(115, 120), history(95, 100, 105, 110, 115), 0)
    assert seconds(handed) == [105, 110, 115, 120]
    assert (line.missing, line.held) == (False, ())


def test_holes_between_held_bars_are_filled_too() -> None:
    _line, handed = bar_line.fetched(holding(110, 120), history(105, 110, 115, 120), 0)
    assert seconds(handed) == [105, 110, 115, 120]


def test_a_hole_that_history_has_not_reached_is_asked_for_again() -> None:
    line, handed = bar_line.fetched(holding(120, 125), history(105), 7)
    assert seconds(handed) == [105]
    assert line.missing
    assert line.due_ns == 7 + 5 * SECOND_NS
    line, handed = bar_line.fetched(bar_line.asked(line), history(110, 115, 120), 8)
    assert seconds(handed) == [110, 115, 120, 125]


def test_history_that_always_lags_holds_nobody_up_for_ever() -> None:
    line = holding(120)
    for _ in range(LAGS):
        line, handed = bar_line.fetched(line, history(), 0)
        assert handed == ()
        line = bar_line.asked(line)
    _line, handed = bar_line.fetched(line, history(), 0)
    assert seconds(handed) == [120]


def test_a_fetch_that_failed_is_tried_again_and_waits_longer_each_time() -> None:
    line, now_ns, waits = holding(120), 0, []
    for _ in range(8):
        line = bar_line.failed(line, now_ns)
        waits.append((line.due_ns - now_ns) // SECOND_NS)
        line = bar_line.asked(line)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]


def test_live_bars_are_not_held_for_ever() -> None:
    line = holding(120, 125)
    assert bar_line.given_up_ns(line) == HOLD_NS
    line, handed = bar_line.let_go(line)
    assert seconds(handed) == [120, 125]
    assert bar_line.given_up_ns(line) is None
    late = bar_line.fetched(line, history(105, 110), 0)
    assert late == (line, ()), "what comes too late is not handed over out of order"


def test_a_new_link_fetches_at_once_what_is_missing_since_the_last_bar() -> None:
    line = bar_line.reopened(holding(120), 110 * SECOND_NS, 50)
    assert (line.missing, line.due_ns, line.held) == (True, 50, ())
    assert line.last_ns == 110 * SECOND_NS, "the strategy's memory may know more"
    line, handed = bar_line.fetched(bar_line.asked(line), history(105, 110, 115), 60)
    assert seconds(handed) == [115]
    assert not line.missing


def test_a_hole_right_after_a_reconnect_is_looked_into_however_long_ago_it_was_fetched() -> None:
    line = bar_line.reopened(after_100(), 0, 0)
    line, _handed = bar_line.fetched(bar_line.asked(line), history(105), 0)
    line, handed = bar_line.live(line, bar(115), 0)
    assert (handed, line.missing) == ((), True)


def test_nothing_is_missing_before_the_first_bar() -> None:
    line = bar_line.reopened(BarLine(), 0, 0)
    assert not line.missing
    assert seconds(bar_line.live(line, bar(500), 0)[1]) == [500]


def test_a_market_with_holes_of_its_own_is_believed_for_a_while() -> None:
    """A contract that nobody trades must not cost a request for history with every bar."""
    line, _handed = bar_line.fetched(holding(120), history(100, 120), 0)
    line, handed = bar_line.live(line, bar(140), 59 * SECOND_NS)
    assert seconds(handed) == [140]
    line, handed = bar_line.live(line, bar(160), 60 * SECOND_NS)
    assert handed == ()
    line, _handed = bar_line.fetched(bar_line.asked(line), history(160), 60 * SECOND_NS)
    assert line.trusted_until_ns == 180 * SECOND_NS, "and longer each time"


def test_a_hole_that_something_explains_is_looked_into_all_the_same() -> None:
    line, _handed = bar_line.fetched(holding(120), history(100, 120), 0)
    line, handed = bar_line.live(bar_line.doubt(line), bar(140), SECOND_NS)
    assert (handed, line.missing) == ((), True)


def test_a_hole_with_bars_in_it_ends_the_trust() -> None:
    line, _handed = bar_line.fetched(holding(120), history(100, 120), 0)
    line, _handed = bar_line.live(line, bar(140), 60 * SECOND_NS)
    line, handed = bar_line.fetched(bar_line.asked(line), history(125, 130, 135, 140), 61)
    assert seconds(handed) == [125, 130, 135, 140]
    assert line.own_holes == 0


def test_a_night_is_no_hole_unless_something_happened_in_it() -> None:
    morning = bar(100 + HOUR_NS // SECOND_NS + 5)
    assert seconds(bar_line.live(after_100(), morning, 0)[1]) == [morning.at_ns // SECOND_NS]
    assert bar_line.live(bar_line.doubt(after_100()), morning, 0)[1] == ()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["live", "fetched", "failed", "doubt", "reopened", "let_go"]),
            st.integers(0, 60),
            st.integers(0, 20),
        ),
        max_size=80,
    )
)
def test_whatever_happens_bars_are_handed_over_in_order_and_once(
    events: list[tuple[str, int, int]],
) -> None:
    line, told = BarLine(), list[int]()
    for now, (word, first, count) in enumerate(events):
        handed: tuple[Bar, ...] = ()
        match word:
            case "live":
                line, handed = bar_line.live(line, bar(5 * first), now)
            case "fetched":
                answer = history(*(5 * one for one in range(first, first + count)))
                line, handed = bar_line.fetched(bar_line.asked(line), answer, now)
            case "failed":
                line = bar_line.failed(line, now)
            case "doubt":
                line = bar_line.doubt(line)
            case "reopened":
                line = bar_line.reopened(line, 0, now)
            case _:
                line, handed = bar_line.let_go(line)
        told += seconds(handed)
        assert line.missing or not line.held
    assert told == sorted(set(told))
