"""SIGKILL in the middle of ordering: nothing is doubled, nothing is unaccounted for."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from tests.dropin.conftest import QUICK, gateway, onlooker, records

from ibelay import IB
from ibelay.journal.records import DropInIntent
from ibelay.proxy.line_proxy import LineProxy

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]

ROOT = Path(__file__).resolve().parents[2]
ORDERS_EACH = 5
KILLS = 3


async def ordered_until_killed(line: LineProxy, folder: Path) -> list[str]:
    """Start the script, kill it right after an order; return the references it told."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.dropin.killed_script",
        str(line.port),
        str(folder),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))},
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        told = b""
        for _ in range(ORDERS_EACH):
            told += await process.stdout.readline()
        process.kill()
        told += await process.stdout.read()
        await process.wait()
    return told.decode().split()


async def test_a_killed_scripts_orders_are_on_disk_and_never_doubled(tmp_path: Path) -> None:
    """Every order at the gateway has its own intent; ids and references are never reused."""
    told: list[str] = []
    async with gateway(tmp_path) as line:
        for _ in range(KILLS):
            told += await ordered_until_killed(line, tmp_path)
        async with onlooker(line) as watcher:
            trades = await watcher.reqAllOpenOrdersAsync()
        again = IB(journal=tmp_path, keeper=QUICK)
        await again.connectAsync("127.0.0.1", line.port, clientId=5)
        shown = {trade.order.orderRef for trade in again.openTrades()}
        again.disconnect()
    written = records(tmp_path / "ibelay-5.db")
    intents = {r.order_ref: r.order_id for r in written if isinstance(r, DropInIntent)}
    at_gateway = {trade.order.orderRef: trade.order.orderId for trade in trades}
    assert len(trades) == len(at_gateway) >= KILLS * ORDERS_EACH - KILLS
    assert at_gateway.items() <= intents.items()
    assert set(told) <= intents.keys()
    assert len(set(intents.values())) == len(intents)
    assert shown == at_gateway.keys()
