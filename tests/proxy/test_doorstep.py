"""The doorstep: nobody listens when nobody should, however quickly minds change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.proxy.conftest import until

from ibelay.proxy import doorstep
from ibelay.proxy.doorstep import Doorstep

HOST = "127.0.0.1"


@pytest.fixture
async def step() -> AsyncIterator[Doorstep]:
    """A doorstep that listens on a free port."""
    async with asyncio.TaskGroup() as tasks:
        step = Doorstep(asyncio.Protocol, HOST, 0)
        await step.open(tasks)
        yield step
        await step.close()


async def listens(step: Doorstep) -> bool:
    """Return whether somebody listens on the port."""
    try:
        _reader, writer = await asyncio.open_connection(HOST, step.port)
    except ConnectionRefusedError:
        return False
    writer.transport.abort()
    return True


@pytest.mark.parametrize("turns", range(6))
async def test_who_shuts_while_it_opens_has_it_shut(step: Doorstep, turns: int) -> None:
    step.shut()
    step.reopen()
    for _turn in range(turns):
        await asyncio.sleep(0)
    step.shut()
    await until(lambda: step._opens is None)
    assert not await listens(step)
    step.reopen()
    await until(lambda: step._server)
    assert await listens(step)


@pytest.mark.parametrize("turns", range(4))
async def test_it_opens_where_it_was_moved_to_last(
    step: Doorstep, turns: int, unused_tcp_port: int
) -> None:
    first = step.port
    step.move_to(unused_tcp_port)
    for _turn in range(turns):
        await asyncio.sleep(0)
    step.move_to(first)
    await until(lambda: step._server)
    assert step.port == first
    assert await listens(step)


async def test_a_port_that_is_taken_meanwhile_is_tried_again(
    step: Doorstep, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(doorstep, "RETRY_S", 0.01)
    step.shut()
    loop = asyncio.get_running_loop()
    other = await loop.create_server(asyncio.Protocol, HOST, step.port)
    step.reopen()
    await until(lambda: "cannot be used" in caplog.text)
    other.close()
    await until(lambda: step._server)
    assert await listens(step)
