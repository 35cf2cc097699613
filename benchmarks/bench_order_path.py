"""P1: an order through the whole bot, beside bare ib_async and the floor, taking turns.

    python -m benchmarks.bench_order_path [--orders 300] [--rounds 7] [--gateway both]

Ours is a bar that makes the strategy decide: the turn, the intent durable in the SQLite
journal, the bytes, the gateway, and back until the runtime has taken the order's status and
let the strategy react. Theirs is ``placeOrder`` until ``orderStatusEvent``; nothing of it is
durable. The floor is a write with fsync and then the gateway's smallest answer (its time) on
a blocking socket. Each side is a process of its own; ib_async is measured twice, once as it
comes and once with our process's switch interval and collector settings.

Never more than 25 orders rest: they are cancelled, unmeasured, and the next 25 follow. All of
them stay in the ledgers of both sides, as they would over a day.

Between two orders ours waits until its journal is at rest, as it is between two decisions of
a strategy; "back to back" does not wait, so an intent may queue behind the last order's
bookkeeping.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import logging
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import ib_async
from benchmarks.side_by_side import (
    HOST,
    Side,
    answering_gateway,
    paper_gateway,
    questions,
    report,
    stopped,
)
from benchmarks.timed_bot import TimedBot, bracket, running, settings_of

from ibelay.model.events import BrokerEvent, StatusSeen
from ibelay.wire.framing import FrameDecoder, frame
from ibelay.wire.handshake import API_PREFIX

THEIR_SPY = ib_async.Stock("SPY", "SMART", "USD", conId=756733, primaryExchange="ARCA")
THEIR_ID, TUNED_ID, FLOOR_ID = 12, 13, 14
RESTING = 25
TARGET = "p50 1.50x, then 1.20x; p99 below 1.00x"
clock = time.perf_counter_ns


def ours(pipe: Connection, port: int, folder: str, profile: str) -> None:
    """Be the bot."""
    asyncio.run(_ours(pipe, port, Path(folder), profile))


async def _ours(pipe: Connection, port: int, folder: Path, profile: str) -> None:
    async with running(settings_of(folder, port)) as bot:
        while (asked := await questions(pipe)) is not None:
            kind, count, rest = asked
            decide = bracket if kind == "bracket" else bot.order
            with _profiled(profile):
                samples = await _our_orders(bot, decide, count, rest=rest)
            pipe.send(samples)


async def _our_orders(
    bot: TimedBot, decide: Callable[[Any], None], count: int, *, rest: bool
) -> list[float]:
    samples: list[float] = []
    while len(samples) < count:
        samples += [await _our_order(bot, decide, rest=rest) for _ in range(RESTING)]
        await bot.clear()
    return samples


async def _our_order(bot: TimedBot, decide: Callable[[Any], None], *, rest: bool) -> float:
    """Return the microseconds from the bar to the taken status of its last order."""
    taken: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    expected = 0

    def heard(event: BrokerEvent) -> None:
        if isinstance(event, StatusSeen) and event.order_id == expected and not taken.done():
            taken.set_result(clock())

    bot.heard = heard
    begun = clock()
    expected = bot.turn(decide)
    ended = await taken
    bot.heard = None
    if rest:
        await bot.at_rest()
    return (ended - begun) / 1e3


@contextmanager
def _profiled(path: str) -> Iterator[None]:
    """Write cProfile's figures to *path*, if there is one."""
    if not path:
        yield
        return
    profiler = cProfile.Profile()
    with profiler:
        yield
    profiler.dump_stats(path)


def theirs(pipe: Connection, port: int, client_id: int, tuned: bool) -> None:
    """Be bare ib_async, its throttle off."""
    logging.getLogger("ib_async").setLevel(logging.CRITICAL)
    if tuned:
        sys.setswitchinterval(0.0005)
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
    asyncio.run(_theirs(pipe, port, client_id))


