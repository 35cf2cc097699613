"""The server in a real event loop, on a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from ibelay.errors import ConfigurationError
from ibelay.ports.control import BotStatus
from ibelay.web.app import create_app
from ibelay.web.server import listen, serve_web

TOKEN = "a-token-of-this-test-run"  # noqa: S105 - made for this test only

pytestmark = pytest.mark.timeout(30)


@asynccontextmanager
async def _served(view: Any) -> AsyncIterator[tuple[httpx.AsyncClient, asyncio.Event]]:
    listener = listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks, httpx.AsyncClient(base_url=base) as client:
        tasks.create_task(serve_web(create_app(view, token=TOKEN), stop=stop, listener=listener))
        try:
            yield client, stop
        finally:
            stop.set()


async def _next_news(lines: AsyncIterator[str]) -> dict[str, str]:
    async for line in lines:
        if line.startswith("data: "):
            news: dict[str, str] = json.loads(line.removeprefix("data: "))
            return news
    return {}


async def test_the_page_and_its_assets_are_served(view: Any) -> None:
    async with _served(view) as (client, _):
        page = await client.get("/")
        assert page.headers["content-type"].startswith("text/html")
        script = await client.get("/assets/app.js")
        assert script.headers["content-type"].startswith("text/javascript")
        assert (await client.get("/assets/style.css")).status_code == 200
        assert (await client.get("/assets/..%2fapp.py")).status_code == 404


async def test_the_feed_sends_everything_first_and_then_what_changed(
    view: Any, status: BotStatus
) -> None:
    async with _served(view) as (client, _), client.stream("GET", "/api/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert "positions" in await _next_news(lines)
        status.realized_pnl = "42.00"
        view.show(status)
        news = await _next_news(lines)
        assert list(news) == ["money"]
        assert "▲ 42.00" in news["money"]


async def test_an_open_feed_does_not_keep_the_server(view: Any) -> None:
    async with _served(view) as (client, stop), client.stream("GET", "/api/stream") as answer:
        lines = answer.aiter_lines()
        await _next_news(lines)
        stop.set()
        async with asyncio.timeout(5):
            assert await _next_news(lines) == {}


async def test_too_many_feeds_are_refused(view: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ibelay.web.feed.READERS_MAX", 1)
    async with _served(view) as (client, _), client.stream("GET", "/api/stream") as first:
        await _next_news(first.aiter_lines())
        assert (await client.get("/api/stream")).status_code == 503


async def test_a_port_in_use_is_one_clear_sentence() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigurationError, match="choose another"),
    ):
        listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "bot.example"])  # noqa: S104
def test_a_public_address_needs_an_explicit_permission(host: str) -> None:
    with pytest.raises(ConfigurationError, match="other machines"):
        listen(host, 0)


async def test_a_public_address_with_open_reads_is_refused(view: Any) -> None:
    listener = listen("0.0.0.0", 0, allow_public=True)  # noqa: S104
    with pytest.raises(ConfigurationError, match="open"):
        await serve_web(create_app(view, token=TOKEN), stop=asyncio.Event(), listener=listener)


def test_importing_the_server_does_not_import_the_web_framework() -> None:
    """A bot must not wait for it at its start."""
    code = (
        "import ibelay.web.server, sys\n"
        "sys.exit('fastapi' in sys.modules or 'uvicorn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
