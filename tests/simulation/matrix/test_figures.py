"""Figures: what a judge reads off a run, and what it must not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.simulation.matrix.staging import SECOND, Story, contract

from ibelay.journal.records import Severity
from ibelay.machines.link_events import LinkState as L
from ibelay.model.ids import ClientId
from ibelay.model.order import Action, BrokerOrderStatus, OrderState
from ibelay.testing.matrix.figures.measured import Figures, measure, seconds
from ibelay.wire import requests as ask

S = SECOND


@pytest.fixture
def story() -> Story:
    return Story()


def figures(story: Story, ended_s: float = 300.0) -> Figures:
    return measure(story.evidence(ended_s))


def test_a_dead_line_is_timed_from_its_death_and_back_from_its_healing(story: Story) -> None:
    story.link(1, L.SYNCING, L.READY)
    story.broke(60, "freeze 30s")
    story.link(66, L.READY, L.SUSPECT)
    story.link(75, L.SUSPECT, L.DOWN)
    story.link(80, L.DOWN, L.CONNECTING)
    story.link(95, L.SYNCING, L.READY)
    link = figures(story).link
    assert (link.suspect_ns, link.dead_ns, link.ready_ns) == (6 * S, 15 * S, 5 * S)
    assert (link.outage_ns, link.attempts, link.torn_down) == (29 * S, 1, 1)


def test_what_was_never_ready_again_has_no_time(story: Story) -> None:
    story.link(1, L.SYNCING, L.READY)
    story.broke(60, "rst")
    story.link(60, L.READY, L.DOWN)
    link = figures(story).link
    assert link.ready_ns is None
    assert link.outage_ns == 240 * S
    assert seconds(link.ready_ns) == "never"


@pytest.mark.parametrize(
    ("commands", "healed_s"),
    [
        ((("60", "mute"), ("90", "clear")), 90),
        ((("60", "freeze"), ("80", "thaw")), 80),
        ((("60", "drop positionEnd count=always"), ("100", "clear")), 100),
        ((("60", "drop positionEnd"),), 60),
        ((("60", "half-open 45s"), ("70", "rst")), 105),
        ((("60", "refuse"),), 300),
        ((("60", "fill SPY"),), 60),
    ],
)
def test_a_trouble_lasts_until_it_ends_or_is_taken_back(
    story: Story, commands: tuple[tuple[str, str], ...], healed_s: int
) -> None:
    for at_s, command in commands:
        story.broke(float(at_s), command)
    assert max(one.end_ns for one in figures(story).troubles) == healed_s * S


def test_ready_counts_as_early_where_nothing_was_reconciled(story: Story) -> None:
    story.link(0, L.CONNECTING, L.SYNCING)
    story.reconciled(1)
    story.link(1, L.SYNCING, L.READY)
    story.link(60, L.READY, L.SYNCING)
    story.link(61, L.SYNCING, L.READY)
    assert figures(story).link.early == 1


def test_two_orders_under_one_reference_are_a_duplicate_unless_the_scenario_made_it(
    story: Story,
) -> None:
    story.order(1, 101, "bot-1")
    story.order(2, 101, "bot-1")
    story.order(3, 102, "bot-1")
    assert figures(story).book.duplicates == 1
    assert figures(story).book.working_twice == 1
    story.broke(3, "second-perm-id SPY")
    assert figures(story).book.duplicates == 0


def test_a_fill_nobody_told_is_lost_and_a_correction_replaces(story: Story) -> None:
    story.fill(1, "0001.01.01", 100, holds=100)
    story.fill(2, "0002.01.01", 50, holds=150, known=False)
    lost = figures(story).book
    assert (lost.lost_fills, lost.told_twice, lost.books_equal) == (1, 1, False)
    story.fill(3, "0002.01.02", -50, holds=50, known=True)
    book = figures(story).book
    assert (book.executions, book.lost_fills, book.told_twice) == (2, 0, 0)
    assert (book.position, book.books_equal) == ({"SPY": Decimal(50)}, True)


def test_naked_is_a_holding_beside_no_stop_of_its_size(story: Story) -> None:
    story.fill(10, "0001.01.01", 100, holds=100)
    story.order(10, 2, "stop", kind="STP", action=Action.SELL)
    story.order(20, 2, "stop", kind="STP", action=Action.SELL, status=BrokerOrderStatus.CANCELLED)
    story.order(27, 3, "stop-2", kind="STP", action=Action.SELL, quantity=60)
    story.order(29, 3, "stop-2", kind="STP", action=Action.SELL, quantity=100)
    book = figures(story).book
    assert (book.naked_ns, book.naked_end) == (9 * S, False)


def test_what_is_never_protected_again_is_naked_until_the_end(story: Story) -> None:
    story.fill(10, "0001.01.01", 100, holds=100)
    book = figures(story, ended_s=40).book
    assert (book.naked_ns, book.naked_end) == (30 * S, True)


def test_an_order_is_sent_into_a_dead_line_until_there_is_a_fresh_one(story: Story) -> None:
    story.asked(0, ask.StartApi(ClientId(1)))
    story.placed(59, 1, "bot-1")
    story.broke(60, "half-open 60s")
    story.placed(63, 2, "bot-2")
    story.asked(80, ask.StartApi(ClientId(1)))
    story.placed(90, 3, "bot-3")
    sent = figures(story).sent
    assert (sent.into_dead_link, sent.orders) == (1, 3)


def test_an_order_id_may_come_again_for_a_change_alone(story: Story) -> None:
    story.placed(1, 5, "bot-1")
    story.placed(2, 5, "bot-1")
    assert figures(story).sent.order_ids_reused == 0
    story.placed(3, 5, "bot-2")
    story.placed(4, 4, "bot-3")
    assert figures(story).sent.order_ids_reused == 2


def test_streams_count_by_symbol_and_connection(story: Story) -> None:
    def stream(at_s: float, number: int) -> None:
        story.asked(at_s, ask.RequestRealTimeBars(number, contract("SPY"), "TRADES", False))

    stream(1, 7)
    story.asked(2, ask.CancelRealTimeBars(7))
    stream(3, 8)
    story.asked(4, ask.StartApi(ClientId(1)))
    stream(5, 8)
    sent = figures(story).sent
    assert (sent.per_symbol, sent.request_ids_reused) == (1, 1)
    stream(6, 9)
    assert figures(story).sent.per_symbol == 2


def test_streams_are_back_with_the_first_bar_after_the_trouble(story: Story) -> None:
    story.broke(60, "rst")
    story.diary.bars["SPY"] = {45 * S: 50 * S, 55 * S: 61 * S}
    assert figures(story).heard.streams_ns is None
    story.diary.bars["SPY"][60 * S] = 65 * S
    assert figures(story).heard.streams_ns == 5 * S


def test_an_order_counts_as_isolated_from_the_word_until_the_word_back(story: Story) -> None:
    story.heard(60, "4", "2", "-1", "1100", "lost", "")
    story.placed(61, 1, "bot-1")
    story.heard(90, "4", "2", "-1", "1102", "restored", "")
    story.placed(91, 2, "bot-2")
    assert figures(story).sent.while_isolated == 1


def test_bars_are_missing_between_the_first_and_the_end(story: Story) -> None:
    story.diary.bars["SPY"] = {at_s * S: 0 for at_s in range(10, 100, 5) if at_s != 50}
    assert figures(story, ended_s=100).heard.bars_missing == 1
    assert figures(story, ended_s=130).heard.bars_missing == 4


def test_a_fate_is_unknown_until_it_is_concluded(story: Story) -> None:
    story.concluded(10, "bot-1", OrderState.UNKNOWN)
    story.concluded(40, "bot-1", OrderState.ABSENT)
    story.concluded(290, "bot-2", OrderState.UNKNOWN)
    heard = figures(story).heard
    assert (heard.unknown_ns, heard.unknown_end) == (30 * S, 1)


def test_an_alarm_counts_from_the_first_trouble(story: Story) -> None:
    story.noted(5, Severity.CRITICAL, "before")
    story.broke(60, "refuse")
    story.noted(90, Severity.WARNING, "still away")
    assert figures(story).heard.alarm_ns is None
    story.noted(120, Severity.CRITICAL, "away for a minute")
    assert figures(story).heard.alarm_ns == 60 * S


def test_codes_are_counted_as_they_are_told(story: Story) -> None:
    story.heard(1, "4", "2", "-1", "2104", "ok", "")
    story.heard(2, "4", "2", "7", "322", "Duplicate ticker id", "")
    assert figures(story).heard.codes == {2104: 1, 322: 1}
