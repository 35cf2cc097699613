"""P10: the paper gateway, a process of its own, beside what a Java gateway's API allows.

    python -m benchmarks.bench_gateway [--seconds 5] [--orders 3000] [--market-data DIR]

Ticks to one client, order round trips one after another and fifty at a time, 32 clients at
once, and how fast a market day passes when 1,000x is asked for. The anchor is IB's limit of
50 messages a second and client, which no client can pass. Clients are bare sockets that
only cut frames, so that a client library is not in the figure; their own processor time is,
since the machine has few cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ib_async import IB, LimitOrder, Stock
from ib_async.client import Client
from ib_async.wrapper import Wrapper

from ibelay.gateway.main import serve
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.line.pacing import Pacing
from ibelay.wire.framing import frame

HOST = "127.0.0.1"
IB_LIMIT = 50
MANY = tuple(f"S{number:02d}" for number in range(40))
_LENGTH = struct.Struct(">I")


class Wire:
    """A client that is nothing but a socket."""

    def __init__(self, port: int, client_id: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._socket.sendall(b"API\0" + frame(b"v100..178"))
        self.next()
        self.send(71, 2, client_id, "")
        self.next_order_id = int(self.until(b"9\0").split(b"\0")[2])

    def send(self, *fields: object) -> None:
        """Send one message."""
        self._socket.sendall(frame("".join(f"{field}\0" for field in fields).encode()))

    def next(self) -> bytes:
        """Return the next message."""
        while True:
            if len(self._buffer) >= 4:
                (size,) = _LENGTH.unpack_from(self._buffer)
                if len(self._buffer) >= 4 + size:
                    payload = bytes(self._buffer[4 : 4 + size])
                    del self._buffer[: 4 + size]
                    return payload
            self._read()

    def until(self, beginning: bytes) -> bytes:
        """Return the next message that begins like this."""
        while not (payload := self.next()).startswith(beginning):
            continue
        return payload

    def count(self, seconds: float) -> int:
        """Return how many messages arrive within *seconds*."""
        end, found, offset = time.perf_counter() + seconds, 0, 0
        while time.perf_counter() < end:
            self._read()
            view, size = self._buffer, len(self._buffer)
            while offset + 4 <= size:
                length = _LENGTH.unpack_from(view, offset)[0]
                if offset + 4 + length > size:
                    break
                offset += 4 + length
                found += 1
            del self._buffer[:offset]
            offset = 0
        return found

    def market_seconds(self) -> int:
        """Return market time in seconds."""
        self.send(49, 1)
        return int(self.until(b"49\0").split(b"\0")[2])

    def subscribe(self, symbols: tuple[str, ...]) -> None:
        """Ask for the top of book of *symbols*."""
        for number, symbol in enumerate(symbols, start=1):
            terms = (0, symbol, "STK", "", 0, "", "", "SMART", "", "USD", "", "")
            self.send(1, 11, number, *terms, 0, "", 0, 0, "")

    def place(self, order_id: int, symbol: str) -> None:
        """Place an order that rests."""
        number, _order_id, *rest = _resting_order(symbol)
        self.send(number, order_id, *rest)

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _read(self) -> None:
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the gateway has closed the connection")
        self._buffer += data


class _Recorder:
    """Stands where ib_async's socket would be, and keeps what it is given."""

    def __init__(self) -> None:
        self.fields: list[str] = []

    def sendMsg(self, message: bytes) -> None:  # noqa: N802 - ib_async's name
        """Keep a message without its length, as fields."""
        self.fields = message[4:].decode().split("\0")[:-1]


