"""A gateway that is another process: frozen, killed, and left fifty times."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ib.conftest import SHORT_S, SPY, Seen
from tests.ib.test_link import ORDER

from ibelay.errors import GatewayMuteError, LinkError
from ibelay.ib.connector import IbConnector
from ibelay.model.events import LinkClosed, StatusSeen
from ibelay.model.ids import ClientId, OrderId
from ibelay.ports.broker import Address

pytestmark = pytest.mark.adversity

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "answering_gateway.py"


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """A running gateway; its port is the first line it prints."""
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), "3"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        yield started
        started.kill()


@pytest.fixture
def there(process: subprocess.Popen[str]) -> Address:
    """Where the process listens."""
    assert process.stdout is not None
    return Address(host="127.0.0.1", port=int(process.stdout.readline()), client_id=ClientId(3))


async def test_fifty_links_leave_nothing_behind(
    connector: IbConnector, there: Address, seen: Seen
) -> None:
    left = []
    descriptor = _next_descriptor()
    for number in range(50):
        link = await connector.open(there, seen, timeout_s=SHORT_S)
        taken = await link.snapshot(SHORT_S)
        assert (len(taken.completed_orders), len(taken.executions)) == (3, 3)
        link.place(OrderId(number), SPY, ORDER)
        await seen.wait(StatusSeen, number + 1)
        link.abort()
        await link.closed()
        left.append(weakref.ref(link))
        del link
    gc.collect()
    assert [ref() for ref in left] == [None] * 50
    assert _next_descriptor() == descriptor
    assert len(seen.of(LinkClosed)) == 50


def _next_descriptor() -> int:
    """Return the lowest free file descriptor: the same again if none was leaked below it."""
    number = os.open(os.devnull, os.O_RDONLY)
    os.close(number)
    return number


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot freeze a process")
async def test_a_frozen_gateway_is_left_at_once(
    connector: IbConnector, there: Address, process: subprocess.Popen[str], seen: Seen
) -> None:
    """It accepts, it is silent, and what was written is stuck; the socket says nothing."""
    link = await connector.open(there, seen, timeout_s=SHORT_S)
    os.kill(process.pid, signal.SIGSTOP)
    heard_ns = link.last_heard_ns
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(link.probe(), 0.05)
    with pytest.raises(LinkError, match="did not finish sending its positions, open orders"):
        await link.snapshot(0.05)
    assert (link.last_heard_ns, seen.of(LinkClosed)) == (heard_ns, [])
    while not link.send_buffer_size:
        link.place(OrderId(7), SPY, ORDER)
    async with asyncio.timeout(SHORT_S):
        link.abort()
        await link.closed()
    with pytest.raises(GatewayMuteError):
        await connector.open(there, seen, timeout_s=0.1)
    os.kill(process.pid, signal.SIGCONT)
    again = await connector.open(there, seen, timeout_s=SHORT_S)
    again.abort()
    await again.closed()


async def test_a_killed_gateway_is_noticed_by_itself(
    connector: IbConnector, there: Address, process: subprocess.Popen[str], seen: Seen
) -> None:
    await connector.open(there, seen, timeout_s=SHORT_S)
    process.kill()
    await seen.wait(LinkClosed)
    await asyncio.to_thread(process.wait)  # its listener may be closed after our socket
    with pytest.raises(LinkError, match="nothing listens at"):
        await connector.open(there, seen, timeout_s=SHORT_S)