async def _theirs(pipe: Connection, port: int, client_id: int) -> None:
    ib = ib_async.IB()
    ib.client.MaxRequests = 0
    await ib.connectAsync(HOST, port, clientId=client_id, timeout=30)
    while (asked := await questions(pipe)) is not None:
        kind, count, _rest = asked
        samples: list[float] = []
        while len(samples) < count:
            placed: list[ib_async.Trade] = []
            legs = 1 + (kind == "bracket")
            samples += [await _their_order(ib, placed, legs=legs) for _ in range(RESTING)]
            for trade in placed:
                if not trade.isDone():
                    ib.cancelOrder(trade.order)
            while not all(trade.isDone() for trade in placed):
                await ib.updateEvent
        pipe.send(samples)
    ib.disconnect()


async def _their_order(ib: ib_async.IB, placed: list[ib_async.Trade], *, legs: int) -> float:
    """Return the microseconds from the decision to the status event of its last order."""
    taken: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    expected = 0

    def on_status(trade: ib_async.Trade) -> None:
        order = trade.order
        if order.permId and order.orderId == expected and not taken.done():
            taken.set_result(clock())

    ib.orderStatusEvent += on_status
    begun = clock()
    entry = ib_async.LimitOrder("BUY", 1, 1.0, orderRef="bench", transmit=legs == 1)
    placed.append(ib.placeOrder(THEIR_SPY, entry))
    expected = entry.orderId
    if legs > 1:
        stop = ib_async.StopOrder("SELL", 1, 0.5, orderRef="bench", tif="GTC")
        stop.parentId = entry.orderId
        placed.append(ib.placeOrder(THEIR_SPY, stop))
        expected = stop.orderId
    ended = await taken
    ib.orderStatusEvent -= on_status
    return (ended - begun) / 1e3


def floor(pipe: Connection, port: int, folder: str) -> None:
    """Write, fsync, ask for the time, read the answer; nothing else."""
    request = frame(b"49\x001\x00")
    body = b"x" * 400
    with (
        socket.create_connection((HOST, port)) as peer,
        (Path(folder) / "floor.log").open("ab", buffering=0) as log,
    ):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        frames = FrameDecoder()

        def answered(kind: bytes) -> None:
            while True:
                frames.feed(peer.recv(65536))
                if any(payload.startswith(kind) for payload in frames.frames()):
                    return

        peer.sendall(API_PREFIX + frame(b"v176..178"))
        answered(b"178\x00")
        peer.sendall(frame(f"71\x002\x00{FLOOR_ID}\x00\x00".encode()))
        answered(b"9\x00")

        def once() -> float:
            begun = clock()
            log.write(body)
            os.fsync(log.fileno())
            peer.sendall(request)
            answered(b"49\x00")
            return (clock() - begun) / 1e3

        while (asked := pipe.recv()) is not None:
            pipe.send([once() for _ in range(asked[1])])


def measure(port: int, name: str, options: argparse.Namespace) -> None:
    """Print the figures against one gateway."""
    with tempfile.TemporaryDirectory() as folder:
        us = Side(ours, port, folder, options.profile)
        them = Side(theirs, port, THEIR_ID, False)
        tuned = Side(theirs, port, TUNED_ID, True)
        low = Side(floor, port, folder)
        with stopped(us, them, tuned, low):
            for kind in ("order", "bracket"):
                turns = {
                    "ours": (us, True),
                    "ours, back to back": (us, False),
                    "ib_async": (them, True),
                    "ib_async, collector as ours": (tuned, True),
                    "floor: fsync + gateway's echo": (low, True),
                }
                rounds: dict[str, list[list[float]]] = {side: [] for side in turns}
                for _ in range(options.rounds + 1):
                    for side, (process, rest) in turns.items():
                        rounds[side].append(process.ask(kind, options.orders, rest))
                legs = "one limit order" if kind == "order" else "entry and stop, two orders"
                print(f"P1 {legs}, {name}, {options.rounds} rounds of {options.orders}")
                warm = {side: found[1:] for side, found in rounds.items()}
                report(warm, "us", "ib_async", TARGET)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--gateway", choices=("answering", "paper", "both"), default="both")
    parser.add_argument("--profile", default="", help="write cProfile's figures of ours there")
    options = parser.parse_args()
    if options.gateway != "paper":
        with answering_gateway() as port:
            measure(port, "gateway that only answers", options)
    if options.gateway != "answering":
        with paper_gateway() as port:
            measure(port, "paper gateway", options)


if __name__ == "__main__":
    main()
