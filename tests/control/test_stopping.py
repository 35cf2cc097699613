"""Whoever asks a server to stop is heard, also where loops and ``select`` hear no signals."""

from __future__ import annotations

import asyncio
import os
import select
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ibelay.control.stopping import STOP_SIGNALS, run_server, stopped_by_signals

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="is sent POSIX signals"),
    pytest.mark.timeout(60),
]


class Deaf(asyncio.SelectorEventLoop):
    """A loop that cannot watch signals, as those of Windows, and whose ``select`` hears none."""

    def __init__(self) -> None:
        class Selector(selectors.SelectSelector):
            @staticmethod
            def _select(*given: Any) -> Any:
                before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
                try:
                    return select.select(*given)
                finally:
                    signal.pthread_sigmask(signal.SIG_SETMASK, before)

        super().__init__(Selector())

    def add_signal_handler(self, *_given: Any) -> None:  # type: ignore[override]  # refuses all
        """Refuse, as the loops of Windows do."""
        raise NotImplementedError


@pytest.fixture
def handlers() -> Iterator[list[Any]]:
    """The handlers there are before, which there must be after.

    A program of a shell's background is born deaf to SIGINT, and asyncio knows no way back to that.
    """
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    usual = {signal.SIGINT: signal.default_int_handler}
    for number in STOP_SIGNALS:
        signal.signal(number, usual.get(number, signal.SIG_DFL))
    yield [signal.getsignal(number) for number in STOP_SIGNALS]
    for number, handler in zip(STOP_SIGNALS, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOP_SIGNALS)
@pytest.mark.parametrize("kind", [Deaf, asyncio.SelectorEventLoop])
def test_a_signal_stops_a_server_that_waits_for_nothing_else(
    kind: type[asyncio.SelectorEventLoop], number: int, handlers: list[Any]
) -> None:
    async def serve() -> None:
        stop = asyncio.Event()
        with stopped_by_signals(stop.set):  # it comes from outside, while select waits
            sender = f"import os; os.kill({os.getpid()}, {int(number)})"
            with subprocess.Popen([sys.executable, "-c", sender]):  # noqa: ASYNC220  # at once
                await stop.wait()

    with asyncio.Runner(loop_factory=kind) as runner:
        runner.run(serve())
    assert [signal.getsignal(one) for one in STOP_SIGNALS] == handlers


@pytest.mark.usefixtures("handlers")
def test_a_server_runs_in_a_selectors_loop() -> None:
    seen: list[object] = []

    async def serve() -> None:
        seen.append(asyncio.get_running_loop())

    run_server(serve())
    assert isinstance(seen[0], asyncio.SelectorEventLoop)


def test_ctrl_break_counts_where_there_is_one() -> None:
    names = {number.name for number in STOP_SIGNALS}
    assert names == {"SIGINT", "SIGTERM"} | ({"SIGBREAK"} if sys.platform == "win32" else set())
