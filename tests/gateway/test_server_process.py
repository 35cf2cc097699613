"""The gateway as its own process: it announces, serves and stops."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from ib_async import IB

pytestmark = pytest.mark.adversity

PROGRAM = (
    "from ibelay.gateway.main import run\n"
    "from ibelay.gateway.options import GatewayOptions\n"
    "run(GatewayOptions(port=0, symbols=('SPY',)))\n"
)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        yield started
        started.kill()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_once_it_says_so_and_stops_cleanly_with_a_client_connected(
    process: subprocess.Popen[str], stop: signal.Signals
) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    line = await asyncio.to_thread(process.stdout.readline)
    assert line.startswith("paper gateway listening on 127.0.0.1:")
    played = await asyncio.to_thread(process.stdout.readline)
    assert played.startswith("account DU1234567; market of ")
    assert played.endswith("in New York, at 1x\n")
    ib = IB()
    await ib.connectAsync("127.0.0.1", int(line.rsplit(":", 1)[1]), 1)
    process.send_signal(stop)
    assert await asyncio.to_thread(process.wait, 10) == 0
    assert (process.stdout.read(), process.stderr.read()) == ("", "")
    ib.disconnect()
