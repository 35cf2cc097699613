"""The same proxy in virtual time: hours in no time, and the same twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from ibelay.control.scenario import parse
from ibelay.model import faults
from ibelay.proxy.chaos import ChaosProxy
from ibelay.testing.virtual import Network, VirtualLoop
from ibelay.wire.encode.message import message
from ibelay.wire.framing import frame

HELLO = b"API\0" + frame(b"v157..178")
REPLY = frame(b"178\0" + b"20250602 10:00:00 US/Eastern\0")
BAD_DAY = """
    [[step]]
    at = "+10m"
    do = ["latency 500ms jitter=300ms lasting=10m", "slicer 3 lasting=5m"]
    [[step]]
    at = "+1h"
    do = "reset 2m"
    [[step]]
    at = "+2h"
    do = "half-open 60s"
    [[step]]
    at = "+3h"
    do = "restart 90s"
    [[step]]
    at = "+4h"
    do = ["freeze 5m", "bandwidth 200 lasting=20m"]
    [[step]]
    at = "+5h"
    do = ["rst", "refuse 1m"]
"""
END_S = 6 * 3600
Trace = list[tuple[int, str, bytes, bool]]


class Gateway(asyncio.Protocol):
    """Answers the handshake, and every message with itself."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.asked = b""

    def data_received(self, data: bytes) -> None:
        before, self.asked = len(self.asked), self.asked + data
        if before < len(HELLO) <= len(self.asked):
            self.transport.write(REPLY)
        self.transport.write(self.asked[max(before, len(HELLO)) :])


class Bot(asyncio.Protocol):
    """Asks every ten seconds, and comes again when it is cut or hears nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.heard = asyncio.Event()
        self.gone = asyncio.get_running_loop().create_future()
        transport.write(HELLO)

    def data_received(self, data: bytes) -> None:
        self.heard.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.gone.done():
            self.gone.set_result(None)

    async def trade(self) -> None:
        """Ask until nothing is heard for a minute."""
        async with asyncio.timeout(60):
            await self.heard.wait()
        self.transport.write(message(71, 2, 7, ""))
        loop = asyncio.get_running_loop()
        while loop.time() < END_S and not self.transport.is_closing():
            self.heard.clear()
            self.transport.write(message(49, 1))
            async with asyncio.timeout(60):
                await self.heard.wait()
            await asyncio.sleep(10)


async def bad_day(trace: Trace) -> ChaosProxy:
    """Let a bot trade for six hours of a bad day."""
    loop = asyncio.get_running_loop()
    await loop.create_server(Gateway, "gateway", 4002)
    scenario = parse(BAD_DAY, "a bad day")
    chance = random.Random(5)  # noqa: S311  # a test's seed
    proxy = ChaosProxy(
        "gateway", 4002, host="proxy", port=4003, chance=chance, scenarios=[scenario]
    )
    proxy.on_message.append(lambda at, way, _id, payload, ok: trace.append((at, way, payload, ok)))
    async with proxy:
        while loop.time() < END_S:
            try:
                _transport, bot = await loop.create_connection(Bot, "proxy", 4003)
            except OSError:
                await asyncio.sleep(5)
                continue
            try:
                await bot.trade()
            except TimeoutError:
                pass
            finally:
                bot.transport.abort()
        proxy.do(faults.read("clear"))
    return proxy


def in_virtual_time(run: Callable[[Trace], object]) -> Trace:
    """Run in a loop of its own; return what observers heard."""
    trace: Trace = []
    loop = VirtualLoop(random.Random(3))  # noqa: S311  # the same
    Network(loop, random.Random(4))  # noqa: S311  # the same
    try:
        loop.run_until_complete(run(trace))  # type: ignore[arg-type]  # a coroutine
    finally:
        loop.close()
    return trace


def test_a_bad_day_passes_at_once_and_the_same_twice() -> None:
    first, second = in_virtual_time(bad_day), in_virtual_time(bad_day)
    assert first == second
    assert sum(payload.startswith(b"49\0") for _at, _way, payload, _ok in first) > 2000
    assert not all(passed for *_rest, passed in first)
    assert first[-1][0] > (END_S - 60) * 10**9
