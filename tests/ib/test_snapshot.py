"""Snapshots: whole, or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.ib.conftest import ACCOUNT, NOW_NS, SHORT_S, SPY, Peer, ScriptedGateway, Seen
from tests.ib.test_link import FILL, VIEW, status

from ibelay.errors import SyncIncompleteError
from ibelay.ib.link import IbLink
from ibelay.ib.requests import FIRST_REQUEST_ID
from ibelay.model.events import CommissionSeen, ExecutionSeen, OrderSeen, PositionSeen, StatusSeen
from ibelay.model.execution import CommissionReport
from ibelay.model.ids import ClientId, ExecId, OrderId, PermId
from ibelay.model.order import BrokerOrderStatus
from ibelay.wire import encode, requests

TOTALS = (Decimal(100), Decimal("101.25"))
REPORT = CommissionReport(exec_id=FILL.exec_id, commission=Decimal("1.05"))


def executions(peer: Peer, request: requests.ClientRequest) -> None:
    assert isinstance(request, requests.RequestExecutions)
    peer.send(
        encode.execution(request.request_id, FILL, TOTALS, 178),
        encode.commission(REPORT),
        encode.execution_end(request.request_id),
    )


async def test_an_empty_account_is_known_to_be_empty(
    gateway: ScriptedGateway, link: IbLink
) -> None:
    gateway.synchronise()
    taken = await link.snapshot(SHORT_S)
    assert (taken.positions, taken.open_orders, taken.completed_orders) == ((), (), ())
    assert (taken.executions, taken.commissions) == ((), ())
    assert (taken.account, taken.broker_time_ns, taken.next_order_id) == (ACCOUNT, NOW_NS, 7)
    assert 0 < taken.started_ns < taken.ended_ns


async def test_everything_the_broker_holds_is_in_it(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    """Also other clients' orders; only what cannot be told from news is told as news."""
    gateway.synchronise()
    manual = replace(VIEW, order_id=OrderId(0), client_id=ClientId(0), perm_id=PermId(9))
    done = replace(VIEW, perm_id=PermId(8), status="Filled", filled=Decimal(100))
    gateway.answers |= {
        requests.RequestAccountUpdates: lambda peer, _: peer.send(
            encode.account_value("NetLiquidation", "100000.00", "USD", ACCOUNT),
            encode.account_value("AccountReady", "true", "", ACCOUNT),
        ),
        requests.RequestPositions: lambda peer, _: peer.send(
            encode.position(ACCOUNT, SPY, Decimal(100), Decimal("101.26")), encode.position_end()
        ),
        requests.RequestAllOpenOrders: lambda peer, _: peer.send(
            encode.open_order(VIEW, 178),
            status("Submitted", 40),
            encode.open_order(manual, 178),
            encode.open_order_end(),
        ),
        requests.RequestCompletedOrders: lambda peer, _: peer.send(
            encode.completed_order(done, 178), encode.completed_orders_end()
        ),
        requests.RequestExecutions: executions,
    }
    taken = await link.snapshot(SHORT_S)
    (position,) = taken.positions
    assert (position.quantity, position.average_cost) == (Decimal(100), Decimal("101.26"))
    ours, theirs = taken.open_orders
    assert (ours.perm_id, ours.order_id, ours.client_id, ours.filled) == (12345, 7, 3, Decimal(40))
    assert (ours.order_ref, ours.status) == ("ps60:1:1.0", BrokerOrderStatus.SUBMITTED)
    assert (theirs.perm_id, theirs.order_id, theirs.client_id) == (9, 0, 0)
    assert [order.perm_id for order in taken.completed_orders] == [8]
    assert [order.filled for order in taken.completed_orders] == [Decimal(100)]
    assert [execution.exec_id for execution in taken.executions] == [FILL.exec_id]
    assert taken.commissions == (REPORT,)
    assert taken.account_values == {"NetLiquidation:USD": "100000.00", "AccountReady": "true"}
    assert seen.of(ExecutionSeen) + seen.of(PositionSeen) == []
    assert [event.report for event in seen.of(CommissionSeen)] == [REPORT]
    assert (len(seen.of(OrderSeen)), len(seen.of(StatusSeen))) == (2, 1)


async def test_the_days_orders_and_executions_are_left_out_if_not_wanted(
    gateway: ScriptedGateway, link: IbLink
) -> None:
    gateway.synchronise()
    asked: list[str] = []
    for kind in (requests.RequestCompletedOrders, requests.RequestExecutions):
        gateway.answers[kind] = lambda _peer, request: asked.append(type(request).__name__)
    gateway.answers[requests.RequestPositions] = lambda peer, _: peer.send(
        encode.position(ACCOUNT, SPY, Decimal(100), Decimal("101.26")), encode.position_end()
    )
    taken = await link.snapshot(SHORT_S, whole=False)
    assert (taken.whole, asked) == (False, [])
    assert [position.quantity for position in taken.positions] == [Decimal(100)]
    gateway.synchronise()
    assert (await link.snapshot(SHORT_S)).whole


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (requests.RequestPositions, "positions"),
        (requests.RequestAllOpenOrders, "open orders"),
        (requests.RequestCompletedOrders, "completed orders"),
        (requests.RequestExecutions, "executions"),
        (requests.RequestCurrentTime, "broker time"),
    ],
)
async def test_a_part_that_never_ends_is_named(
    kind: type, name: str, gateway: ScriptedGateway, link: IbLink
) -> None:
    """F16: silence is unknown, never empty."""
    gateway.synchronise()
    del gateway.answers[kind]
    with pytest.raises(SyncIncompleteError, match=f"finish sending its {name} within 0.05 s"):
        await link.snapshot(0.05)


