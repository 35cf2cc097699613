"""The chaos proxy between real sockets: the paper gateway behind it, ib_async before it."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path

import pytest
from ib_async import LimitOrder, MarketOrder
from tests.gateway.conftest import PATIENCE_S, SPY, Raw
from tests.proxy.conftest import Between, Join, Reach, do, started, until

from ibelay.control.scenario import parse
from ibelay.errors import ConfigurationError
from ibelay.gateway.server import PaperGateway
from ibelay.model.faults import Performer, words_of
from ibelay.model.ids import ClientId
from ibelay.proxy.acts.table import acts_of
from ibelay.proxy.chaos import ChaosProxy
from ibelay.proxy.conversation.twins import twin_of
from ibelay.proxy.main import chaos
from ibelay.proxy.options import ChaosOptions
from ibelay.wire.framing import frame

SCENARIOS = sorted((Path(__file__).parents[2] / "examples" / "scenarios").glob("*.toml"))
TEXTS = {path: path.read_text() for path in SCENARIOS}
HOST = "127.0.0.1"
HELLO = b"API\0\0\0\0\x09v157..178"


def test_every_word_that_is_the_proxys_has_an_act() -> None:
    proxy = ChaosProxy(HOST, 4002, chance=random.Random(1))  # noqa: S311  # a test's seed
    assert set(acts_of(proxy)) == set(words_of(Performer.PROXY))


async def test_calm_it_is_not_noticed(proxy: ChaosProxy, paper: PaperGateway, join: Join) -> None:
    client = await join(proxy, 7)
    trade = client.ib.placeOrder(SPY, MarketOrder("BUY", 1))
    await client.until(trade.isDone)
    ticker = client.ib.reqMktData(SPY)
    await client.until(ticker.hasBidAsk)
    assert [one.client_id for one in proxy.sessions()] == [7]
    client.ib.disconnect()
    await until(lambda: not paper.sessions() and not proxy.sessions())
    assert (await join(proxy, 7)).ib.positions()[0].position == 1


@pytest.mark.parametrize("command", ["fill SPY", "set-price SPY 5", "pause", "kill"])
async def test_what_a_proxy_cannot_do_is_refused_with_who_can(
    proxy: ChaosProxy, command: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"the chaos proxy cannot do '.*': .* can"):
        do(proxy, command)
    with pytest.raises(ConfigurationError, match="they go opposite ways"):
        do(proxy, "reorder openOrder reqOpenOrders")
    with pytest.raises(ConfigurationError, match="no such order has been told of"):
        do(proxy, "second-perm-id SPY")


@pytest.mark.parametrize("live", [False, True])
async def test_a_live_account_on_any_port_is_reset_unless_it_was_asked_for(
    live: bool, caplog: pytest.LogCaptureFixture
) -> None:
    named = frame(b"15\x001\x00U1234567\x00")

    async def gateway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(HELLO))
        writer.write(frame(b"178\x00now\x00") + named)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(gateway, HOST, 0) as server:
        upstream = (HOST, server.sockets[0].getsockname()[1])
        async with chaos(ChaosOptions(upstream=upstream, port=0, live=live), lambda: 0) as proxy:
            reader, writer = await asyncio.open_connection(HOST, proxy.port)
            writer.write(HELLO)
            if live:
                assert (await reader.readuntil(named)).endswith(named)
            else:
                with pytest.raises(ConnectionResetError):
                    await reader.read()
                assert "live account (U1…)" in caplog.text
            writer.close()


async def test_a_proxy_does_not_move_to_where_its_gateway_is(proxy: ChaosProxy) -> None:
    """It would be its own gateway as soon as the real one is gone."""
    with pytest.raises(ConfigurationError, match="the gateway is on port"):
        do(proxy, f"port-changed {proxy.upstream[1]}")
    assert proxy.port != proxy.upstream[1]


async def test_a_lost_ack_leaves_an_order_that_only_a_question_finds(
    proxy: ChaosProxy, paper: PaperGateway, join: Join
) -> None:
    client = await join(proxy)
    do(proxy, "lose-ack")
    trade = client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
    await client.ib.reqCurrentTimeAsync()
    assert len(paper.floor.exchange.working_orders()) == 1
    assert trade.orderStatus.permId == 0
    assert len(await client.ib.reqAllOpenOrdersAsync()) == 1


async def test_orders_are_swallowed_and_refused(
    proxy: ChaosProxy, paper: PaperGateway, join: Join
) -> None:
    client = await join(proxy)
    do(proxy, "swallow-orders 1", "reject-next 201")
    client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
    refused = client.ib.placeOrder(SPY, LimitOrder("BUY", 2, 1.0))
    await client.until(refused.isDone)
    assert (refused.order.orderId, 201) in client.codes
    assert not paper.floor.exchange.working_orders()


async def test_ibs_servers_go_and_come_back(
    proxy: ChaosProxy, paper: PaperGateway, join: Join
) -> None:
    client = await join(proxy)
    do(proxy, "reset 300ms every=100ms")
    with pytest.raises(ConfigurationError, match="a reset is under way already"):
        do(proxy, "reset")
    trade = client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
    await client.until(lambda: (-1, 1102) in client.codes)
    assert client.codes.count((-1, 1100)) >= 2
    await client.until(lambda: trade.orderStatus.permId)
    assert len(paper.floor.exchange.working_orders()) == 1


async def test_a_farm_a_competitor_and_any_notice_are_told(proxy: ChaosProxy, join: Join) -> None:
    client = await join(proxy)
    ticker = client.ib.reqMktData(SPY)
    await client.until(ticker.hasBidAsk)
    client.codes.clear()
    do(proxy, "farm market 10ms", 'notice 2110 "between TWS and server"', "competing 50ms")
    await client.until(lambda: {code for _id, code in client.codes} >= {2103, 2104, 2110, 10197})


async def test_an_order_appears_twice_and_stays_so(
    proxy: ChaosProxy, paper: PaperGateway, reach: Reach, join: Join
) -> None:
    client = await join(paper)
    trade = client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
    await client.until(lambda: trade.orderStatus.permId)
    first = trade.orderStatus.permId
    other = await started(await reach(proxy), 2)

    async def perm_ids() -> list[int]:
        other.send(16, 1)
        told = []
        while (fields := await other.message())[0] != "53":
            told += [int(fields[25])] if fields[0] == "5" else []
        return told

    assert await perm_ids() == [first]
    do(proxy, "second-perm-id SPY")
    assert (await other.until("5"))[25] == str(twin_of(first))
    assert await perm_ids() == [first, twin_of(first)]
    client.ib.cancelOrder(trade.order)
    await client.until(trade.isDone)
    assert await perm_ids() == []


async def test_ids_go_back_for_who_connects_again(proxy: ChaosProxy, reach: Reach) -> None:
    client = await started(await reach(proxy), 1)
    next_id = int((await client.until("9"))[2])
    do(proxy, f"id-rollback 1 {next_id + 5}")
    client.send(8, 1, 1)
    assert (await client.until("9"))[2] == "1"
    do(proxy, "restart 10ms roll-back=2")
    assert await client.ended() == []
    await until(lambda: len(proxy.agenda.planned()) == 0)
    again = await started(await reached(proxy, reach), 1)
    assert int((await again.until("9"))[2]) == max(1, next_id - 2)


async def reached(proxy: ChaosProxy, reach: Reach) -> Raw:
    """Return a client of bytes as soon as somebody listens again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await reach(proxy)
            except ConnectionRefusedError:
                await asyncio.sleep(0.001)


