"""Processes that take turns being measured, and how their figures are printed.

Each side lives in a process of its own, so that neither pays for the other's threads, timers
and garbage. The driver asks one side at a time; the others wait on their pipes.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
_STOP_S = 20.0


class Side:
    """The driver's end of one side.

    Args:
        main: First function of the side's process; called with its pipe and *arguments*.
    """

    def __init__(self, main: Callable[..., None], *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=main, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, question: str, *arguments: object) -> Any:
        """Have the side do something; return its answer."""
        self._pipe.send((question, *arguments))
        return self._pipe.recv()

    def hear(self) -> Any:
        """Return what the side says next by itself."""
        return self._pipe.recv()

    def stop(self) -> None:
        """Let the side leave in good order."""
        with suppress(OSError):
            self._pipe.send(None)
        self._process.join(_STOP_S)
        if self._process.is_alive():
            self._process.kill()


async def questions(pipe: Connection) -> Any:
    """Return the next question of the driver, None when it wants no more."""
    return await asyncio.get_running_loop().run_in_executor(None, pipe.recv)


@contextmanager
def stopped(*sides: Side) -> Iterator[None]:
    """Stop *sides* at the end, whatever happens."""
    try:
        yield
    finally:
        for side in sides:
            side.stop()


@contextmanager
def answering_gateway(book: int = 0) -> Iterator[int]:
    """Give the port of the gateway that only answers."""
    script = Path(__file__).with_name("answering_gateway.py")
    command = [sys.executable, str(script), str(book)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        yield int(process.stdout.readline())
        process.communicate()


@contextmanager
def paper_gateway() -> Iterator[int]:
    """Give the port of a paper gateway at market speed, in the middle of its morning."""
    command = [sys.executable, "-m", "ibelay", "gateway", "--port", "0", "--speed", "1"]
    command += ["--start", "10:00", "--symbols", "SPY"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            if "listening on" in line:
                yield int(line.rsplit(":", 1)[1])
                break
        process.terminate()
        process.communicate()


def report(
    rounds: Mapping[str, Sequence[Sequence[float]]], unit: str, anchor: str, target: str = ""
) -> None:
    """Print p50 and p99, each the median over rounds, and every ratio to *anchor*.

    Of fewer than 100 samples a round the worst is printed, since they have no p99.

    Args:
        rounds: By side, its samples of each round.
        unit: Of the samples.
        anchor: Which side the others are compared with.
        target: Printed below, as it stands in the plan.
    """
    at = {name: [_median(found, cut) for cut in (50, 99)] for name, found in rounds.items()}
    base = at[anchor]
    tail = "p99" if min(len(found) for found in rounds[anchor]) >= 100 else "max"
    for name, figures in at.items():
        spread = [statistics.median(found) for found in rounds[name]]
        print(
            f"  {name:34} p50 {figures[0]:8.1f} {unit} [{min(spread):.1f}..{max(spread):.1f}]"
            f"   {tail} {figures[1]:8.1f} {unit}"
            f"   {figures[0] / base[0]:.2f}x / {figures[1] / base[1]:.2f}x"
        )
    if target:
        print(f"  target: {target}")


def _median(rounds: Sequence[Sequence[float]], cut: int) -> float:
    return statistics.median(
        max(found)
        if cut > 50 and len(found) < 100
        else statistics.quantiles(found, n=100, method="inclusive")[cut - 1]
        for found in rounds
    )