@cache
def _resting_order(symbol: str) -> tuple[str, ...]:
    """Return placeOrder of a limit order to buy one share at 1.00, as ib_async writes it."""
    make: Any = Client
    client, recorder = make(Wrapper(IB())), _Recorder()
    client.conn, client.connState, client._serverVersion = recorder, Client.CONNECTED, 178  # noqa: SLF001
    client.placeOrder(1, Stock(symbol, "SMART", "USD"), LimitOrder("BUY", 1, 1.0))
    return tuple(recorder.fields)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report."""

    name: str
    value: float
    unit: str
    target: float | None = None

    def line(self) -> str:
        """Return it as text."""
        aim = "" if self.target is None else f"  (target {self.target:,.0f})"
        return f"{self.name:<46} {self.value:>12,.0f} {self.unit}{aim}"


@contextmanager
def gateway(**options: object) -> Iterator[int]:
    """Run a gateway in a process of its own; yield its port."""
    settings = {"port": 0, "start": "10:00", **options}
    command = [sys.executable, "-m", "benchmarks.bench_gateway", "--serve", json.dumps(settings)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("the gateway's output cannot be read")
        yield int(process.stdout.readline().rsplit(":", 1)[1])
    finally:
        process.terminate()
        process.wait(30)


def _serve(text: str) -> None:
    settings = json.loads(text)
    settings["symbols"] = tuple(settings.get("symbols", ("SPY",)))
    options = GatewayOptions(pacing=Pacing.OFF, **settings)
    asyncio.run(serve(options, announce=lambda line: print(line, flush=True)))


def ticks(seconds: float) -> Iterator[Figure]:
    """Ticks to one client from forty instruments, faster than any of them can be."""
    with gateway(symbols=MANY, speed=1000.0) as port:
        client = Wire(port, 1)
        client.subscribe(MANY)
        client.count(1.0)
        started, before = time.perf_counter(), client.market_seconds()
        found = client.count(seconds)
        passed = client.market_seconds() - before
        taken = time.perf_counter() - started
        client.close()
    yield Figure("ticks to one client", found / seconds, "messages/s", 100_000)
    yield Figure("  beside IB's limit", found / seconds / IB_LIMIT, "x")
    yield Figure("  market time meanwhile (40 instruments)", passed / taken, "x")


def orders(count: int) -> Iterator[Figure]:
    """Order round trips: placeOrder to orderStatus."""
    with gateway(symbols=("SPY",), speed=1.0) as port:
        client = Wire(port, 1)
        first, taken = client.next_order_id, []
        for number in range(first, first + count):
            started = time.perf_counter()
            client.place(number, "SPY")
            client.until(f"3\0{number}\0".encode())
            taken.append(time.perf_counter() - started)
        started, first, window = time.perf_counter(), first + count, 50
        for number in range(first, first + count):
            client.place(number, "SPY")
            if number - first >= window:
                client.until(f"3\0{number - window}\0".encode())
        client.until(f"3\0{first + count - 1}\0".encode())
        together = count / (time.perf_counter() - started)
        client.close()
    yield Figure("order round trips, one after another", count / sum(taken), "orders/s", 2_000)
    yield Figure("  median of one", statistics.median(taken) * 1e6, "us")
    yield Figure("order round trips, 50 in flight", together, "orders/s", 2_000)
    yield Figure("  beside IB's limit", together / IB_LIMIT, "x")


def crowd(seconds: float) -> Iterator[Figure]:
    """Thirty-two clients, each with four streams, and one that trades."""
    with gateway(symbols=MANY[:4], speed=30.0) as port:
        clients = [Wire(port, number) for number in range(1, 33)]
        for client in clients:
            client.subscribe(MANY[:4])
        counts = [0] * len(clients)

        def count(index: int) -> None:
            counts[index] = clients[index].count(seconds)

        threads = [threading.Thread(target=count, args=(n,)) for n in range(1, len(clients))]
        for thread in threads:
            thread.start()
        trader, taken = clients[0], []
        end, number = time.perf_counter() + seconds, trader.next_order_id
        while time.perf_counter() < end:
            started = time.perf_counter()
            trader.place(number, MANY[0])
            trader.until(f"3\0{number}\0".encode())
            taken.append(time.perf_counter() - started)
            number += 1
        for thread in threads:
            thread.join()
        for client in clients:
            client.close()
    yield Figure("32 clients at 30x: messages to all", sum(counts) / seconds, "messages/s")
    yield Figure("  fewest to one of them", min(counts[1:]) / seconds, "messages/s")
    yield Figure("  most to one of them", max(counts[1:]) / seconds, "messages/s")
    yield Figure("  order round trips of one meanwhile", len(taken) / seconds, "orders/s")


def replay(seconds: float, folder: Path) -> Iterator[Figure]:
    """How fast a recorded day passes when 1,000x is asked for, with a client that listens."""
    symbols = ("SPY", "AIG", "BAC", "IBM")
    options = {"market": f"lean:{folder}", "date": "2013-10-08", "speed": 1000.0}
    with gateway(symbols=symbols, **options) as port:
        client = Wire(port, 1)
        client.subscribe(symbols)
        started, before = time.perf_counter(), client.market_seconds()
        client.count(seconds)
        passed = client.market_seconds() - before
        taken = time.perf_counter() - started
        client.close()
    yield Figure("replay of recorded seconds, 4 instruments", passed / taken, "x", 1_000)


def main() -> None:
    """Print the figures."""
    beside = Path(__file__).parents[2] / "shared" / "market-data" / "lean"
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--orders", type=int, default=3000)
    parser.add_argument("--market-data", type=Path, default=beside, help="a LEAN folder")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        _serve(asked.serve)
        return
    print("P10, anchor: IB's API takes 50 messages a second from a client")
    parts = [ticks(asked.seconds), orders(asked.orders), crowd(asked.seconds)]
    if (asked.market_data / "equity").is_dir():
        parts.append(replay(asked.seconds, asked.market_data))
    else:
        print(f"no LEAN folder at {asked.market_data}: the replay is left out")
    for part in parts:
        for figure in part:
            print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
