"""P1 and P3 without the journal: our link beside bare ib_async, same gateway, taking turns.

    bench_link.py [--orders 400] [--rounds 7] [--connects 30] [--book 500] [--port PORT]

P1: place until the first status of the order. P3: connect until everything the gateway
holds is known, with an empty book and with BOOK completed orders and executions. The
gateway is a process of its own: ``answering_gateway.py``, or, with ``--port``, whatever
listens there (the limit orders rest at 1.00 and are cancelled after each round).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import ib_async

from ibelay.ib.connector import IbConnector
from ibelay.ib.link import IbLink
from ibelay.model.contract import Contract
from ibelay.model.events import BrokerEvent, StatusSeen
from ibelay.model.ids import ClientId, ConId, OrderId, OrderRef, UnitRef
from ibelay.model.order import Action, Order, OrderType, Role
from ibelay.ports.broker import Address

HOST = "127.0.0.1"
SPY = Contract(symbol="SPY", con_id=ConId(756733), primary_exchange="ARCA")
THEIR_SPY = ib_async.Stock("SPY", "SMART", "USD", conId=756733, primaryExchange="ARCA")
OUR_ID, THEIR_ID = 11, 12
TIMEOUT_S = 30.0


class RealClock:
    """The machine's own clocks."""

    def monotonic_ns(self) -> int:
        """Return monotonic nanoseconds."""
        return time.monotonic_ns()  # noqa: TID251 - the shell owns the clock

    def wall_ns(self) -> int:
        """Return nanoseconds since the epoch."""
        return time.time_ns()  # noqa: TID251 - the same


