"""A link in life: orders, requests, streams, notices, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from decimal import Decimal

import pytest
from tests.ib.conftest import ACCOUNT, NOW_NS, SHORT_S, SPY, ScriptedGateway, Seen

from ibelay.errors import BrokerRefusedError, ConfigurationError, LinkError
from ibelay.ib.link import IbLink
from ibelay.ib.requests import FIRST_REQUEST_ID
from ibelay.model.contract import Contract
from ibelay.model.events import (
    BarSeen,
    CommissionSeen,
    ExecutionSeen,
    LinkClosed,
    NoticeSeen,
    OrderSeen,
    PositionSeen,
    QuoteSeen,
    StatusSeen,
)
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, ExecId, OrderId, OrderRef, PermId, UnitRef
from ibelay.model.market import Bar
from ibelay.model.order import Action, BrokerOrderStatus, Order, OrderType, Role
from ibelay.ports.broker import BrokerLink
from ibelay.wire import encode, requests
from ibelay.wire.encode.reference import ContractFacts

ORDER = Order(
    order_ref=OrderRef("ps60:1:1.0"),
    unit=UnitRef("ps60:1:1"),
    role=Role.ENTRY,
    action=Action.BUY,
    quantity=Decimal(100),
    order_type=OrderType.LIMIT,
    limit_price=Decimal("101.30"),
)
FILL = Execution(
    exec_id=ExecId("0000e0d5.6576fd38.01.01"),
    contract=SPY,
    account=ACCOUNT,
    action=Action.BUY,
    quantity=Decimal(100),
    price=Decimal("101.25"),
    at_ns=NOW_NS,
    order_id=OrderId(7),
    perm_id=PermId(12345),
    client_id=ClientId(3),
    order_ref="ps60:1:1.0",
)
BAR = Bar(
    at_ns=NOW_NS,
    open=Decimal(101),
    high=Decimal(102),
    low=Decimal("100.5"),
    close=Decimal("101.5"),
    volume=Decimal(1000),
    wap=Decimal("101.2"),
    count=12,
)
VIEW = encode.OrderView(
    order_id=OrderId(7),
    client_id=ClientId(3),
    perm_id=PermId(12345),
    contract=SPY,
    action=Action.BUY,
    quantity=Decimal(100),
    order_type="LMT",
    limit_price=Decimal("101.30"),
    status="Submitted",
    account=ACCOUNT,
    order_ref="ps60:1:1.0",
)


def status(word: str, filled: int = 0) -> bytes:
    return encode.order_status(
        OrderId(7),
        word,
        filled=Decimal(filled),
        remaining=Decimal(100 - filled),
        average_price=Decimal("101.25") if filled else Decimal(0),
        last_price=Decimal(0),
        perm_id=PermId(12345),
        parent_id=OrderId(0),
        client_id=ClientId(3),
        why_held="",
    )


def test_a_link_is_the_port(link: IbLink) -> None:
    port: BrokerLink = link
    assert (port.send_buffer_size, port.last_heard_ns > 0) == (0, True)


async def test_an_order_arrives_as_meant(gateway: ScriptedGateway, link: IbLink) -> None:
    link.place(OrderId(7), SPY, ORDER, parent_id=OrderId(6), transmit=False, account=ACCOUNT)
    placed = await gateway.peer.asked(requests.PlaceOrder)
    assert (placed.order_id, placed.contract) == (7, SPY)
    assert (placed.action, placed.quantity, placed.order_type) == (
        Action.BUY,
        Decimal(100),
        "LMT",
    )
    assert (placed.limit_price, placed.aux_price) == (Decimal("101.30"), None)
    assert (placed.order_ref, placed.parent_id, placed.transmit) == ("ps60:1:1.0", 6, False)
    assert placed.account == ACCOUNT


async def test_a_cancel_arrives(gateway: ScriptedGateway, link: IbLink) -> None:
    link.cancel(OrderId(7))
    assert await gateway.peer.asked(requests.CancelOrder) == requests.CancelOrder(OrderId(7))


async def test_nothing_waits_in_a_throttle(gateway: ScriptedGateway, link: IbLink) -> None:
    """ib_async would hold back all but 45 messages of a second."""
    for number in range(200):
        link.cancel(OrderId(number))
    async with asyncio.timeout(0.5):
        for number in range(200):
            assert (await gateway.peer.asked(requests.CancelOrder)).order_id == number


async def test_events_come_raw_and_in_the_order_of_ib(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    """Of an order this client never placed, with repeats; ib_async drops such things."""
    await seen.wait(NoticeSeen)
    seen.clear()
    report = CommissionReport(exec_id=FILL.exec_id, commission=Decimal("1.05"))
    gateway.peer.send(
        status("PreSubmitted"),
        encode.open_order(VIEW, 178),
        status("Submitted"),
        status("Submitted"),
        encode.execution(-1, FILL, (Decimal(100), Decimal("101.25")), 178),
        status("Filled", 100),
        encode.commission(report),
        encode.commission(report),
        encode.position(ACCOUNT, SPY, Decimal(100), Decimal("101.26")),
        encode.error(7, 399, "held … until the open"),
    )
    await seen.wait(NoticeSeen)
    kinds = [StatusSeen, OrderSeen, StatusSeen, StatusSeen, ExecutionSeen, StatusSeen]
    kinds += [CommissionSeen, CommissionSeen, PositionSeen, NoticeSeen]
    assert [type(event) for event in seen] == kinds
    assert seen.of(StatusSeen)[-1] == StatusSeen(
        order_id=OrderId(7),
        perm_id=PermId(12345),
        client_id=ClientId(3),
        status=BrokerOrderStatus.FILLED,
        filled=Decimal(100),
        remaining=Decimal(0),
        average_fill_price=Decimal("101.25"),
    )
    assert seen.of(CommissionSeen)[0].report == report
    assert seen.of(ExecutionSeen)[0].execution.order_ref == "ps60:1:1.0"
    assert seen.of(OrderSeen)[0].order.limit_price == Decimal("101.30")
    assert seen.of(NoticeSeen)[0] == NoticeSeen(
        request_id=7, code=399, text="held … until the open"
    )


async def test_messages_cut_anywhere_are_whole(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    for byte in status("Submitted") + status("Filled", 100):
        gateway.peer.send(bytes([byte]))
        await asyncio.sleep(0)
    statuses = [event.status for event in await seen.wait(StatusSeen, 2)]
    assert statuses == [BrokerOrderStatus.SUBMITTED, BrokerOrderStatus.FILLED]


async def test_hearing_anything_is_proof_of_life(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    before = link.last_heard_ns
    gateway.peer.send(status("Submitted"))
    await seen.wait(StatusSeen)
    assert link.last_heard_ns > before


async def test_probes_are_answered_first_come_first_served(
    gateway: ScriptedGateway, link: IbLink
) -> None:
    """One that was given up keeps its place in the queue."""
    async with asyncio.timeout(SHORT_S):
        first, second, third = (link.probe() for _ in range(3))
        for _ in range(3):
            await gateway.peer.asked(requests.RequestCurrentTime)
        second.cancel()
        for number in range(3):
            gateway.peer.send(encode.current_time(NOW_NS + number * 10**9))
        await asyncio.wait([first, third])
    assert (first.result(), third.result()) == (NOW_NS, NOW_NS + 2 * 10**9)


@pytest.mark.parametrize("how", ["FIN", "abort"])
async def test_nobody_waits_on_a_dead_link(
    how: str, gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    pending: list[Awaitable[object]] = [link.probe(), link.snapshot(1000), link.resolve(SPY)]
    pending.append(link.history(SPY, duration="3600 S", bar_size="5 secs"))
    async with asyncio.timeout(SHORT_S), asyncio.TaskGroup() as group:
        tasks = [group.create_task(_failure(one)) for one in pending]
        await gateway.peer.asked(requests.RequestHistoricalData)
        link.abort() if how == "abort" else gateway.peer.transport.close()
    reason = "we aborted it" if how == "abort" else "the gateway closed the connection"
    assert [reason in str(task.result()) for task in tasks] == [True] * 4
    assert [event.reason for event in seen.of(LinkClosed)] == [reason]
    assert not any(event.unreadable for event in seen.of(LinkClosed))


async def _failure(pending: Awaitable[object]) -> LinkError:
    with pytest.raises(LinkError) as raised:
        await pending
    return raised.value


async def test_a_closed_link_sends_nothing_and_says_so(link: IbLink, seen: Seen) -> None:
    link.abort()
    for _ in range(2):
        with pytest.raises(LinkError, match="nothing was sent"):
            link.place(OrderId(7), SPY, ORDER)
        with pytest.raises(LinkError, match="nothing was sent"):
            link.cancel(OrderId(7))
        with pytest.raises(LinkError, match="nothing was sent"):
            await link.probe()
        await link.closed()
    link.abort()
    await link.closed()
    assert len(seen.of(LinkClosed)) == 1
    link.unsubscribe(FIRST_REQUEST_ID)


async def test_what_came_before_the_end_is_told_before_it(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    gateway.peer.send(status("Filled", 100))
    gateway.peer.transport.close()
    await seen.wait(LinkClosed)
    assert [type(event) for event in seen][-2:] == [StatusSeen, LinkClosed]


async def test_abort_does_not_wait_for_unsent_bytes(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    """The gateway reads nothing any more, as when it is frozen."""
    gateway.peer.transport.pause_reading()
    while not link.send_buffer_size:
        link.place(OrderId(7), SPY, ORDER)
    link.abort()
    async with asyncio.timeout(SHORT_S):
        await link.closed()
    assert len(seen.of(LinkClosed)) == 1


async def test_a_fin_with_unsent_bytes_ends_the_link(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    """A polite close would wait for ever."""
    gateway.peer.transport.pause_reading()
    while not link.send_buffer_size:
        link.place(OrderId(7), SPY, ORDER)
    gateway.peer.transport.write_eof()
    await seen.wait(LinkClosed)


async def test_an_order_message_that_cannot_be_read_ends_the_link(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    """Going on would make "absent" of an order that exists."""
    gateway.peer.send(encode.message(5, 7, "756733"))
    (closed,) = await seen.wait(LinkClosed)
    assert "message 5 cannot be read" in closed.reason
    assert closed.unreadable


async def test_a_tick_that_cannot_be_read_does_not_end_the_link(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    request_id = link.subscribe_quotes(SPY)
    await gateway.peer.asked(requests.RequestMarketData)
    gateway.peer.send(encode.message(1, 6, request_id, 1, "much", "300", 0))
    gateway.peer.send(status("Submitted"))
    await seen.wait(StatusSeen)
    assert seen.of(LinkClosed) == []


async def test_a_contract_is_resolved(gateway: ScriptedGateway, link: IbLink) -> None:
    gateway.answers[requests.RequestContractDetails] = _describe(SPY)
    assert await link.resolve(Contract(symbol="SPY")) == SPY
    asked = await gateway.peer.asked(requests.RequestContractDetails)
    assert asked.request_id >= FIRST_REQUEST_ID


def _describe(*contracts: Contract):  # type: ignore[no-untyped-def]  # noqa: ANN202 - an Answer
    def answer(peer, request) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        for contract in contracts:
            facts = ContractFacts(contract=contract, long_name="SPDR S&P 500")
            peer.send(encode.contract_details(request.request_id, facts, 178))
        peer.send(encode.contract_details_end(request.request_id))

    return answer


async def test_several_contracts_are_refused_by_name(
    gateway: ScriptedGateway, link: IbLink
) -> None:
    other = Contract(symbol="SPY", con_id=SPY.con_id + 1, currency="EUR")  # type: ignore[arg-type]
    gateway.answers[requests.RequestContractDetails] = _describe(SPY, other)
    with pytest.raises(BrokerRefusedError, match=r"2 contracts for STK SPY USD .*756733, 756734"):
        await link.resolve(Contract(symbol="SPY"))


async def test_no_contract_is_refused_by_name(gateway: ScriptedGateway, link: IbLink) -> None:
    _refuse(gateway, requests.RequestContractDetails, 200, "No security definition")
    with pytest.raises(BrokerRefusedError, match="No security definition"):
        await link.resolve(Contract(symbol="NOPE"))


def _refuse(gateway: ScriptedGateway, kind: type, *notices: object) -> None:
    pairs = list(zip(notices[::2], notices[1::2], strict=True))
    gateway.answers[kind] = lambda peer, request: peer.send(
        *(encode.error(request.request_id, code, text) for code, text in pairs)  # type: ignore[union-attr, arg-type]
    )


async def test_history_comes_in_our_bars(gateway: ScriptedGateway, link: IbLink) -> None:
    gateway.answers[requests.RequestHistoricalData] = lambda peer, request: peer.send(
        encode.historical_data(request.request_id, "", "", [(str(NOW_NS // 10**9), BAR)])  # type: ignore[union-attr]
    )
    assert await link.history(SPY, duration="3600 S", bar_size="5 secs") == [BAR]
    asked = await gateway.peer.asked(requests.RequestHistoricalData)
    assert (asked.duration, asked.bar_size) == ("3600 S", "5 secs")


async def test_a_bar_that_cannot_be_read_fails_its_request_only(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    gateway.answers[requests.RequestHistoricalData] = lambda peer, request: peer.send(
        encode.historical_data(request.request_id, "", "", [("some day", BAR)])  # type: ignore[union-attr]
    )
    with pytest.raises(BrokerRefusedError, match=r"message 17 cannot be read.*some day"):
        await link.history(SPY, duration="3600 S", bar_size="5 secs")
    assert seen.of(LinkClosed) == []


async def test_history_without_data_is_empty(gateway: ScriptedGateway, link: IbLink) -> None:
    _refuse(gateway, requests.RequestHistoricalData, 162, "HMDS query returned no data: SPY")
    assert await link.history(SPY, duration="60 S", bar_size="5 secs") == []


async def test_a_warning_does_not_end_a_request(gateway: ScriptedGateway, link: IbLink) -> None:
    warning = (2174, "time zone missing", 10167, "delayed", 162, "Pacing violation")
    _refuse(gateway, requests.RequestHistoricalData, *warning)
    with pytest.raises(BrokerRefusedError, match="Pacing violation"):
        await link.history(SPY, duration="60 S", bar_size="5 secs")


async def test_a_request_that_is_given_up_is_cancelled(
    gateway: ScriptedGateway, link: IbLink
) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(link.history(SPY, duration="60 S", bar_size="5 secs"), 0.05)
    asked = await gateway.peer.asked(requests.RequestHistoricalData)
    cancelled = await gateway.peer.asked(requests.CancelHistoricalData)
    assert cancelled.request_id == asked.request_id


async def test_a_quote_comes_once_per_read_with_its_con_id(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    request_id = link.subscribe_quotes(SPY)
    asked = await gateway.peer.asked(requests.RequestMarketData)
    assert (asked.request_id, asked.contract) == (request_id, SPY)
    gateway.peer.send(
        encode.tick_price(request_id, 1, Decimal("101.25"), Decimal(300)),
        encode.tick_size(request_id, 0, Decimal(300)),
        encode.tick_price(request_id, 2, Decimal("101.27"), Decimal(200)),
    )
    (event,) = await seen.wait(QuoteSeen)
    assert (event.con_id, event.quote.bid, event.quote.ask) == (
        SPY.con_id,
        Decimal("101.25"),
        Decimal("101.27"),
    )
    link.unsubscribe(request_id)
    link.unsubscribe(request_id)
    assert (await gateway.peer.asked(requests.CancelMarketData)).request_id == request_id


async def test_bars_stream_with_their_con_id(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    request_id = link.subscribe_bars(SPY)
    await gateway.peer.asked(requests.RequestRealTimeBars)
    gateway.peer.send(encode.real_time_bar(request_id, BAR))
    assert await seen.wait(BarSeen) == [BarSeen(con_id=SPY.con_id, bar=BAR)]
    link.unsubscribe(request_id)
    await gateway.peer.asked(requests.CancelRealTimeBars)
    gateway.peer.send(encode.real_time_bar(request_id, BAR), status("Submitted"))
    await seen.wait(StatusSeen)
    assert len(seen.of(BarSeen)) == 1


def test_only_a_resolved_contract_can_be_streamed(link: IbLink) -> None:
    with pytest.raises(ConfigurationError, match="STK SPY USD cannot be streamed before"):
        link.subscribe_quotes(Contract(symbol="SPY"))
    with pytest.raises(ConfigurationError, match="call resolve first"):
        link.subscribe_bars(Contract(symbol="SPY"))


async def test_a_failing_sink_ends_the_link_loudly(
    gateway: ScriptedGateway, link: IbLink, seen: Seen
) -> None:
    """ib_async's events would log the exception and go on without the fill."""
    loud: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: loud.append(str(context["exception"]))
    )

    def fail(_event: object) -> None:
        raise RuntimeError("the sink is full")

    link._sink = fail
    gateway.peer.send(status("Submitted"))
    link_sink_error = "the sink is full"
    await gateway.peer.gone.wait()
    assert loud[0] == link_sink_error
