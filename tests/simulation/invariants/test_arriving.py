"""CANCELLED and STREAMS: what arrives in the end, and what never does."""

from __future__ import annotations

import pytest
from tests.simulation.invariants.scenes import ENTRY, SECOND_NS, Run, entering

from ibelay.journal.records import CancelIntended
from ibelay.machines.link_events import LinkState
from ibelay.testing.simulation.observed import Settled

TO_CANCEL = CancelIntended(at_ns=3, order_ref=ENTRY)


def heard(run: Run, at_s: float | None) -> Run:
    """Look at the books in quiet; the strategy had its latest bar of SPY at *at_s*."""
    bars = {} if at_s is None else {"SPY": int(at_s * SECOND_NS)}
    run.see(Settled(run.at_ns, LinkState.READY, True, run.live, run.disk, {}, False, bars))
    return run


def test_an_order_nobody_cancels_may_live_for_ever() -> None:
    assert entering().wait(600).broken == []


def test_a_cancel_that_never_arrives_breaks_cancelled_once_a_bound() -> None:
    run = entering().write(TO_CANCEL).cancels(1)
    assert run.wait(110).broken == []
    assert run.wait(120).broken == ["CANCELLED"]
    assert f"the cancel of {ENTRY} is on disk" in run.sentences[0]


def test_outages_do_not_count_as_time_to_cancel() -> None:
    run = entering().write(TO_CANCEL).cancels(1).wait(100).goes(LinkState.DOWN)
    run.wait(15).goes(LinkState.CONNECTING, LinkState.SYNCING, LinkState.READY)
    assert run.wait(100).broken == []


@pytest.mark.parametrize("bar_s", [None, 500])
def test_bars_that_come_and_markets_that_stand_still_break_nothing(bar_s: float | None) -> None:
    assert heard(Run().boot().wait(580), bar_s).broken == []


def test_a_stream_that_dries_up_breaks_streams_once() -> None:
    run = heard(Run().boot().wait(580), 400)
    assert run.broken == ["STREAMS"]
    assert "no bar of SPY for 180.0 s" in run.sentences[0]
    assert heard(run.wait(60), 400).broken == ["STREAMS"]


def test_a_stream_has_time_after_an_outage() -> None:
    run = Run().boot().wait(500).goes(LinkState.DOWN)
    run.goes(LinkState.CONNECTING, LinkState.SYNCING, LinkState.READY)
    assert heard(run.wait(80), 100).broken == []
    assert heard(run.wait(20), 100).broken == ["STREAMS"]
