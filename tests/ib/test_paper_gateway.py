"""The link against the paper gateway, a process of its own: a day's real work."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.ib.conftest import ACCOUNT, SHORT_S, Seen

from ibelay.errors import BrokerRefusedError, ClientIdInUseError
from ibelay.ib.connector import IbConnector
from ibelay.ib.link import IbLink
from ibelay.model.contract import Contract
from ibelay.model.events import (
    BarSeen,
    CommissionSeen,
    ExecutionSeen,
    LinkClosed,
    NoticeSeen,
    OrderSeen,
    QuoteSeen,
    StatusSeen,
)
from ibelay.model.ids import ClientId, OrderId, OrderRef, UnitRef
from ibelay.model.order import Action, BrokerOrderStatus, Order, OrderType, Role
from ibelay.ports.broker import Address

pytestmark = pytest.mark.adversity

RUN = """
from ibelay.gateway.main import run
from ibelay.gateway.options import GatewayOptions
run(GatewayOptions(port=0, start="10:00", speed=20))
"""
ENTRY = Order(
    order_ref=OrderRef("it:1:1.0"),
    unit=UnitRef("it:1:1"),
    role=Role.ENTRY,
    action=Action.BUY,
    quantity=Decimal(10),
    order_type=OrderType.MARKET,
)
RESTING = replace(
    ENTRY,
    order_ref=OrderRef("it:1:2.0"),
    order_type=OrderType.LIMIT,
    limit_price=Decimal("1.00"),
)


@pytest.fixture(scope="module")
def paper_port() -> Iterator[int]:
    """The port of a paper gateway that trades a synthetic day."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline().rpartition(":")[2])
        process.terminate()


@pytest.fixture
async def paper(paper_port: int, connector: IbConnector, seen: Seen) -> AsyncIterator[IbLink]:
    """A link to it."""
    address = Address(host="127.0.0.1", port=paper_port, client_id=ClientId(5))
    link = await connector.open(address, seen, timeout_s=SHORT_S)
    yield link
    link.abort()
    await link.closed()


@pytest.fixture
async def spy(paper: IbLink) -> Contract:
    """SPY as the gateway knows it."""
    return await paper.resolve(Contract(symbol="SPY"))


async def filled(seen: Seen) -> None:
    """Return once some order has filled and its commission is known."""
    await seen.wait(CommissionSeen)
    async with asyncio.timeout(SHORT_S):
        while BrokerOrderStatus.FILLED not in {event.status for event in seen.of(StatusSeen)}:
            await seen.wait(StatusSeen, len(seen.of(StatusSeen)) + 1)


async def test_a_bracket_fills_and_is_all_in_the_snapshot(
    paper: IbLink, spy: Contract, seen: Seen
) -> None:
    before = await paper.snapshot(SHORT_S)
    first = paper.next_order_id
    stop = replace(
        ENTRY,
        order_ref=OrderRef("it:1:1.1"),
        role=Role.STOP,
        action=Action.SELL,
        order_type=OrderType.STOP,
        stop_price=Decimal("1.00"),
        oca_group="it:1:1",
    )
    target = replace(
        stop,
        order_ref=OrderRef("it:1:1.2"),
        role=Role.TARGET,
        order_type=OrderType.LIMIT,
        stop_price=None,
        limit_price=Decimal("9000.00"),
    )
    paper.place(first, spy, ENTRY, transmit=False)
    paper.place(OrderId(first + 1), spy, stop, parent_id=first, transmit=False)
    paper.place(OrderId(first + 2), spy, target, parent_id=first)
    await filled(seen)
    (execution,) = [event.execution for event in seen.of(ExecutionSeen)]
    assert (execution.order_id, execution.order_ref) == (first, "it:1:1.0")
    assert (execution.quantity, execution.account) == (Decimal(10), ACCOUNT)
    after = await paper.snapshot(SHORT_S)
    assert {order.order_ref for order in after.open_orders} == {"it:1:1.1", "it:1:1.2"}
    assert {order.parent_order_id for order in after.open_orders} == {first}
    prices = {order.order_ref: (order.stop_price, order.limit_price) for order in after.open_orders}
    assert prices["it:1:1.1"] == (Decimal(1), None)
    assert prices["it:1:1.2"] == (None, Decimal(9000))
    assert "it:1:1.0" in {order.order_ref for order in after.completed_orders}
    assert execution in after.executions
    assert execution.exec_id in {report.exec_id for report in after.commissions}
    assert _held(after.positions) - _held(before.positions) == 10
    assert after.account_values
    assert after.broker_time_ns >= before.broker_time_ns > 0
    assert abs(execution.at_ns - after.broker_time_ns) < 600 * 10**9
    for number in (first + 1, first + 2):
        paper.cancel(OrderId(number))
    await seen.wait(NoticeSeen)
    over = await paper.snapshot(SHORT_S)
    assert over.open_orders == ()
    again = await paper.snapshot(SHORT_S)  # the day is told anew, and read from memory
    assert len(again.completed_orders) == len(over.completed_orders) >= 3
    assert again.completed_orders == over.completed_orders
    assert again.executions == over.executions
    assert again.commissions == over.commissions


def _held(positions: object) -> Decimal:
    assert isinstance(positions, tuple)
    return sum((position.quantity for position in positions), Decimal(0))


async def test_a_resting_order_is_cancelled_with_a_202(
    paper: IbLink, spy: Contract, seen: Seen
) -> None:
    order_id = paper.next_order_id
    paper.place(order_id, spy, RESTING)
    await seen.wait(StatusSeen)
    assert seen.of(OrderSeen)[0].order.order_ref == "it:1:2.0"
    paper.cancel(order_id)
    async with asyncio.timeout(SHORT_S):
        while 202 not in {notice.code for notice in seen.of(NoticeSeen)}:
            await seen.wait(NoticeSeen, len(seen.of(NoticeSeen)) + 1)
    notice = next(event for event in seen.of(NoticeSeen) if event.code == 202)
    assert notice.request_id == order_id


async def test_quotes_and_bars_flow_and_history_joins_them(
    paper: IbLink, spy: Contract, seen: Seen
) -> None:
    paper.subscribe_quotes(spy)
    paper.subscribe_bars(spy)
    quote = (await seen.wait(QuoteSeen, 3))[-1]
    assert quote.con_id == spy.con_id
    assert quote.quote.bid is not None
    assert quote.quote.ask is not None
    assert quote.quote.bid < quote.quote.ask
    first, second = (await seen.wait(BarSeen, 2))[:2]
    assert second.bar.at_ns - first.bar.at_ns == 5 * 10**9
    bars = await paper.history(spy, duration="60 S", bar_size="5 secs")
    assert first.bar in bars


async def test_an_unknown_symbol_is_refused(paper: IbLink) -> None:
    with pytest.raises(BrokerRefusedError, match="code 200"):
        await paper.resolve(Contract(symbol="NOPE"))


async def test_our_own_id_is_free_again_after_an_abort(
    paper: IbLink, paper_port: int, connector: IbConnector
) -> None:
    """While the link lives the gateway says 326, at once; fifty reconnects after it never."""
    address = Address(host="127.0.0.1", port=paper_port, client_id=ClientId(5))
    with pytest.raises(ClientIdInUseError):
        await connector.open(address, Seen(), timeout_s=SHORT_S)
    paper.abort()
    await paper.closed()
    told = Seen()
    for _ in range(50):
        link = await connector.open(address, told, timeout_s=SHORT_S)
        await link.snapshot(SHORT_S)
        link.abort()
        await link.closed()
    assert len(told.of(LinkClosed)) == 50