class OurOrders:
    """Round trips through the link."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[None] | None = None
        self._expected = 0
        self._next_id = 0
        self._link: IbLink

    async def connect(self, port: int) -> None:
        """Open the link."""
        address = Address(host=HOST, port=port, client_id=ClientId(OUR_ID))
        self._link = await IbConnector(RealClock()).open(address, self._sink, timeout_s=TIMEOUT_S)
        self._next_id = self._link.next_order_id

    def _sink(self, event: BrokerEvent) -> None:
        waiting = self._waiting
        if (
            isinstance(event, StatusSeen)
            and waiting is not None
            and event.order_id == self._expected
            and not waiting.done()
        ):
            waiting.set_result(None)

    async def one(self) -> int:
        """Place an order; return the nanoseconds until its first status."""
        number, self._next_id = self._next_id, self._next_id + 1
        self._waiting = asyncio.get_running_loop().create_future()
        self._expected = number
        started = time.perf_counter_ns()
        order = Order(
            order_ref=OrderRef(f"bench:1:{number}.0"),
            unit=UnitRef(f"bench:1:{number}"),
            role=Role.ENTRY,
            action=Action.BUY,
            quantity=Decimal(1),
            order_type=OrderType.LIMIT,
            limit_price=Decimal("1.00"),
        )
        self._link.place(OrderId(number), SPY, order)
        await self._waiting
        return time.perf_counter_ns() - started

    async def tidy(self, count: int) -> None:
        """Cancel what was placed and let the gateway finish."""
        for number in range(self._next_id - count, self._next_id):
            self._link.cancel(OrderId(number))
        await self._link.probe()

    async def close(self) -> None:
        """Leave."""
        self._link.abort()
        await self._link.closed()


class TheirOrders:
    """Round trips through bare ib_async, its throttle off."""

    def __init__(self) -> None:
        self._ib = ib_async.IB()
        self._ib.client.MaxRequests = 0
        self._ib.orderStatusEvent += self._on_status
        self._waiting: asyncio.Future[None] | None = None
        self._trade: ib_async.Trade | None = None
        self._placed: list[ib_async.Trade] = []

    async def connect(self, port: int) -> None:
        """Connect and synchronise, as ib_async does."""
        await self._ib.connectAsync(HOST, port, clientId=THEIR_ID, timeout=TIMEOUT_S)

    def _on_status(self, trade: ib_async.Trade) -> None:
        if trade.order.permId and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def one(self) -> int:
        """Place an order; return the nanoseconds until its first status event."""
        self._waiting = asyncio.get_running_loop().create_future()
        started = time.perf_counter_ns()
        order = ib_async.LimitOrder("BUY", 1, 1.0, orderRef="bench")
        self._placed.append(self._ib.placeOrder(THEIR_SPY, order))
        await self._waiting
        return time.perf_counter_ns() - started

    async def tidy(self, count: int) -> None:
        """Cancel what was placed and let the gateway finish."""
        for trade in self._placed[-count:]:
            self._ib.cancelOrder(trade.order)
        await self._ib.reqCurrentTimeAsync()

    async def close(self) -> None:
        """Leave."""
        self._ib.disconnect()
        await asyncio.sleep(0)


async def order_round_trips(port: int, rounds: int, orders: int) -> None:
    """Print P1."""
    ours, theirs = OurOrders(), TheirOrders()
    figures: dict[str, list[list[float]]] = {"ours": [], "ib_async": []}
    await ours.connect(port)
    await theirs.connect(port)
    for _ in range(rounds + 1):
        for name, side in (("ours", ours), ("ib_async", theirs)):
            figures[name].append([await side.one() / 1e3 for _ in range(orders)])
            await side.tidy(orders)
    await ours.close()
    await theirs.close()
    print(f"P1 place -> status, {rounds} rounds of {orders}, microseconds (median of rounds)")
    _report({name: found[1:] for name, found in figures.items()}, "us")


async def connects(port: int, count: int, book: int) -> None:
    """Print P3."""
    figures: dict[str, list[list[float]]] = {"ours": [[]], "ib_async": [[]]}
    for _ in range(count + 1):
        figures["ours"][0].append(await _our_connect(port))
        figures["ib_async"][0].append(await _their_connect(port))
    print(f"P3 connect -> everything known, {count} each, book of {book}, milliseconds")
    _report({name: [found[0][1:]] for name, found in figures.items()}, "ms")


async def _our_connect(port: int) -> float:
    address = Address(host=HOST, port=port, client_id=ClientId(OUR_ID))
    started = time.perf_counter_ns()
    link = await IbConnector(RealClock()).open(address, lambda _: None, timeout_s=TIMEOUT_S)
    await link.snapshot(TIMEOUT_S)
    taken = time.perf_counter_ns() - started
    link.abort()
    await link.closed()
    return taken / 1e6


async def _their_connect(port: int) -> float:
    started = time.perf_counter_ns()
    ib = ib_async.IB()
    await ib.connectAsync(HOST, port, clientId=THEIR_ID, timeout=TIMEOUT_S)
    taken = time.perf_counter_ns() - started
    ib.disconnect()
    await asyncio.sleep(0)
    return taken / 1e6


def _report(figures: dict[str, list[list[float]]], unit: str) -> None:
    """Print p50 and p99, each the median over rounds, and the ratio of ours to theirs."""
    at = {
        name: [
            statistics.median(
                statistics.quantiles(found, n=100, method="inclusive")[cut] for found in rounds
            )
            for cut in (49, 98)
        ]
        for name, rounds in figures.items()
    }
    for name, (p50, p99) in at.items():
        print(f"  {name:9} p50 {p50:9.2f} {unit}   p99 {p99:9.2f} {unit}")
    ratios = [ours / theirs for ours, theirs in zip(at["ours"], at["ib_async"], strict=True)]
    print(f"  ratio     p50 {ratios[0]:9.2f}      p99 {ratios[1]:9.2f}")


@contextmanager
def gateway(book: int, port: int) -> Iterator[int]:
    """Give the port of a gateway in a process of its own."""
    if port:
        yield port
        return
    script = Path(__file__).with_name("answering_gateway.py")
    command = [sys.executable, str(script), str(book)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        yield int(process.stdout.readline())
        process.communicate()


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, default in (("orders", 400), ("rounds", 7), ("connects", 30), ("book", 500)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--port", type=int, default=0, help="a gateway that runs already")
    options = parser.parse_args()
    logging.getLogger("ib_async").setLevel(logging.CRITICAL)
    with gateway(0, options.port) as port:
        asyncio.run(order_round_trips(port, options.rounds, options.orders))
        asyncio.run(connects(port, options.connects, 0))
    if not options.port:
        with gateway(options.book, 0) as port:
            asyncio.run(connects(port, options.connects, options.book))


if __name__ == "__main__":
    main()
