"""Supervisor, app and server in one loop, as the composition wires them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from ibelay.supervisor.policy import SECOND_NS, RestartPolicy
from ibelay.supervisor.process import ChildSpec
from ibelay.supervisor.supervisor import Supervisor, SupervisorState
from ibelay.web.app import create_app
from ibelay.web.server import listen, serve_web
from ibelay.web.status_view import StatusView

TOKEN = "a-token-of-this-test-run"  # noqa: S105 - made for this test only

pytestmark = [
    pytest.mark.adversity,
    pytest.mark.timeout(60),
    pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals"),
]


class _Clock:
    def monotonic_ns(self) -> int:
        return time.monotonic_ns()  # noqa: TID251 - the shell of this test owns the clock

    def wall_ns(self) -> int:
        return time.time_ns()  # noqa: TID251 - the same


async def test_the_page_outlives_the_bot_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "supervisor"))
    spec = ChildSpec(target="supervised_bots:works", log_folder=tmp_path)
    policy = RestartPolicy(delay_ns=600 * SECOND_NS)
    supervisor = Supervisor(spec, clock=_Clock(), policy=policy, handle_signals=False)
    view: StatusView = supervisor
    listener = listen("127.0.0.1", 0)
    base, stop = f"http://127.0.0.1:{listener.getsockname()[1]}", asyncio.Event()
    async with asyncio.TaskGroup() as tasks, httpx.AsyncClient(base_url=base) as client:
        run = tasks.create_task(supervisor.run())
        tasks.create_task(serve_web(create_app(view, token=TOKEN), stop=stop, listener=listener))
        revision = supervisor.revision
        while not supervisor.is_current:
            revision = await supervisor.changed(revision)
        before = (await client.get("/api/bot/status")).json()["supervisor"]
        assert (before["state"], before["restarts"]) == ("running", 0)
        os.kill(before["pid"], signal.SIGKILL)
        while supervisor.process.state is not SupervisorState.WAITING:
            revision = await supervisor.changed(revision)
        health = await client.get("/health")
        assert health.status_code == 503
        assert "killed by SIGKILL; next start in" in health.json()["reason"]
        assert "killed by SIGKILL" in (await client.get("/")).text
        supervisor.request_stop("end of test")
        await run
        stop.set()
