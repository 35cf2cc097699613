"""The judgement: every check can be met and can be missed."""

from __future__ import annotations

import pytest
from tests.simulation.matrix.staging import SECOND, Story, contract

from ibelay.journal.records import Severity
from ibelay.machines.link_events import LinkState as L
from ibelay.model.order import OrderState
from ibelay.testing.matrix.checks import CHECKS, read_expected
from ibelay.testing.matrix.evidence import Evidence
from ibelay.testing.matrix.judgement import judge
from ibelay.wire import requests as ask

GOOD_AND_BAD = {
    "suspect_within": ("7s", "5s"),
    "dead_within": ("15s", "14s"),
    "ready_within": ("10s", "1s"),
    "outage_at_most": ("19s", "18s"),
    "attempts_at_most": (1, 0),
    "no_teardown": (False, True),
    "same_client_id": (True, False),
    "ready_too_early": (2, 0),
    "state": ("ready", "down"),
    "healthy": (False, True),
    "process_alive": (True, False),
    "orders_at_broker": (2, 1),
    "orders_at_most": (2, 1),
    "duplicates": (1, 0),
    "working": (2, 0),
    "working_twice": (1, 0),
    "executions": (1, 0),
    "lost_fills": (0, 1),
    "told_wrongly": (0, 1),
    "position": ({"SPY": 100}, {}),
    "books_equal": (True, False),
    "open_orders": (0, 1),
    "believes": ({"SPY": 100}, {"SPY": 99}),
    "commissions_sane": (True, False),
    "naked_at_most": ("5m", "5s"),
    "protected": (False, True),
    "orders_into_dead_link": (0, 1),
    "orders_while_isolated": (0, 1),
    "orders_sent_at_most": (1, 0),
    "cancels": (0, 1),
    "order_ids_reused": (0, 1),
    "request_ids_reused": (0, 1),
    "subscriptions_per_symbol": (1, 2),
    "streams_restored_within": ("10s", "9s"),
    "bars_missing": (0, 1),
    "never_told": ([103], [322]),
    "unknown_resolved_within": ("210s", "209s"),
    "unknown_left": (1, 0),
    "noted": ("line.*away", "nothing"),
    "loudest": ("critical", "warning"),
    "alarm_within": ("30s", "29s"),
}


@pytest.fixture
def evidence() -> Evidence:
    """A line that froze for 20 s, two orders under one reference, and a fill without a stop."""
    story = Story()
    story.link(1, L.SYNCING, L.READY)
    story.order(2, 1, "bot-1")
    story.order(2, 2, "bot-1")
    story.fill(3, "0001.01", 100, holds=100)
    story.broke(60, "freeze 20s")
    story.link(66, L.READY, L.SUSPECT)
    story.noted(66, Severity.WARNING, "the line is away")
    story.link(75, L.SUSPECT, L.DOWN)
    story.link(80, L.DOWN, L.CONNECTING)
    story.link(85, L.SYNCING, L.READY)
    bars = ask.RequestRealTimeBars(9, contract("SPY"), "TRADES", regular_hours=False)
    story.asked(85, bars)
    story.diary.bars["SPY"] = {at_s * SECOND: 90 * SECOND for at_s in range(85, 290, 5)}
    story.placed(86, 3, "bot-2")
    story.concluded(90, "bot-2", OrderState.UNKNOWN)
    story.noted(90, Severity.CRITICAL, "nobody knows")
    story.heard(90, "4", "2", "7", "322", "Duplicate ticker id", "")
    return story.evidence()


def test_every_check_of_the_table_is_tried() -> None:
    assert set(GOOD_AND_BAD) == set(CHECKS)


@pytest.mark.parametrize("name", GOOD_AND_BAD)
def test_a_check_tells_what_is_met_from_what_is_not(name: str, evidence: Evidence) -> None:
    for argument, met in zip(GOOD_AND_BAD[name], (True, False), strict=True):
        finding = judge(read_expected({name: argument}, "test"), evidence).findings[0]
        assert finding.met is met, str(finding)