async def test_no_account_an_id_in_use_and_a_mute_start(proxy: ChaosProxy, reach: Reach) -> None:
    do(proxy, "no-accounts", "client-id-in-use 5")
    empty = await reach(proxy)
    await empty.hello()
    empty.send(71, 2, 4, "")
    assert await empty.until("15") == ["15", "1", ""]
    taken = await reach(proxy)
    await taken.hello()
    taken.send(71, 2, 5, "")
    assert (await taken.message())[:4] == ["4", "2", "-1", "326"]
    assert await taken.ended() == []
    do(proxy, "mute")
    silent = await reach(proxy)
    silent.writer.write(HELLO)
    await asyncio.sleep(0)
    do(proxy, "clear")
    assert await silent.message()


@pytest.mark.parametrize(("command", "exception"), [("rst", ConnectionError), ("fin", None)])
async def test_connections_are_reset_or_closed_on_both_sides(
    proxy: ChaosProxy,
    paper: PaperGateway,
    reach: Reach,
    command: str,
    exception: type[Exception] | None,
) -> None:
    client = await reach(proxy)
    await client.hello()
    do(proxy, command)
    if exception is None:
        assert await client.reader.read() == b""
    else:
        with pytest.raises(exception):
            await client.reader.read()
    client.writer.close()
    await until(lambda: not paper.sessions() and not proxy.sessions())


