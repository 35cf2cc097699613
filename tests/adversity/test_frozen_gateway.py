"""A gateway that is up and answers nothing: noticed in time, nothing sent, healed."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import time
from pathlib import Path

import pytest
from tests.adversity.churning import BOT, HEARTBEAT, arena, until

from ibelay.app.arena import Arena
from ibelay.app.settle import BotBook, settle

pytestmark = [pytest.mark.adversity, pytest.mark.alone, pytest.mark.timeout(180)]


def health(stage: Arena) -> tuple[int, dict[str, object]]:
    """Ask ``/health`` as a monitor would."""
    connection = http.client.HTTPConnection("127.0.0.1", stage.feed.port, timeout=5)
    try:
        connection.request("GET", "/health")
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


async def degraded(stage: Arena, limit_s: float) -> float:
    """Return how many seconds it took until ``/health`` said degraded."""
    began = time.perf_counter()
    async with asyncio.timeout(limit_s):
        while (await asyncio.to_thread(health, stage))[1]["status"] != "degraded":
            pass  # each question takes its time
    return time.perf_counter() - began


@pytest.mark.parametrize(
    ("settings", "deadline_s", "away_s"),
    [(HEARTBEAT, 1.5, 0.5), (HEARTBEAT, 1.5, 3.0), ("", 7.5, 0.0)],
    ids=["suspect", "dead", "defaults"],
)
async def test_health_follows_a_frozen_gateway(
    tmp_path: Path, settings: str, deadline_s: float, away_s: float
) -> None:
    """SIGSTOP: degraded within the heartbeat's deadline; SIGCONT: healthy, with equal books."""
    async with arena(tmp_path, more=settings) as stage:
        await until(lambda: stage.feed.ready and bool(stage.feed.holding), stage, "holding")
        assert health(stage)[0] == 200
        stage.gateway.process.send_signal(signal.SIGSTOP)
        try:
            await degraded(stage, deadline_s)
            status, answer = health(stage)
            assert status == 503
            assert answer["reason"], "a person is told why"
            await asyncio.sleep(away_s)  # how long the gateway stays frozen is the case itself
        finally:
            stage.gateway.process.send_signal(signal.SIGCONT)
        await until(lambda: stage.feed.ready, stage, "READY again")
        assert health(stage)[0] == 200
        verdict = await settle(BotBook(tmp_path / "ibelay.db", BOT), stage.observer)
        assert verdict.agrees, verdict.differences


async def test_no_order_leaves_towards_a_gateway_that_is_known_not_to_answer(
    tmp_path: Path,
) -> None:
    """While the link is suspect or dead nothing new is written to it."""
    async with arena(tmp_path, more=HEARTBEAT) as stage:
        await until(lambda: stage.feed.ready, stage, "READY")
        stage.gateway.process.send_signal(signal.SIGSTOP)
        try:
            await degraded(stage, 1.5)
            book = BotBook(tmp_path / "ibelay.db", BOT)
            book.look()
            sent = {ref for ref, entry in book.ledger.orders.items() if entry.perm_ids}
            bytes_out = stage.line.bytes_to_gateway
            await asyncio.sleep(1.0)  # long enough for several bars' worth of decisions
            book.look()
            fresh = [
                entry
                for ref, entry in book.ledger.orders.items()
                if ref not in sent and entry.state.value in {"sent", "working"}
            ]
            assert fresh == [], "no order was sent while the gateway was silent"
            probe = 64  # bytes of a probe, a log-on and a handshake at most
            assert stage.line.bytes_to_gateway - bytes_out < 20 * probe
        finally:
            stage.gateway.process.send_signal(signal.SIGCONT)
        await until(lambda: stage.feed.ready, stage, "READY again")
