"""What the chaos proxy costs: messages a second and round trips through it, beside direct.

    python -m benchmarks.bench_proxy [--messages 200000] [--trips 3000] [--rounds 3]

A server that only answers, the proxy and the client are a process each. Flood: ticks of 40
bytes, written 256 at a time, until the client has read them all. Trips: one question and its
answer after another. Calm is without faults; watched has an observer's fault that never fits,
so that every message is looked at.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from ibelay.wire.encode.message import message
from ibelay.wire.framing import frame

HOST = "127.0.0.1"
TICK = message(2, 6, 1001, 5, 123456, "x" * 16)
ASK, ANSWER = message(49, 1), message(49, 1, 1_750_000_000)
BATCH = 256
HELLO = b"API\0" + frame(b"v157..178")
REPLY = frame(b"178\0" + b"20250602 10:00:00 US/Eastern\0")
FLOOD, TRIPS = message(71, 2, 1, ""), message(71, 2, 2, "")
SIDES: dict[str, tuple[str, ...] | None] = {
    "direct": None,
    "through a calm proxy": (),
    "through a watched proxy": ("--fault", "drop execDetails client=99"),
}


def serve(told: Connection, messages: int) -> None:
    """Answer one client after another, for ever: a flood or questions, as startApi says."""
    with socket.create_server((HOST, 0)) as listening:
        told.send(listening.getsockname()[1])
        while True:
            client, _address = listening.accept()
            with client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                exactly(client, len(HELLO))
                client.sendall(REPLY)
                if exactly(client, len(FLOOD)) == FLOOD:
                    for _batch in range(messages // BATCH):
                        client.sendall(TICK * BATCH)
                    client.recv(1)
                else:
                    while client.recv(len(ASK)):
                        client.sendall(ANSWER)


def exactly(one: socket.socket, size: int) -> bytes:
    """Return the next *size* bytes."""
    data = bytearray()
    while len(data) < size:
        more = one.recv(size - len(data))
        if not more:
            raise ConnectionError("the stream ended")
        data += more
    return bytes(data)


@contextmanager
def joined(port: int, start: bytes) -> Iterator[socket.socket]:
    """Connect and start the API."""
    with socket.create_connection((HOST, port), timeout=60) as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one.sendall(HELLO)
        exactly(one, len(REPLY))
        one.sendall(start)
        yield one


def flood(port: int, messages: int) -> float:
    """Return messages a second."""
    left = messages // BATCH * BATCH * len(TICK)
    with joined(port, FLOOD) as one:
        began = time.perf_counter()
        while left:
            left -= len(one.recv(min(left, 1 << 16)))
        return messages / (time.perf_counter() - began)


def trips(port: int, count: int) -> list[float]:
    """Return how long each question took, in microseconds."""
    taken = []
    with joined(port, TRIPS) as one:
        for _trip in range(count):
            began = time.perf_counter()
            one.sendall(ASK)
            exactly(one, len(ANSWER))
            taken.append((time.perf_counter() - began) * 1e6)
    return taken


@contextmanager
def proxied(upstream: int, options: tuple[str, ...]) -> Iterator[int]:
    """Run a proxy; give its port."""
    chaos = [sys.executable, "-m", "ibelay", "chaos"]
    command = [*chaos, "--listen", "0", "--upstream", str(upstream)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout
        if said is None:
            raise RuntimeError("the proxy says nothing")
        try:
            yield int(said.readline().split(":", 1)[1].split(",")[0])
        finally:
            process.kill()


def measure(port: int, arguments: argparse.Namespace) -> tuple[float, list[float]]:
    """Return a flood's messages a second and the times of some trips."""
    return flood(port, arguments.messages), trips(port, arguments.trips)


def main() -> None:
    """Measure each side in turn, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--trips", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs, arguments.messages), daemon=True)
    server.start()
    upstream = int(ours.recv())
    found: dict[str, list[tuple[float, list[float]]]] = {side: [] for side in SIDES}
    for _round in range(arguments.rounds):
        for side, options in SIDES.items():
            if options is None:
                found[side].append(measure(upstream, arguments))
            else:
                with proxied(upstream, options) as port:
                    found[side].append(measure(port, arguments))
    server.terminate()
    print(f"{'':26}{'messages/s':>12}{'trip median µs':>16}{'p99 µs':>10}")
    for side, rounds in found.items():
        taken = sorted(one for _rate, some in rounds for one in some)
        rate = statistics.median(rate for rate, _some in rounds)
        late = taken[int(len(taken) * 0.99)]
        print(f"{side:26}{rate:12,.0f}{statistics.median(taken):16.0f}{late:10.0f}")


if __name__ == "__main__":
    main()
