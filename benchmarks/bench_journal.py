"""What durability costs: one append until it is on disk, beside the bare floor (P1, P4, P8).

All figures come from one run, the write paths taking turns in blocks, so that a busy machine
slows them alike. Run: ``python benchmarks/bench_journal.py [count]``.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from ibelay.journal import codec
from ibelay.journal.records import IntentRecorded
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId, Epoch, OrderId, OrderRef, UnitRef
from ibelay.model.order import Action, Order, OrderType, Role
from ibelay.store.sqlite import open_journal

BLOCK = 100
REPLAYED = 10_000
RECORD = IntentRecorded(
    at_ns=1_381_152_600_000_000_000,
    epoch=Epoch(3),
    order_id=OrderId(17),
    contract=Contract(symbol="SPY", con_id=ConId(756733)),
    order=Order(
        order_ref=OrderRef("ps60:3:17.0"),
        unit=UnitRef("ps60:3:17"),
        role=Role.ENTRY,
        action=Action.BUY,
        quantity=Decimal(100),
        order_type=OrderType.LIMIT,
        limit_price=Decimal("145.20"),
    ),
    expires_ns=1_381_152_660_000_000_000,
    reason="pivot 145.10",
)
BODY = codec.encode(RECORD)
clock = time.perf_counter_ns


def timed(call: Callable[[], object]) -> int:
    """Return the nanoseconds *call* took."""
    begun = clock()
    call()
    return clock() - begun


def say(name: str, samples: list[int], floor: list[int] | None = None) -> None:
    """Print p50 and p99 in microseconds, and their ratio to the floor's."""
    p50, p99 = percentile(samples, 50), percentile(samples, 99)
    line = f"{name:46} p50 {p50 / 1e3:7.1f} us   p99 {p99 / 1e3:7.1f} us"
    if floor is not None:
        line += f"   {p50 / percentile(floor, 50):.2f}x / {p99 / percentile(floor, 99):.2f}x"
    print(line)


def percentile(samples: list[int], percent: int) -> int:
    """Return the *percent* percentile of *samples*."""
    return sorted(samples)[len(samples) * percent // 100]


def bare_sqlite(path: Path) -> sqlite3.Connection:
    """Return a connection with the journal's columns and durability and nothing else."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE journal (seq INTEGER PRIMARY KEY, at_ns INTEGER, kind TEXT, body BLOB, "
        "hash BLOB)"
    )
    return connection


def appends(folder: Path, count: int) -> None:
    """Print what one durable append costs, alone and from a loop."""
    with (
        (folder / "log").open("ab", buffering=0) as log,
        closing(bare_sqlite(folder / "bare.db")) as bare,
        closing(open_journal(folder / "bot.db", bot="bench")) as journal,
        asyncio.Runner() as runner,
    ):

        def synced() -> None:
            log.write(BODY)
            os.fsync(log.fileno())

        def committed() -> None:
            bare.execute(
                "INSERT INTO journal (at_ns, kind, body, hash) VALUES (?, ?, ?, ?)",
                (1, "intent", BODY, bytes(16)),
            )

        async def awaited(samples: list[int]) -> None:
            for _ in range(BLOCK):
                begun = clock()
                await asyncio.wrap_future(journal.append([RECORD]))
                samples.append(clock() - begun)

        floor: list[int] = []
        raw: list[int] = []
        alone: list[int] = []
        looped: list[int] = []
        calls: list[int] = []
        for _ in range(count // BLOCK):
            floor += [timed(synced) for _ in range(BLOCK)]
            raw += [timed(committed) for _ in range(BLOCK)]
            alone += [timed(lambda: journal.append([RECORD]).result()) for _ in range(BLOCK)]
            runner.run(awaited(looped))
            calls += [timed(lambda: journal.append([RECORD])) for _ in range(BLOCK)]
            journal.append([]).result()
        say(f"write {len(BODY)} bytes + fsync (floor)", floor)
        say("bare sqlite3, WAL + FULL, one insert", raw, floor)
        say("journal: append -> durable, in a thread", alone, raw)
        say("journal: append -> durable, awaited in a loop", looped, raw)
        say("journal: the call itself, in bursts", calls)

        before, begun = journal.commits, clock()
        burst = [journal.append([RECORD]) for _ in range(5_000)]
        burst[-1].result()
        print(
            f"burst of 5,000 appends: {5_000e9 / (clock() - begun):,.0f} durable appends/s in "
            f"{journal.commits - before} commits"
        )


def recovery(folder: Path) -> None:
    """Print what opening and replaying 10,000 records costs (P8: at most 100 ms)."""
    path = folder / "replay.db"
    with closing(open_journal(path, bot="bench")) as journal:
        journal.append([RECORD] * REPLAYED).result()
    opened, replayed = [], []
    for _ in range(7):
        begun = clock()
        with closing(open_journal(path, bot="bench")) as journal:
            opened.append(clock() - begun)
            replayed.append(timed(lambda: sum(1 for _ in journal.replay())))
    for name, samples in (("open for writing, chain verified", opened), ("replay", replayed)):
        median = percentile(samples, 50) / 1e6
        print(f"{name}, {REPLAYED:,} records: {median:.1f} ms (P8: 100 ms for the replay)")


def imports() -> None:
    """Print what the parts cost a starting process (P4: 600 ms for everything)."""

    def start(what: str) -> int:
        command = [sys.executable, "-c", f"import {what}"]
        return percentile(
            [timed(lambda: subprocess.run(command, check=True)) for _ in range(7)], 50
        )

    nothing = start("sys")
    for what in ("sqlite3", "msgspec", "ibelay.store.sqlite", "ibelay.store.schema"):
        print(f"import {what}: {(start(what) - nothing) / 1e6:.0f} ms over a bare interpreter")


def main() -> None:
    """Run all three."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory() as folder:
        appends(Path(folder), count)
        recovery(Path(folder))
    imports()


if __name__ == "__main__":
    main()