async def test_refused_executions_fail_at_once(gateway: ScriptedGateway, link: IbLink) -> None:
    gateway.synchronise()
    gateway.answers[requests.RequestExecutions] = lambda peer, request: peer.send(
        encode.error(request.request_id, 2174, "time zone missing"),  # type: ignore[union-attr]
        encode.error(request.request_id, 321, "API is read-only"),  # type: ignore[union-attr]
    )
    with pytest.raises(SyncIncompleteError, match="321: API is read-only"):
        await link.snapshot(1000)


async def test_snapshots_take_turns(gateway: ScriptedGateway, link: IbLink) -> None:
    """Their ends carry no id, so two at once could not be told apart."""
    gateway.synchronise()
    del gateway.answers[requests.RequestPositions]
    async with asyncio.timeout(SHORT_S), asyncio.TaskGroup() as group:
        first = group.create_task(link.snapshot(SHORT_S))
        second = group.create_task(link.snapshot(SHORT_S))
        await gateway.peer.asked(requests.RequestPositions)
        await gateway.peer.asked(requests.RequestCurrentTime)
        assert gateway.peer.requests.empty()
        gateway.peer.send(encode.position_end())
        await gateway.peer.asked(requests.RequestPositions)
        gateway.peer.send(encode.position_end())
    assert first.result().ended_ns <= second.result().started_ns


async def test_a_late_end_of_an_earlier_snapshot_is_not_the_end_of_this_one(
    gateway: ScriptedGateway, link: IbLink
) -> None:
    """Its list may have begun before this one asked."""
    gateway.synchronise()
    answer = gateway.answers.pop(requests.RequestAllOpenOrders)
    with pytest.raises(SyncIncompleteError):
        await link.snapshot(0.05)
    async with asyncio.timeout(SHORT_S), asyncio.TaskGroup() as group:
        retry = group.create_task(link.snapshot(SHORT_S))
        while not isinstance(await gateway.peer.requests.get(), requests.RequestExecutions):
            pass
        while not isinstance(await gateway.peer.requests.get(), requests.RequestExecutions):
            pass
        gateway.peer.send(encode.open_order_end())
        stale = await link.probe()
        assert (stale, retry.done()) == (NOW_NS, False)
        gateway.peer.send(encode.open_order(VIEW, 178))
        answer(gateway.peer, requests.RequestAllOpenOrders())
    assert [order.perm_id for order in retry.result().open_orders] == [12345]


async def test_what_happens_meanwhile_is_told_and_counted(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    """The order listed as working fills before the snapshot is complete."""
    gateway.synchronise()
    gateway.answers |= {
        requests.RequestAllOpenOrders: lambda peer, _: peer.send(
            encode.open_order(VIEW, 178), encode.open_order_end()
        ),
        requests.RequestCurrentTime: lambda peer, _: peer.send(
            encode.execution(-1, FILL, TOTALS, 178),
            status("Filled", 100),
            encode.position(ACCOUNT, SPY, Decimal(100), Decimal("101.26")),
            encode.current_time(NOW_NS),
        ),
    }
    taken = await link.snapshot(SHORT_S)
    assert taken.open_orders == ()
    assert [execution.exec_id for execution in taken.executions] == [FILL.exec_id]
    assert [position.quantity for position in taken.positions] == [Decimal(100)]
    assert (len(seen.of(ExecutionSeen)), len(seen.of(StatusSeen))) == (1, 1)
    assert len(seen.of(PositionSeen)) == 1


async def test_a_position_that_was_closed_meanwhile_is_none(
    gateway: ScriptedGateway, link: IbLink
) -> None:
    gateway.synchronise()
    gateway.answers[requests.RequestPositions] = lambda peer, _: peer.send(
        encode.position(ACCOUNT, SPY, Decimal(100), Decimal("101.26")),
        encode.position(ACCOUNT, SPY, Decimal(0), Decimal(0)),
        encode.position_end(),
    )
    assert (await link.snapshot(SHORT_S)).positions == ()


async def test_the_account_is_asked_for_once_per_link(
    gateway: ScriptedGateway, link: IbLink
) -> None:
    """It is a subscription; a second one only replaces the first (2100)."""
    gateway.synchronise()
    await link.snapshot(SHORT_S)
    await link.snapshot(SHORT_S)
    kinds = []
    while not gateway.peer.requests.empty():
        kinds.append(type(gateway.peer.requests.get_nowait()))
    assert kinds.count(requests.RequestAccountUpdates) == 1
    assert kinds.count(requests.RequestPositions) == 2


async def test_executions_asked_for_earlier_are_nobodys(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    late = replace(FILL, exec_id=ExecId("0001.01"))
    gateway.peer.send(
        encode.execution(FIRST_REQUEST_ID, late, TOTALS, 178),
        encode.execution_end(FIRST_REQUEST_ID),
        status("Filled", 100),
    )
    await seen.wait(StatusSeen)
    assert seen.of(ExecutionSeen) == []
