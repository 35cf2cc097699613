"""Faults of the gateway as a real client meets them: sockets, doors, servers, farms, pacing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from ib_async import IB, LimitOrder, MarketOrder
from tests.gateway.conftest import PATIENCE_S, SPY, Client, Connect, Raw, Start

from ibelay.errors import ConfigurationError
from ibelay.gateway.control.acts.table import acts_of
from ibelay.gateway.main import gateway
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.line.pacing import Pacing
from ibelay.model import faults

Reach = Callable[[PaperGateway], Awaitable[Raw]]
SECOND_NS = 10**9


def do(paper: PaperGateway, text: str) -> str:
    """Command the gateway; what it says goes out at once."""
    said = paper.operator.do(faults.read(text))
    paper.flush()
    return said


async def on(paper: PaperGateway, seconds: float) -> None:
    """Move market time on and wait until it is there."""
    async with asyncio.timeout(PATIENCE_S):
        await paper.reached(paper.step(int(seconds * SECOND_NS)))


async def gone(client: Client) -> None:
    """Wait until ib_async notices that its connection is gone."""
    if client.ib.isConnected():
        async with asyncio.timeout(PATIENCE_S):
            await client.ib.disconnectedEvent


async def started(paper: PaperGateway, raw: Reach, client_id: int = 5) -> Raw:
    """Return a client made of bytes that has started."""
    client = await raw(paper)
    await client.hello()
    client.send(71, 2, client_id, "")
    await client.until("4", "2", "-1", "2158")
    return client


async def refused(paper: PaperGateway) -> bool:
    """Return whether nobody listens."""
    try:
        _reader, writer = await asyncio.open_connection("127.0.0.1", paper.port)
    except ConnectionRefusedError:
        return True
    writer.close()
    await writer.wait_closed()
    return False


async def test_a_reset_ends_the_read_with_an_error_and_a_fin_ends_it_in_order(
    paper: PaperGateway, raw: Reach
) -> None:
    one, other = await started(paper, raw, 5), await started(paper, raw, 6)
    do(paper, "rst client=5")
    with pytest.raises(ConnectionResetError):
        await one.reader.read()
    do(paper, "fin")
    assert await other.reader.read() == b""


async def test_refusing_leaves_who_is_there_and_accepting_lets_others_come(
    paper: PaperGateway, connect: Connect
) -> None:
    stays = await connect(paper, 1)
    do(paper, "refuse")
    assert await refused(paper)
    await stays.ib.reqCurrentTimeAsync()
    do(paper, "accept")
    await connect(paper, 2)


async def test_a_frozen_gateway_says_nothing_and_thaws_where_it_stopped(
    paper: PaperGateway, connect: Connect
) -> None:
    frozen, free = await connect(paper, 1), await connect(paper, 2)
    do(paper, "freeze 30s client=1")
    asked = asyncio.ensure_future(frozen.ib.reqCurrentTimeAsync())  # noqa: TID251  # raced below
    await free.ib.reqCurrentTimeAsync()
    await free.ib.reqCurrentTimeAsync()
    assert not asked.done()
    await on(paper, 31)
    await asyncio.wait_for(asked, PATIENCE_S)


async def test_a_half_open_line_keeps_the_client_id_until_it_is_reaped(
    paper: PaperGateway, raw: Reach
) -> None:
    paper.pause()
    dead = await started(paper, raw)
    do(paper, "half-open 60s client=5")
    dead.send(49, 1)
    second = await raw(paper)
    await second.hello()
    second.send(71, 2, 5, "")
    assert (await second.ended())[-1][3] == "326"
    await on(paper, 61)
    await started(paper, raw)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(dead.reader.read(1), 0.05)


async def test_a_mute_gateway_speaks_to_those_who_are_in_and_later_to_all(
    paper: PaperGateway, connect: Connect, raw: Reach
) -> None:
    paper.pause()
    stays = await connect(paper, 1)
    do(paper, "mute 30s")
    late = await raw(paper)
    greeting = asyncio.ensure_future(late.hello())  # noqa: TID251  # raced below
    await stays.ib.reqCurrentTimeAsync()
    assert not greeting.done()
    await on(paper, 31)
    assert (await greeting)[0] == "178"


async def test_a_refused_client_id_is_free_again_after_its_span(
    paper: PaperGateway, raw: Reach
) -> None:
    paper.pause()
    do(paper, "client-id-in-use 5 10s")
    first = await raw(paper)
    await first.hello()
    first.send(71, 2, 5, "")
    assert (await first.ended())[-1][3] == "326"
    await on(paper, 11)
    await started(paper, raw)


async def test_a_changed_port_is_said_and_listened_on(
    paper: PaperGateway, raw: Reach, connect: Connect
) -> None:
    client = await started(paper, raw)
    before = paper.port
    do(paper, "port-changed 0")
    last = (await client.ended())[-1]
    assert (last[3], last[4].rpartition(" ")[2]) == ("1300", str(paper.port))
    assert paper.port != before
    await connect(paper, 1)


async def test_a_port_that_is_taken_changes_nothing(paper: PaperGateway, start: Start) -> None:
    other = await start()
    before = paper.port
    with pytest.raises(ConfigurationError, match=f"port {other.port} .* cannot be used"):
        do(paper, f"port-changed {other.port}")
    assert paper.port == before
    assert not await refused(paper)


async def test_a_restart_loses_what_was_not_transmitted_and_gives_ids_again(
    paper: PaperGateway, connect: Connect
) -> None:
    paper.pause()
    client = await connect(paper)
    lives = client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
    client.ib.placeOrder(SPY, LimitOrder("BUY", 2, 1.0, transmit=False))
    await client.until(lambda: lives.orderStatus.permId)
    await client.ib.reqCurrentTimeAsync()
    used = paper.floor.exchange.next_order_id(1)  # type: ignore[arg-type]
    said = do(paper, "restart 90s roll-back=1")
    assert said.endswith("1 connections reset, 1 untransmitted orders lost")
    await gone(client)
    assert await refused(paper)
    await on(paper, 91)
    again = await connect(paper)
    assert [one.order.totalQuantity for one in await again.ib.reqAllOpenOrdersAsync()] == [1]
    assert paper.floor.exchange.next_order_id(1) == used - 1  # type: ignore[arg-type]


async def test_a_reset_says_1100_again_and_again_and_keeps_reports_and_orders_for_later(
    paper: PaperGateway, connect: Connect
) -> None:
    paper.pause()
    client = await connect(paper)
    working = client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
    await client.until(lambda: working.orderStatus.permId)
    do(paper, "reset 30s every=10s")
    do(paper, "fill SPY")
    sent = client.ib.placeOrder(SPY, LimitOrder("BUY", 2, 1.0))
    await client.ib.reqCurrentTimeAsync()
    assert (working.isDone(), len(paper.floor.exchange.working_orders())) == (False, 0)
    with pytest.raises(ConfigurationError, match="a reset is under way already"):
        do(paper, "reset")
    await on(paper, 31)
    await client.until(lambda: working.isDone() and sent.orderStatus.permId)
    codes = [code for _id, code in client.codes if code in {1100, 1101, 1102}]
    assert codes == [1100, 1100, 1100, 1102]


async def test_data_lost_in_a_reset_stays_silent_until_asked_for_again(
    paper: PaperGateway, raw: Reach
) -> None:
    con = (756733, "SPY", "STK", "", "0.0", "", "", "SMART", "", "USD", "", "")
    client = await started(paper, raw)
    client.send(1, 11, 42, *con, 0, "", 0, 0, "")
    await client.until("1", "6", "42")
    do(paper, "reset 5s data-lost=yes")
    await on(paper, 6)
    await client.until("4", "2", "-1", "1101")
    client.send(2, 2, 42)
    client.send(1, 11, 43, *con, 0, "", 0, 0, "")
    await on(paper, 30)
    while (fields := await client.message())[:3] != ["1", "6", "43"]:
        assert fields[:3] != ["1", "6", "42"]


async def test_a_farm_breaks_and_comes_back(paper: PaperGateway, connect: Connect) -> None:
    paper.pause()
    client = await connect(paper)
    client.codes.clear()
    do(paper, "farm historical 5s")
    await on(paper, 6)
    await client.until(lambda: len(client.codes) == 2)
    assert client.codes == [(-1, 2105), (-1, 2106)]


async def test_streams_stop_without_a_word_until_asked_for_again(
    paper: PaperGateway, connect: Connect
) -> None:
    client = await connect(paper)
    paper.pause()
    bars = client.ib.reqRealTimeBars(SPY, 5, "TRADES", useRTH=False)
    await client.ib.reqCurrentTimeAsync()
    await on(paper, 10)
    await client.until(lambda: bars)
    codes, heard = list(client.codes), len(bars)
    do(paper, "stop-streams")
    await on(paper, 20)
    await client.ib.reqCurrentTimeAsync()
    assert (len(bars), client.codes) == (heard, codes)
    again = client.ib.reqRealTimeBars(SPY, 5, "TRADES", useRTH=False)
    await client.ib.reqCurrentTimeAsync()
    await on(paper, 10)
    await client.until(lambda: again)


async def test_the_next_request_for_data_is_refused_on_arrival(
    paper: PaperGateway, connect: Connect
) -> None:
    client = await connect(paper)
    do(paper, "reject-data 322 'Duplicate ticker id'")
    first = client.ib.reqRealTimeBars(SPY, 5, "TRADES", useRTH=False)
    second = client.ib.reqRealTimeBars(SPY, 5, "TRADES", useRTH=False)
    await client.until(lambda: (first.reqId, 322) in client.codes)
    await client.ib.reqCurrentTimeAsync()
    paper.pause()
    await on(paper, 10)
    await client.until(lambda: second)
    assert not first
    assert (second.reqId, 322) not in client.codes


async def test_a_competing_session_takes_the_data_in_bursts(
    paper: PaperGateway, connect: Connect
) -> None:
    paper.pause()
    client = await connect(paper)
    ticker = client.ib.reqMktData(SPY)
    await client.until(lambda: ticker.bid == ticker.bid)  # not NaN
    client.codes.clear()
    do(paper, "competing 60s burst=4")
    await client.until(lambda: len(client.codes) >= 4)
    assert {code for _id, code in client.codes} == {10197}
    before = ticker.time
    await on(paper, 50)
    await client.ib.reqCurrentTimeAsync()
    assert ticker.time == before
    await on(paper, 30)
    await client.until(lambda: ticker.time != before)


async def test_the_third_breach_ends_the_connection(paper: PaperGateway, raw: Reach) -> None:
    client = await started(paper, raw)
    for _breach in range(3):
        do(paper, "pacing client=5")
    assert [fields[3] for fields in await client.ended()] == ["100"] * 3


async def test_too_many_messages_are_rejected_where_the_gateway_rejects(
    start: Start, raw: Reach
) -> None:
    client = await started(await start(pacing=Pacing.REJECT), raw)
    for _ in range(60):
        client.send(49, 1)
    answers = [await client.message() for _ in range(60)]
    assert {fields[0] for fields in answers[:40]} == {"49"}
    assert [fields[3] for fields in answers if fields[0] == "4"] == ["100"] * 10


async def test_too_many_messages_are_served_one_after_the_other_where_it_paces(
    start: Start, raw: Reach
) -> None:
    client = await started(await start(pacing=Pacing.PACE), raw)
    began = asyncio.get_running_loop().time()
    for _ in range(120):
        client.send(49, 1)
    answers = [await client.message() for _ in range(120)]
    assert {fields[0] for fields in answers} == {"49"}
    assert asyncio.get_running_loop().time() - began > 1.9


@pytest.mark.parametrize(("size", "code"), [("5 secs", "162"), ("1 min", "17")])
async def test_small_bars_asked_for_twice_are_a_pacing_violation_and_larger_are_not(
    start: Start, raw: Reach, size: str, code: str
) -> None:
    con = (756733, "SPY", "STK", "", "0.0", "", "", "SMART", "", "USD", "", "")
    client = await started(await start(pacing=Pacing.PACE), raw)
    for number in (41, 42):
        client.send(20, number, *con, 0, "", size, "300 S", 0, "TRADES", 1, 0, "")
    await client.until("17", "41")
    answer = await client.message()
    assert code in {answer[0], answer[3]}


async def test_a_lost_acknowledgement_is_an_order_in_the_book_that_was_never_answered(
    paper: PaperGateway, connect: Connect
) -> None:
    client = await connect(paper)
    do(paper, "lose-ack")
    trade = client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
    await client.ib.reqCurrentTimeAsync()
    assert (trade.orderStatus.permId, len(paper.floor.exchange.working_orders())) == (0, 1)
    await client.ib.reqOpenOrdersAsync()
    assert trade.orderStatus.permId


async def test_the_next_order_is_refused_on_arrival(paper: PaperGateway, connect: Connect) -> None:
    client = await connect(paper)
    do(paper, "reject-next code=203")
    trade = client.ib.placeOrder(SPY, MarketOrder("BUY", 1))
    await client.until(trade.isDone)
    assert (trade.orderStatus.status, trade.log[-1].errorCode) == ("Cancelled", 203)


async def test_a_child_is_refused_and_not_its_parent(paper: PaperGateway, connect: Connect) -> None:
    client = await connect(paper)
    do(paper, "reject-next 10006 skip=1 text='Missing parent order.'")
    for order in client.ib.bracketOrder("BUY", 1, 1.0, 900.0, 0.5):
        client.ib.placeOrder(SPY, order)
    await client.until(lambda: 10006 in [code for _id, code in client.codes])
    await client.ib.reqCurrentTimeAsync()
    working = [order.request.order_type for order in paper.floor.exchange.working_orders()]
    assert working == ["LMT", "STP"]


async def test_clearing_ends_everything_at_once(paper: PaperGateway, connect: Connect) -> None:
    paper.pause()
    client = await connect(paper)
    for text in ("refuse 1h", "swallow-orders", "reset 1h", "no-accounts", "freeze"):
        do(paper, text)
    do(paper, "clear")
    trade = client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
    await client.until(lambda: trade.orderStatus.permId)
    assert (-1, 1102) in client.codes
    await connect(paper, 2)
    assert paper.floor.agenda.planned() == []


async def test_a_notice_says_what_it_is_told(paper: PaperGateway, connect: Connect) -> None:
    client = await connect(paper)
    do(paper, 'notice 2110 "Connectivity is broken" client=1')
    await client.until(lambda: (-1, 2110) in client.codes)


async def test_the_clock_is_commanded_in_the_same_words(paper: PaperGateway) -> None:
    do(paper, "pause")
    assert paper.clock.paused
    before = paper.market_ns()
    do(paper, "step 90s")
    assert paper.market_ns() == before + 90 * SECOND_NS
    do(paper, "speed 60")
    do(paper, "resume")
    assert (paper.clock.speed, paper.clock.paused) == (60, False)
    with pytest.raises(ConfigurationError, match="a step is market time"):
        do(paper, "step wall:1s")


async def test_faults_that_cannot_be_begin_with_are_told_on_entering(start: Start) -> None:
    with pytest.raises(ConfigurationError, match="no such order works"):
        await start(faults=(faults.read("fill SPY"),))


def test_every_word_that_is_the_gateways_has_an_act() -> None:
    paper = gateway(GatewayOptions(port=0))
    assert set(acts_of(paper)) == set(faults.words_of(faults.Performer.GATEWAY))


@pytest.mark.parametrize(
    ("command", "who"), [("unplug 5s", "a simulation"), ("latency 1s", "the chaos proxy")]
)
async def test_a_word_of_others_is_refused_with_who_does_it(
    start: Start, command: str, who: str
) -> None:
    paper = await start()
    with pytest.raises(ConfigurationError, match=f"the paper gateway cannot do .*: {who}"):
        do(paper, command)


@pytest.mark.parametrize("command", ["drop placeOrder", "reorder openOrder reqOpenOrders"])
async def test_what_clients_send_cannot_be_lost_by_who_receives_it(
    start: Start, command: str
) -> None:
    paper = await start()
    with pytest.raises(ConfigurationError, match="is said by clients: the chaos proxy can lose it"):
        do(paper, command)


async def test_a_gateway_that_is_down_hangs_up_and_listens_again_when_told(
    start: Start, connect: Connect
) -> None:
    paper = await start()
    client = await connect(paper)
    assert do(paper, "down") == "down: 1 connections closed"
    await client.ib.disconnectedEvent
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", paper.port)
    do(paper, "accept")
    await (await connect(paper)).ib.reqCurrentTimeAsync()


async def test_ib_async_survives_a_mute_start(start: Start) -> None:
    paper = await start(faults=(faults.Mute(),))
    with pytest.raises(TimeoutError):
        await IB().connectAsync("127.0.0.1", paper.port, 1, timeout=0.2)


async def test_clear_leaves_no_client_id_in_use_behind_a_line_that_is_half_open(
    start: Start, connect: Connect
) -> None:
    paper = await start()
    await connect(paper, 4)
    do(paper, "half-open wall:50ms client=4")
    do(paper, "clear")
    async with asyncio.timeout(PATIENCE_S):
        while not all(one.closed for one in paper.sessions()):  # noqa: ASYNC110  # no event
            await asyncio.sleep(0.01)
    await (await connect(paper, 4)).ib.reqCurrentTimeAsync()
