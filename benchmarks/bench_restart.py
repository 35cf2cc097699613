"""P4: SIGKILL of the bot → READY again, beside a fresh ib_async process.

    python -m benchmarks.bench_restart [--rounds 15] [--units 334]

The supervisor, the bot and a paper gateway are the real ones; the bot's day (UNITS trades of 3
orders and 2 fills each) is in its journal and at the gateway. The clock runs from the kill to
the wall time of the LinkUp record the new process writes when it is READY, so no polling is in
the figure; EpochStarted, written when the store has been opened, verified and folded, parts it
in two. Warm is a fork of the supervisor's server with all imports done, cold a fresh interpreter
(spawn) that imports everything. The restart's delay is set to zero. The log-on and a complete
snapshot are part of both figures: first with all orders and fills of that same day, which the
gateway tells again, then with a day that the gateway has forgotten, as the next morning.

Theirs is a fresh Python process that imports ib_async, connects to the same gateway and book,
and places an order: from its start to the order's first ``orderStatusEvent``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from benchmarks.side_by_side import paper_gateway, report
from benchmarks.timed_bot import running, settings_of

from ibelay.app.clock import SystemClock
from ibelay.app.settings import BotSettings
from ibelay.app.up import _PRELOAD, _TARGET
from ibelay.journal.records import EpochStarted, LinkUp
from ibelay.ports.control import BotStatus
from ibelay.store.sqlite import open_journal
from ibelay.supervisor.policy import RestartPolicy
from ibelay.supervisor.process import ChildSpec
from ibelay.supervisor.supervisor import Supervisor
from ibelay.telemetry.logs import configure_logs

TARGET = "100 ms warm, 600 ms cold"
PARTS = 3
POLICY = RestartPolicy(
    delay_ns=0, quick_ns=0, restarts_max=10_000, latch_crashes=10_000, give_up_crashes=10_000
)
READY_S = 30.0
FRESH = """
import asyncio, logging, sys, time
import ib_async
logging.getLogger("ib_async").setLevel(logging.CRITICAL)
async def main():
    ib = ib_async.IB()
    await ib.connectAsync("127.0.0.1", int(sys.argv[1]), clientId=12, timeout=30)
    first = asyncio.get_running_loop().create_future()
    def on_status(trade):
        if trade.order.permId and not first.done():
            first.set_result(time.time_ns())
    ib.orderStatusEvent += on_status
    spy = ib_async.Stock("SPY", "SMART", "USD", conId=756733, primaryExchange="ARCA")
    trade = ib.placeOrder(spy, ib_async.LimitOrder("BUY", 1, 1.0))
    print(await first, flush=True)
    ib.cancelOrder(trade.order)
    while not trade.isDone():
        await ib.updateEvent
    ib.disconnect()
asyncio.run(main())
"""


def wall_ns() -> int:
    """Return the clock that journals and other processes share."""
    return SystemClock().wall_ns()


@asynccontextmanager
async def supervised(settings: BotSettings, method: str) -> AsyncIterator[Supervisor]:
    """Run the bot as ``ibelay up`` does, without its web page."""
    supervisor = Supervisor(
        ChildSpec(
            target=_TARGET,
            settings=settings.model_dump_json().encode(),
            log_folder=settings.logs.folder,
            preload=_PRELOAD,
            start_method=method,
        ),
        clock=SystemClock(),
        policy=POLICY,
        handle_signals=False,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run())
        await ready(supervisor)
        yield supervisor
        supervisor.request_stop("the benchmark is over")


async def ready(supervisor: Supervisor, not_pid: int | None = None) -> int:
    """Return the pid of a READY bot other than *not_pid*."""
    async with asyncio.timeout(READY_S):
        while True:
            revision, pid = supervisor.revision, supervisor.process.pid
            if supervisor.is_current and supervisor.status and pid and pid != not_pid:
                status = msgspec.json.decode(supervisor.status, type=BotStatus)
                if status.connection.inner_state == "ready":
                    return pid
            await supervisor.changed(revision)


async def kills(settings: BotSettings, method: str, rounds: int) -> list[int]:
    """Kill the bot *rounds* times (and once to warm up); return when, in wall time."""
    at: list[int] = []
    async with supervised(settings, method) as supervisor:
        pid = await ready(supervisor)
        for _ in range(rounds + 1):
            at.append(wall_ns())
            os.kill(pid, signal.SIGKILL)
            pid = await ready(supervisor, not_pid=pid)
    return at[1:]


def returns(path: Path, at: Sequence[int]) -> tuple[list[float], list[float]]:
    """Return, for each kill, the milliseconds to the new epoch and to READY."""
    journal = open_journal(path, bot="bench", read_only=True)
    records = [entry.record for entry in journal.replay()]
    journal.close()
    epochs = [record.at_ns for record in records if isinstance(record, EpochStarted)]
    ups = [record.at_ns for record in records if isinstance(record, LinkUp)]
    return (
        [(next(epoch for epoch in epochs if epoch > kill) - kill) / 1e6 for kill in at],
        [(next(up for up in ups if up > kill) - kill) / 1e6 for kill in at],
    )


def fresh(port: int) -> float:
    """Return the milliseconds from a process's start to its first order status."""
    begun = wall_ns()
    command = [sys.executable, "-c", FRESH, str(port)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return (int(done.stdout) - begun) / 1e6


async def made_day(settings: BotSettings, units: int) -> tuple[int, int, int]:
    """Trade a day; return its orders, its fills, and the records it left."""
    async with running(settings) as bot:
        await bot.trade(units)
        ledger = bot.books.ledger
        counts = len(ledger.orders), len(ledger.executions)
    journal = open_journal(settings.store.path, bot="bench", read_only=True)
    records = sum(1 for _ in journal.replay())
    journal.close()
    return (*counts, records)


def measure(settings: BotSettings, port: int, book: str, rounds: int) -> None:
    """Print the figures of a bot with *settings* at the gateway at *port*."""
    found: dict[str, list[float]] = {}
    for method, name in (("forkserver", "warm"), ("spawn", "cold")):
        at: list[int] = []
        for _ in range(PARTS):  # the anchor between them
            at += asyncio.run(kills(settings, method, rounds // PARTS))
            found.setdefault("ib_async", []).extend(fresh(port) for _ in range(rounds // PARTS))
        epochs, ready_after = returns(settings.store.path, at)
        found[f"{name}: kill -> store folded"] = epochs
        found[f"{name}: kill -> READY"] = ready_after
    print(f"P4 {book}, {rounds} kills each")
    report({side: [taken] for side, taken in found.items()}, "ms", "ib_async", TARGET)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--units", type=int, default=334)
    options = parser.parse_args()
    with (
        paper_gateway() as port,
        paper_gateway() as other_port,
        tempfile.TemporaryDirectory() as name,
    ):
        today, later = Path(name) / "today", Path(name) / "later"
        today.mkdir()
        settings = settings_of(today, port, base_delay_s=0.0, jitter=0.0)
        orders, fills, records = asyncio.run(made_day(settings, options.units))
        shutil.copytree(today, later)
        day = f"{orders} orders, {fills} fills, {records} records journaled"
        with configure_logs(Path(name) / "logs", name="supervisor"):
            measure(settings, port, f"{day}, all of that day", options.rounds)
            settings = settings_of(later, other_port, base_delay_s=0.0, jitter=0.0)
            measure(settings, other_port, f"{day}, of an earlier day", options.rounds)


if __name__ == "__main__":
    main()