async def test_nobody_listens_until_told_and_then_on_the_same_port(
    proxy: ChaosProxy, join: Join, reach: Reach
) -> None:
    client = await join(proxy)
    do(proxy, "refuse")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, proxy.port)
    await client.ib.reqCurrentTimeAsync()
    port = proxy.port
    do(proxy, "down 10ms")
    await client.ib.disconnectedEvent
    await reached(proxy, reach)
    assert proxy.port == port


async def test_it_moves_to_another_port_and_says_which(
    proxy: ChaosProxy, join: Join, reach: Reach, unused_tcp_port: int
) -> None:
    client = await join(proxy)
    do(proxy, f"port-changed {unused_tcp_port}")
    await client.ib.disconnectedEvent
    assert (-1, 1300) in client.codes
    assert proxy.port == unused_tcp_port
    await reached(proxy, reach)
    with pytest.raises(ConfigurationError, match="name one"):
        do(proxy, "port-changed 0")


async def test_a_frozen_line_keeps_what_is_said_until_it_thaws(
    proxy: ChaosProxy, paper: PaperGateway, reach: Reach
) -> None:
    client = await started(await reach(proxy), 1)
    await client.until("9")
    do(proxy, "freeze")
    client.send(8, 1, 1)
    other = await reach(proxy)
    other.writer.write(HELLO)
    await until(lambda: len(proxy.sessions()) == 2 and proxy.sessions()[0].pending_bytes)
    assert len(paper.sessions()) == 1
    do(proxy, "thaw")
    await client.until("9")
    assert (await other.message())[0] == "178"


async def test_a_half_open_line_keeps_the_id_in_use_until_it_is_reaped(
    proxy: ChaosProxy, paper: PaperGateway, join: Join
) -> None:
    client = await join(proxy)
    do(proxy, "half-open 300ms", "clear")
    client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
    client.ib.disconnect()
    with pytest.raises((ConnectionError, TimeoutError)):
        await join(proxy, timeout=0.1)
    await until(lambda: 1 not in [one.client_id for one in paper.sessions()])
    assert not paper.floor.exchange.working_orders()
    await join(proxy)


async def test_a_timeout_carries_nothing_and_then_closes(proxy: ChaosProxy, reach: Reach) -> None:
    client = await reach(proxy)
    await client.hello()
    assert do(proxy, "timeout 20ms") == ["timeout 20ms: 1 connections carry nothing"]
    client.send(71, 2, 4, "")
    assert await client.reader.read() == b""


