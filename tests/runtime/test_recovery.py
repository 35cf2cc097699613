"""Books and broker are brought together only over a link that was whole all the time."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.runtime.staging import Diary, Stage, staged

from ibelay.ib.link import IbLink
from ibelay.journal.records import ReconciliationDone
from ibelay.machines.link_events import LinkState, SilenceNoticed, UpstreamLost, UpstreamRestored
from ibelay.model.faults import read
from ibelay.model.ids import OrderRef
from ibelay.model.snapshot import BrokerSnapshot
from ibelay.reconcile.absence import Absences, Missing

TEN = Decimal(10)


async def test_a_snapshot_that_ends_in_an_outage_is_not_reconciled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The gateway answers while IB's servers are away, from what it remembers."""
    async with staged(Diary()) as stage:
        await stage.until(lambda: stage.held == TEN and stage.ready, "holding")
        lose_upstream_in_the_next_snapshot(stage, monkeypatch)
        stage.bot.recovery.doubted("a test")
        await stage.until(lambda: state(stage) is LinkState.ISOLATED, "isolated")
        done = len(stage.records(ReconciliationDone))
        bars = stage.state.bars
        await stage.until(lambda: stage.state.bars > bars + 2, "bars still arrive")
        assert len(stage.records(ReconciliationDone)) == done

        lose_upstream_in_the_next_snapshot(stage, monkeypatch)
        stage.bot.session.feed(UpstreamRestored(data_lost=False))
        await stage.until(lambda: state(stage) is LinkState.ISOLATED, "isolated while it syncs")
        await stage.until(lambda: stage.state.bars > bars + 4, "bars still arrive")
        assert len(stage.records(ReconciliationDone)) == done
        assert not stage.bot.trader.reconciled

        stage.bot.session.feed(UpstreamRestored(data_lost=False))
        await stage.until(lambda: stage.ready and stage.bot.trader.reconciled, "READY")


async def test_streams_are_asked_for_although_the_first_synchronisation_ended_in_an_outage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """1102 says that no data were lost; but none were asked for yet."""
    take = IbLink.snapshot
    stages: list[Stage] = []

    async def cut(link: IbLink, timeout_s: float, *, whole: bool = True) -> BrokerSnapshot:
        monkeypatch.setattr(IbLink, "snapshot", take)
        seen = await take(link, timeout_s, whole=whole)
        stages[0].bot.session.feed(UpstreamLost(1100))
        return seen

    monkeypatch.setattr(IbLink, "snapshot", cut)
    async with staged(Diary(tries=0)) as stage:
        stages.append(stage)
        await stage.until(lambda: state(stage) is LinkState.ISOLATED, "isolated")
        stage.bot.session.feed(UpstreamRestored(data_lost=False))
        await stage.until(lambda: stage.ready and stage.state.bars > 2, "READY with bars")


async def test_books_are_as_good_as_reconciled_only_while_ready() -> None:
    """A silence hides what happened in it; protection waits for the synchronisation after."""
    async with staged(Diary(), monitor=False) as stage:
        await stage.until(lambda: stage.ready and stage.held == TEN, "READY")
        assert stage.bot.trader.reconciled
        stage.bot.session.feed(SilenceNoticed())
        assert not stage.bot.trader.reconciled


async def test_a_periodic_look_asks_for_the_days_orders_only_in_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What works and is held agrees until somebody closes the position by hand."""
    take = IbLink.snapshot
    taken: list[BrokerSnapshot] = []

    async def note(link: IbLink, timeout_s: float, *, whole: bool = True) -> BrokerSnapshot:
        taken.append(await take(link, timeout_s, whole=whole))
        return taken[-1]

    async with staged(Diary()) as stage:
        await stage.until(lambda: stage.ready and stage.held == TEN and bool(stage.stops), "held")
        monkeypatch.setattr(IbLink, "snapshot", note)
        await stage.until(lambda: len(taken) >= 3, "looked at three times")
        assert not any(one.whole for one in taken[1:3])

        for lost in ("execDetails", "commissionReport", "position"):
            stage.server.operator.do(read(f"drop {lost} count=1"))
        stage.server.operator.do(read("manual-trade SELL 10 SPY"))
        await stage.until(lambda: stage.held == 0, "closed in the books")
        assert any(one.whole for one in taken[3:])


@pytest.mark.parametrize("lost", [True, False], ids=["the link", "its upstream"])
async def test_an_outage_begins_the_count_of_absences_anew(lost: bool) -> None:
    """Three sightings with an outage between them are not three in a row."""
    async with staged(Diary(tries=0), reconnect=False) as stage:
        await stage.until(lambda: stage.ready, "READY")
        recovery = stage.bot.recovery
        missing = {OrderRef("diary:1:1.0"): Missing(since_ns=0, snapshots=2)}
        recovery.absences = Absences(missing=missing, told=frozenset({"a matter"}))
        if lost:
            stage.bot.session.reconnect("a test")
        else:
            stage.bot.session.feed(UpstreamLost(1100))
        assert recovery.absences == Absences(told=frozenset({"a matter"}))


def state(stage: Stage) -> LinkState:
    """Return the connection's state."""
    return stage.bot.session.value.state


def lose_upstream_in_the_next_snapshot(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let IB's servers go away just before the next snapshot's last part ends."""
    link = stage.bot.session.link
    assert link is not None
    take = type(link).snapshot

    async def cut(timeout_s: float, *, whole: bool = True) -> BrokerSnapshot:
        monkeypatch.delattr(link, "snapshot")
        seen = await take(link, timeout_s, whole=whole)
        stage.bot.session.feed(UpstreamLost(1100))
        return seen

    monkeypatch.setattr(link, "snapshot", cut, raising=False)
