"""P3: the gateway is back → READY, everything reconciled, beside bare ib_async's connect.

    python -m benchmarks.bench_reconnect [--rounds 20] [--units 250]

The gateway is a paper gateway; between it and each side stands a line proxy. For ours the line
is cut by a reset and new connections are refused until the bot has noticed; the clock runs from
the moment the proxy accepts again until the bot is READY: log-on, snapshot, reconciliation of
every order and fill with the journal. The back-off is set to zero, so that the figure is ours and
not the wait's (the bot keeps knocking while it is refused). Theirs is ``connectAsync`` through a
proxy of the same kind, to the same gateway and book. Each side is a process of its own.

The book is empty at first; then the bot trades UNITS times (entry and closing order fill, the
stop is cancelled: 3 orders and 2 fills a unit) and the same is measured again.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
import time
from contextlib import AsyncExitStack
from multiprocessing.connection import Connection
from pathlib import Path

import ib_async
from benchmarks.side_by_side import HOST, Side, paper_gateway, questions, report, stopped
from benchmarks.timed_bot import running, settings_of

from ibelay.machines.link_events import LinkState
from ibelay.proxy.line import Cut
from ibelay.proxy.line_proxy import LineProxy

THEIR_ID = 12
TARGET = "2.00x of ib_async's connect (nothing is streamed here)"


def ours(pipe: Connection, port: int, folder: str) -> None:
    """Be the bot."""
    asyncio.run(_ours(pipe, port, Path(folder)))


async def _ours(pipe: Connection, port: int, folder: Path) -> None:
    async with running(settings_of(folder, port, base_delay_s=0.0, jitter=0.0)) as bot:
        while (asked := await questions(pipe)) is not None:
            match asked:
                case ("trade", units):
                    await bot.trade(units)
                    pipe.send((len(bot.books.ledger.orders), len(bot.books.ledger.executions)))
                case _:
                    lost: list[LinkState] = []

                    def moved(state: LinkState, lost: list[LinkState] = lost) -> None:
                        if state is LinkState.READY:
                            pipe.send(time.monotonic_ns())  # noqa: TID251 - the driver's clock too
                        elif state is LinkState.DOWN and not lost:
                            lost.append(state)
                            pipe.send("down")

                    bot.moved = moved
                    pipe.send("watching")


def theirs(pipe: Connection, port: int) -> None:
    """Be bare ib_async."""
    logging.getLogger("ib_async").setLevel(logging.CRITICAL)
    asyncio.run(_theirs(pipe, port))


async def _theirs(pipe: Connection, port: int) -> None:
    while await questions(pipe) is not None:
        ib = ib_async.IB()
        begun = time.perf_counter_ns()
        await ib.connectAsync(HOST, port, clientId=THEIR_ID, timeout=30)
        took = time.perf_counter_ns() - begun
        counts = (len(ib.trades()), len(ib.fills()))
        ib.disconnect()
        await asyncio.sleep(0)
        pipe.send((took / 1e6, counts))


async def _our_return(side: Side, line: LineProxy) -> float:
    """Cut, wait until it is noticed, let the gateway be back; return the milliseconds to READY."""
    await asyncio.to_thread(side.ask, "watch")
    await line.refuse()
    await line.cut(Cut.RST)
    await asyncio.to_thread(side.hear)
    begun = time.monotonic_ns()  # noqa: TID251 - one clock for both processes
    await line.accept()
    return float(await asyncio.to_thread(side.hear) - begun) / 1e6


async def measure(port: int, rounds: int, units: int) -> None:
    """Print the figures for the empty book and the full one."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        our_line = await stack.enter_async_context(LineProxy(HOST, port))
        their_line = await stack.enter_async_context(LineProxy(HOST, port))
        us, them = Side(ours, our_line.port, folder), Side(theirs, their_line.port)
        stack.enter_context(stopped(us, them))
        await _book(us, our_line, them, rounds, "empty book")
        orders, fills = await asyncio.to_thread(us.ask, "trade", units)
        await _book(us, our_line, them, rounds, f"{orders} orders and {fills} fills that day")


async def _book(us: Side, line: LineProxy, them: Side, rounds: int, book: str) -> None:
    found: dict[str, list[float]] = {"ours: accepted again -> READY": [], "ib_async connect": []}
    counts = (0, 0)
    for _ in range(rounds + 1):
        found["ours: accepted again -> READY"].append(await _our_return(us, line))
        took, counts = await asyncio.to_thread(them.ask, "connect")
        found["ib_async connect"].append(took)
    print(f"P3 {book} (ib_async sees {counts[0]} orders, {counts[1]} fills), {rounds} times each")
    warm = {side: [taken[1:]] for side, taken in found.items()}
    report(warm, "ms", "ib_async connect", TARGET)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--units", type=int, default=250)
    options = parser.parse_args()
    with paper_gateway() as port:
        asyncio.run(measure(port, options.rounds, options.units))


if __name__ == "__main__":
    main()
