"""ib_async's bookkeeping keeps what the broker has not ended."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, cast

import ib_async
import pytest
from ib_async.objects import BarData, CommissionReport, Execution
from ib_async.order import OrderStatus, Trade

from ibelay import IB
from ibelay.dropin.catch_up import UNRESOLVED


def held(ib: IB, status: str = "Submitted", *, modified: bool = False) -> Trade:
    """Return a trade the program holds, order 7 of client 5."""
    order = ib_async.LimitOrder("BUY", 10, 5.0, orderId=7, clientId=5, permId=99, orderRef="a")
    trade = Trade(ib_async.Stock("SPY", conId=1), order, OrderStatus(7, status), [], [])
    if modified:
        now = dt.datetime.now(dt.UTC)  # noqa: TID251  # any time will do
        trade.log.append(ib_async.TradeLogEntry(now, status, "Modify"))
    ib.wrapper.clientId = 5
    ib.wrapper.trades[5, 7] = trade
    ib.wrapper.permId2Trade[99] = trade
    return trade


@pytest.mark.parametrize("code", [104, 161, 399, 404, 2109, 10147, 10148, 10311, 10349, 99999])
async def test_a_code_that_proves_nothing_leaves_the_trade_as_it_is(code: int) -> None:
    ib = IB()
    trade = held(ib)
    told: list[int] = []
    ib.errorEvent += lambda _id, code, _text, _contract: told.append(code)
    ib.wrapper.error(7, code, "says the broker", "")
    assert trade.orderStatus.status == "Submitted"
    assert trade.log[-1].errorCode == code
    assert told == [code]
    assert ib.openTrades() == [trade]


@pytest.mark.parametrize("code", [110, 201, 202, 434])
async def test_a_code_that_proves_it_ends_the_trade_once(code: int) -> None:
    ib = IB()
    trade = held(ib, "PendingSubmit")
    cancelled: list[Trade] = []
    trade.cancelledEvent += cancelled.append
    ib.wrapper.error(7, code, "says the broker", "{}")
    ib.wrapper.error(7, code, "says the broker", "{}")
    assert trade.orderStatus.status == "Cancelled"
    assert cancelled == [trade]
    assert trade.advancedError == "{}"


@pytest.mark.parametrize("code", [110, 201])
async def test_the_rejection_of_a_change_leaves_the_order_alive(code: int) -> None:
    ib = IB()
    trade = held(ib, modified=True)
    ib.wrapper.error(7, code, "says the broker", "")
    assert trade.orderStatus.status == "Submitted"


async def test_a_warning_does_not_bring_a_filled_trade_back() -> None:
    """ib_async gives it the status ValidationError, which counts as active."""
    ib = IB()
    trade = held(ib, "Filled")
    ib.wrapper.error(7, 399, "held until the open", "")
    assert trade.isDone()


async def test_a_commission_is_told_again_only_if_it_changed() -> None:
    ib = IB()
    trade = held(ib)
    ib.wrapper.execDetails(-1, trade.contract, Execution(execId="e1", permId=99, clientId=5))
    told: list[float] = []
    ib.commissionReportEvent += lambda _trade, _fill, report: told.append(report.commission)
    for commission in (1.0, 1.0, 1.5):
        ib.wrapper.commissionReport(CommissionReport(execId="e1", commission=commission))
    assert told == [1.0, 1.5]


async def test_a_commission_is_not_told_again_by_another_connection_of_the_programs() -> None:
    """Its first connect failed after the gateway had told it; the new fill has it all the same."""
    ib = IB()
    told: list[float] = []
    ib.commissionReportEvent += lambda _trade, _fill, report: told.append(report.commission)
    for known in (True, True, False):
        ib.wrapper.reset()
        trade = held(ib)
        if not known:
            ib.wrapper.permId2Trade.clear()
        ib.wrapper.execDetails(-1, trade.contract, Execution(execId="e1", permId=99, clientId=5))
        ib.wrapper.commissionReport(CommissionReport(execId="e1", commission=1.0))
        report = ib.fills()[0].commissionReport
        assert (report.commission, report.realizedPNL) == (1.0, 0.0)
    assert told == [1.0]


async def test_a_commission_nobody_could_be_told_is_told_when_its_order_is_known() -> None:
    """The list of completed orders was lost with the first connection."""
    ib = IB()
    told: list[float] = []
    ib.commissionReportEvent += lambda _trade, _fill, report: told.append(report.commission)
    for known in (False, True):
        ib.wrapper.reset()
        trade = held(ib)
        if not known:
            ib.wrapper.permId2Trade.clear()
        ib.wrapper.execDetails(-1, trade.contract, Execution(execId="e1", permId=99, clientId=5))
        ib.wrapper.commissionReport(CommissionReport(execId="e1", commission=1.0))
        assert told == [1.0] * known


async def test_two_orders_with_one_reference_are_not_mistaken_for_one_another() -> None:
    """A program may give all its orders the same reference; a guess could bind the wrong one."""
    ib = IB()
    ib.wrapper.keeping = True
    first, second = held(ib, "PendingSubmit"), held(ib, "PendingSubmit")
    ib.wrapper.trades = {(5, 7): first, (5, 8): second}
    ib.wrapper.permId2Trade.clear()
    first.order.permId = second.order.permId = 0
    ib.wrapper.begin_catching_up()
    cast("Any", ib.wrapper).startReq("completedOrders")
    done = ib_async.LimitOrder("BUY", 10, 5.0, permId=1234, orderRef="a")
    ib.wrapper.completedOrder(first.contract, done, ib_async.OrderState(status="Filled"))
    ib.wrapper.finish_catching_up()
    assert [first.orderStatus.status, second.orderStatus.status] == ["PendingSubmit"] * 2


async def test_bars_kept_up_to_date_get_those_they_missed_each_with_its_event() -> None:
    """Asked for again under the same id: the half bar is completed, the missed ones appended."""
    ib = IB()
    bars = cast("Any", ib_async.BarDataList)()
    day = dt.date(2025, 6, 2)
    bars.append(BarData(date=day, close=1.0))
    ib.wrapper.reqId2Subscriber[3] = bars
    told: list[bool] = []
    bars.updateEvent += lambda _bars, new: told.append(new)
    ib.wrapper.prepare_streams()
    for text, close in (("20250530", 0.5), ("20250602", 2.0), ("20250603", 3.0)):
        ib.wrapper.historicalData(3, BarData(date=cast("Any", text), close=close))
    ib.wrapper.historicalDataEnd(3, "", "")
    assert [bar.close for bar in bars] == [2.0, 3.0]
    assert told == [False, True]


async def test_a_list_that_did_not_end_proves_nothing(tmp_path: Path) -> None:
    """Neither that an order never arrived nor that a position is flat."""
    ib = IB(journal=tmp_path)
    trade = held(ib)
    ib.wrapper.keeping = True
    ib.wrapper.position("DU1", trade.contract, 10.0, 5.0)
    ib.wrapper.begin_catching_up()
    ib.wrapper.finish_catching_up()
    assert trade.advancedError == ""
    assert ib.positions()


@pytest.mark.parametrize(("client_id", "hinted"), [(5, True), (6, False)])
async def test_only_orders_of_ours_can_be_missed(client_id: int, *, hinted: bool) -> None:
    """The gateway lists the working orders of other clients only when asked to."""
    ib = IB()
    trade = held(ib)
    trade.order.clientId = client_id
    ib.wrapper.keeping = True
    ib.wrapper.begin_catching_up()
    ib.wrapper.openOrderEnd()
    ib.wrapper.completedOrdersEnd()
    ib.wrapper.finish_catching_up()
    assert (trade.advancedError == UNRESOLVED) is hinted
    assert trade.orderStatus.status == "Submitted"


STATUS = ("Submitted", 0.0, 10.0, 0.0, 99, 0, 0.0, 5, "", 0.0)


@pytest.mark.parametrize("how", ["openOrder", "orderStatus"])
async def test_the_hint_goes_as_soon_as_the_gateway_shows_the_order(how: str) -> None:
    """Also when it was only late: on its way into a frozen gateway when the line broke."""
    ib = IB()
    trade = held(ib)
    trade.advancedError = UNRESOLVED
    if how == "openOrder":
        ib.wrapper.openOrder(7, trade.contract, trade.order, ib_async.OrderState())
    else:
        ib.wrapper.orderStatus(7, *STATUS)
    assert trade.advancedError == ""


async def test_a_status_that_was_cut_short_does_not_keep_the_other_news_back() -> None:
    """What fails when it arrives is one message; among the news it would end them, and streams."""
    ib = IB()
    trade = held(ib, "PreSubmitted")
    ib.wrapper.keeping = True
    ib.wrapper.begin_catching_up()
    with pytest.raises(TypeError):
        ib.wrapper.orderStatus(7, "PreSubmitted", 0.0, 10.0, 0.0)
    ib.wrapper.orderStatus(7, *STATUS)
    ib.wrapper.finish_catching_up()
    assert trade.orderStatus.status == "Submitted"


async def test_a_fill_is_told_even_if_the_synchronisation_that_brought_it_broke() -> None:
    """The next one brings it again, and by then the library knows it and has nothing to say."""
    ib = IB()
    trade = held(ib)
    told: list[str] = []
    trade.fillEvent += lambda _trade, fill: told.append(fill.execution.execId)
    ib.commissionReportEvent += lambda _trade, _fill, report: told.append(f"{report.commission}")
    ib.wrapper.keeping = True
    for attempt in (1, 2):
        ib.wrapper.begin_catching_up()
        cast("Any", ib.wrapper).startReq(attempt)
        execution = Execution(execId="e1", permId=99, clientId=5, orderId=7, shares=10.0)
        ib.wrapper.execDetails(attempt, trade.contract, execution)
        ib.wrapper.commissionReport(CommissionReport(execId="e1", commission=1.0))
        assert told == []
    ib.wrapper.finish_catching_up()
    assert told == ["e1", "1.0"]


async def test_a_commission_that_came_before_its_fill_is_told_once() -> None:
    """Messages overtake one another; at a broken synchronisation all of them come twice."""
    ib = IB()
    trade = held(ib)
    told: list[str] = []
    trade.fillEvent += lambda _trade, fill: told.append(fill.execution.execId)
    ib.commissionReportEvent += lambda _trade, _fill, report: told.append(f"{report.commission}")
    ib.wrapper.keeping = True
    for attempt in (1, 2):
        ib.wrapper.begin_catching_up()
        cast("Any", ib.wrapper).startReq(attempt)
        ib.wrapper.commissionReport(CommissionReport(execId="e1", commission=1.0))
        execution = Execution(execId="e1", permId=99, clientId=5, orderId=7, shares=10.0)
        ib.wrapper.execDetails(attempt, trade.contract, execution)
    ib.wrapper.finish_catching_up()
    assert sorted(told) == ["1.0", "e1"]


async def test_an_execution_that_corrects_another_takes_its_place() -> None:
    """IB sends it under the same id with a higher last part; ib_async counts both."""
    ib = IB()
    trade = held(ib)
    counted: list[float] = []
    trade.fillEvent += lambda trade, _fill: counted.append(trade.filled())
    told = [
        ("a.01.01", 6.0),
        ("a.01.02", 4.0),
        ("b.01.02", 3.0),
        ("a.01.01", 6.0),
        ("b.01.01", 9.0),
    ]
    for exec_id, shares in told:
        execution = Execution(execId=exec_id, permId=99, clientId=5, orderId=7, shares=shares)
        ib.wrapper.execDetails(-1, trade.contract, execution)
    assert counted[:3] == [6.0, 4.0, 7.0]
    assert trade.filled() == 7.0