async def test_latency_is_felt_and_ends(proxy: ChaosProxy, join: Join) -> None:
    client = await join(proxy)
    do(proxy, "latency 60ms lasting=500ms client=1")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await client.ib.reqCurrentTimeAsync()
    assert loop.time() - began >= 0.12
    do(proxy, "slicer 3", "bandwidth 100000")
    await client.ib.reqPositionsAsync()
    assert len(proxy.views["/status"]()["faults"]) == 3
    do(proxy, "clear")
    assert proxy.views["/status"]()["faults"] == []
    await client.ib.reqCurrentTimeAsync()


async def test_a_limit_closes_in_the_middle_of_a_message(proxy: ChaosProxy, reach: Reach) -> None:
    client = await reach(proxy)
    do(proxy, "limit 10")
    client.writer.write(HELLO)
    assert len(await client.reader.read()) == 10


async def test_what_is_no_conversation_passes_both_ways(between: Between) -> None:
    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read()).upper())
        writer.close()

    async with await asyncio.start_server(shout, HOST, 0) as server:
        proxy = await between(port=server.sockets[0].getsockname()[1])
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"GET / and so on")
        writer.write_eof()
        assert await reader.read() == b"GET / AND SO ON"
        writer.close()


async def test_a_client_is_reset_where_no_gateway_is(
    between: Between, unused_tcp_port: int
) -> None:
    proxy = await between(port=unused_tcp_port)
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    with pytest.raises(ConnectionError):
        await reader.read()
    writer.close()


async def test_scenarios_hear_orders_and_fills_from_the_wire(between: Between, join: Join) -> None:
    scenario = parse(
        '[[step]]\non = "order SPY"\ndo = "notice 2100 ordered"\n'
        '[[step]]\non = "fill"\ndo = ["notice 2101 filled", "fill SPY"]\n'
        '[[step]]\non = "cancel BAC"\ndo = "rst"\n'
        '[[step]]\nat = "+10ms"\ndo = "notice 2102 begun"\n',
        "test",
    )
    proxy = await between(scenarios=[scenario])
    client = await join(proxy)
    trade = client.ib.placeOrder(SPY, MarketOrder("BUY", 1))
    await client.until(trade.isDone)
    await client.until(lambda: {(-1, 2100), (-1, 2101)} <= set(client.codes))
    await client.until(lambda: any(done.command == "notice 2102 begun" for done in proxy.log))
    assert {done.command for done in proxy.log} == {
        "notice 2100 ordered",
        "notice 2101 filled",
        "notice 2102 begun",
    }


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_a_time_of_day_needs_a_clock(path: Path, between: Between) -> None:
    text = TEXTS[path]
    if not re.search(r'at = "\d', text):
        await between(scenarios=[parse(text, path.name)])
        return
    with pytest.raises(ConfigurationError, match="at a time of day and this proxy has no clock"):
        await between(scenarios=[parse(text, path.name)])
    await between(scenarios=[parse(text, path.name)], wall_ns=lambda: 1_750_000_000 * 10**9)


async def test_a_port_that_is_taken_and_a_fault_that_cannot_be_are_told(
    proxy: ChaosProxy, between: Between
) -> None:
    with pytest.raises(ConfigurationError, match="choose another port"):
        async with ChaosProxy(HOST, 1, port=proxy.port, chance=proxy.chance):
            pass
    with pytest.raises(ConfigurationError, match="the chaos proxy cannot do"):
        await between("pause")


async def test_observers_hear_every_message(proxy: ChaosProxy, join: Join) -> None:
    heard: list[tuple[int, str, ClientId | None, bytes, bool]] = []
    proxy.on_message.append(lambda *told: heard.append(told))
    client = await join(proxy, 3)
    do(proxy, "drop currentTime")
    client.wire.reqCurrentTime()
    await client.ib.reqCurrentTimeAsync()
    times = [one[0] for one in heard]
    assert times == sorted(times)
    assert {one[2] for one in heard} == {3}
    answers = [passed for _at, _way, _id, payload, passed in heard if payload[:3] == b"49\0"]
    assert answers.count(False) == 1
    assert heard[0][1] == "to-gateway"
    assert heard[0][3].startswith(b"71\0")
