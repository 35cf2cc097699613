"""An arena in which ``churn`` trades, for tests that hit it."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest

from ibelay.app.arena import Arena
from ibelay.control.port.remote import Remote

BOT = "churn"
BACK_S = 30.0
POLL_S = 0.02
SETTINGS = """\
[bot]
name = "churn"
strategy = "churn:make"
[gateway]
port = {port}
[connection]
base_delay_s = 0.05
cap_s = 0.2
[orders]
absent_after_s = 1.0
ack_timeout_s = 2.0
[reconcile]
interval_s = 2.0
[web]
port = 0
[supervisor]
delay_s = 0.0
immediate_death_s = 0.0
max_restarts = 100000
crashes_to_safe_mode = 100000
crashes_to_give_up = 100000
"""
HEARTBEAT = """\
[heartbeat]
interval_s = 0.6
miss_s = 0.4
suspect_probe_s = 0.2
dead_s = 2.0
"""


def arena(folder: Path, *, more: str = "", speed: int = 40, strategy: str = "churn:make") -> Arena:
    """Return an arena in which ``churn`` trades two symbols *speed* times faster than life.

    Args:
        folder: For everything the processes write.
        more: Further sections of the bot's settings.
        speed: Market seconds per second.
        strategy: ``churn:make``, or ``churn:patient`` that holds for minutes.
    """
    return Arena(
        folder,
        gateway=[
            "--symbols",
            "SPY,AAPL",
            "--speed",
            str(speed),
            "--start",
            "09:30",
            "--seed",
            "11",
            *controlled(folder),
        ],
        settings=lambda port: SETTINGS.format(port=port).replace("churn:make", strategy) + more,
        environment={"PYTHONPATH": str(Path(__file__).parent)},
    )


def controlled(folder: Path) -> list[str]:
    """Return the gateway's arguments by which ``market`` commands it."""
    return ["--control-port", "0", "--control-token-file", str(folder / "token")]


async def market(stage: Arena, *commands: str) -> None:
    """Command the gateway at its control port: the other one it listens on."""
    lines = psutil.Process(stage.gateway.process.pid).net_connections("tcp")
    ports = {line.laddr.port for line in lines if line.status == psutil.CONN_LISTEN}
    (port,) = ports - {stage.gateway_port}
    await asyncio.to_thread(Remote(port, stage.folder / "token").do, commands)


async def until(
    met: Callable[[], bool], stage: Arena, what: str, *, limit_s: float = BACK_S
) -> None:
    """Poll the bot's status until *met*; fail after *limit_s* seconds."""
    try:
        async with asyncio.timeout(limit_s):
            while True:
                await stage.feed.poll()
                if met():
                    return
                await asyncio.sleep(POLL_S)  # the bot needs the processor more than we do
    except TimeoutError:
        last = {**stage.feed.supervisor, **(stage.feed.bot.get("connection") or {})}
        pytest.fail(f"not {what} within {limit_s:g} s; last status: {last}")


def ask(stage: Arena, method: str, path: str, body: dict[str, str] | None = None) -> int:
    """Ask the bot's HTTP API as an operator's script does; return the HTTP status."""
    token = (stage.folder / "ibelay.token").read_text(encoding="ascii").strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", stage.feed.port, timeout=5)
    try:
        connection.request(method, path, json.dumps(body or {}), headers)
        return connection.getresponse().status
    finally:
        connection.close()
