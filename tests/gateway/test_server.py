"""Connections: handshakes, ids in use, garbage, slow and silent clients, several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from ib_async import IB, LimitOrder, MarketOrder
from tests.gateway.conftest import PATIENCE_S, SPY, Connect, Raw, Start

from ibelay.errors import ConfigurationError
from ibelay.gateway.connection import Limits
from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.line.pacing import Pacing
from ibelay.model.faults import Mute, NoAccounts

Reach = Callable[[PaperGateway], Awaitable[Raw]]


@pytest.mark.parametrize(("versions", "agreed"), [("v157..178", "178"), ("v157..176", "176")])
async def test_the_handshake_answers_alone_and_then_starts(
    paper: PaperGateway, raw: Reach, versions: str, agreed: str
) -> None:
    client = await raw(paper)
    answer = await client.hello(versions)
    assert answer == [agreed, "20250602 10:00:00 US/Eastern"]
    client.send(71, 2, 5, "")
    assert await client.message() == ["15", "1", "DU1234567"]
    assert await client.message() == ["9", "1", "1"]
    codes = [(await client.message())[3] for _ in range(3)]
    assert codes == ["2104", "2106", "2158"]


@pytest.mark.parametrize("versions", ["v100..156", "v213..226", "nonsense"])
async def test_a_client_too_old_or_too_new_is_told_and_closed(
    paper: PaperGateway, raw: Reach, versions: str
) -> None:
    client = await raw(paper)
    answer = await client.hello(versions)
    assert answer[:4] == ["4", "2", "-1", "506"]
    assert await client.ended() == []


async def test_a_second_client_with_the_same_id_gets_326_and_the_first_goes_on(
    paper: PaperGateway, raw: Reach, connect: Connect
) -> None:
    first = await connect(paper, 7)
    second = await raw(paper)
    await second.hello()
    second.send(71, 2, 7, "")
    last = (await second.ended())[-1]
    assert last[2:4] == ["-1", "326"]
    await first.ib.reqCurrentTimeAsync()
    first.ib.disconnect()
    third = await raw(paper)
    await third.hello()
    third.send(71, 2, 7, "")
    assert (await third.message())[0] == "15"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"API\0\xff\xff\xff\xff",
        b"API\0\0\0\0\0",
    ],
)
async def test_garbage_is_closed_and_others_go_on(
    paper: PaperGateway, raw: Reach, connect: Connect, data: bytes
) -> None:
    good = await connect(paper)
    bad = await raw(paper)
    bad.writer.write(data)
    await bad.ended()
    trade = good.ib.placeOrder(SPY, MarketOrder("BUY", 1))
    await good.until(trade.isDone)


async def test_a_corrupt_frame_after_start_closes_with_508(paper: PaperGateway, raw: Reach) -> None:
    client = await raw(paper)
    await client.hello()
    client.send(71, 2, 5, "")
    client.writer.write(b"\xff\xff\xff\xff")
    assert (await client.ended())[-1][3] == "508"


async def test_unreadable_and_unknown_requests_are_answered_and_forgiven(
    paper: PaperGateway, raw: Reach
) -> None:
    client = await raw(paper)
    await client.hello()
    client.send(49, 1)
    assert (await client.message())[3] == "504"
    client.send(71, 2, 5, "")
    await client.until("4", "2", "-1", "2158")
    client.send(999)
    client.send(1, 11, 42, "not a number")
    client.send(3, 43)
    client.send(71, 2, 5, "")
    answers = [tuple((await client.message())[2:4]) for _ in range(4)]
    assert answers == [
        ("-1", "505"),
        ("42", "320"),
        ("43", "320"),
        ("-1", "501"),
    ]
    client.send(49, 1)
    assert (await client.message())[0] == "49"


async def test_a_handshake_that_dawdles_is_cut(start: Start, raw: Reach) -> None:
    floor = build_floor(GatewayOptions(symbols=("SPY",)))
    async with PaperGateway(floor, limits=Limits(start_deadline_s=0.05)) as paper:
        client = await raw(paper)
        client.writer.write(b"AP")
        assert await client.ended() == []


async def test_a_mute_gateway_accepts_and_says_nothing(start: Start, raw: Reach) -> None:
    paper = await start(faults=(Mute(),))
    ib = IB()
    with pytest.raises(TimeoutError):
        await ib.connectAsync("127.0.0.1", paper.port, 1, timeout=0.2)


async def test_a_gateway_without_accounts_never_gets_ready(start: Start, raw: Reach) -> None:
    paper = await start(faults=(NoAccounts(),))
    client = await raw(paper)
    await client.hello()
    client.send(71, 2, 5, "")
    assert await client.message() == ["15", "1", ""]


async def test_a_client_that_does_not_read_is_cut_and_its_orders_stay(
    raw: Reach, connect: Connect
) -> None:
    options = GatewayOptions(symbols=("SPY",), start="15:59:00", pacing=Pacing.OFF)
    async with PaperGateway(
        build_floor(options), limits=Limits(max_backlog_bytes=200_000)
    ) as paper:
        slow = await raw(paper)
        await slow.hello()
        slow.send(71, 2, 5, "")
        await slow.until("9")
        good = await connect(paper, 1)
        order = good.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
        await good.until(lambda: order.orderStatus.permId)
        con = (756733, "SPY", "STK", "", "0.0", "", "", "SMART", "", "USD", "", "")
        for number in range(200):  # about 140 kB each
            slow.send(20, number, *con, 0, "", "1 secs", "2000 S", 0, "TRADES", 1, 0, "")
        async with asyncio.timeout(PATIENCE_S):
            while len(paper.sessions()) > 1:  # until the one that does not read is cut
                await good.ib.reqCurrentTimeAsync()
        assert len(await good.ib.reqAllOpenOrdersAsync()) == 1


async def test_five_clients_trade_at_once(paper: PaperGateway, connect: Connect) -> None:
    clients = [await connect(paper, number) for number in range(1, 6)]
    trades = [c.ib.placeOrder(SPY, MarketOrder("BUY", 10)) for c in clients for _ in range(3)]
    for client in clients:
        await client.until(lambda: all(t.isDone() for t in trades))
        assert len(client.ib.fills()) == 3
    assert len({t.orderStatus.permId for t in trades}) == 15
    await clients[0].until(lambda: [p.position for p in clients[0].ib.positions()] == [150])


async def test_at_most_thirty_two_clients(paper: PaperGateway, raw: Reach) -> None:
    for number in range(32):
        client = await raw(paper)
        await client.hello()
        client.send(71, 2, number, "")
        await client.until("9")
    one_more = await raw(paper)
    await one_more.hello()
    one_more.send(71, 2, 99, "")
    assert (await one_more.ended())[-1][3] == "502"


async def test_a_port_in_use_is_one_clear_sentence(start: Start) -> None:
    paper = await start()
    with pytest.raises(ConfigurationError, match=f"port {paper.port} .* choose another port"):
        await start(port=paper.port)


async def test_the_day_ends_and_takes_day_orders_along(start: Start, connect: Connect) -> None:
    client = await connect(await start(speed=500, start="15:57:00"))
    day = client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
    stays = client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0, tif="GTC"))
    await client.until(day.isDone)
    assert (day.orderStatus.status, stays.isDone()) == ("Cancelled", False)


async def test_leaving_the_gateway_closes_its_clients(raw: Reach) -> None:
    async with PaperGateway(build_floor(GatewayOptions(symbols=("SPY",)))) as paper:
        client = await raw(paper)
        await client.hello()
    assert await client.ended() == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"host": "0.0.0.0"}, "loopback"),  # noqa: S104 -- refused
        ({"port": 70000}, "port 70000"),
        ({"market": "live"}, "synthetic or lean:PATH"),
        ({"market": "csv:"}, "csv:PATH"),
        ({"speed": 0}, "speed 0"),
        ({"start": "25:00"}, "HH:MM"),
        ({"date": "tomorrow"}, "YYYY-MM-DD"),
        ({"symbols": ()}, "no symbol"),
        ({"account": "U1234567"}, "not a paper account"),
        ({"cash": Decimal("NaN")}, "positive amount"),
    ],
)
def test_options_that_cannot_work_are_one_clear_sentence(
    options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        GatewayOptions(**options)  # type: ignore[arg-type]


def test_a_start_outside_the_day_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="04:00 to 20:00"):
        build_floor(GatewayOptions(symbols=("SPY",), start="03:00"))
