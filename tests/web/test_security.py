"""Who is let in: each rule of ``security`` against the real app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ibelay.web.app import create_app

TOKEN = "a-token-of-this-test-run"  # noqa: S105 - made for this test only
BEARER = {"authorization": f"Bearer {TOKEN}"}
RECONNECT = "/api/reconnect"


def client_of(app: Any, base: str = "http://localhost:8080") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base)


@pytest.fixture
async def client(view: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(view, token=TOKEN)) as opened:
        yield opened


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080", "[::1]"]
)
async def test_the_names_of_this_machine_are_served(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/health", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example:8080", "127.0.0.1.evil.example", "[::2]:8080", ""],
)
async def test_other_names_are_refused(client: httpx.AsyncClient, host: str) -> None:
    """A page that points its own name at 127.0.0.1 must not read us."""
    for path in ("/", "/health", "/api/bot/status"):
        answer = await client.get(path, headers={"host": host})
        assert answer.status_code == 421
        assert list(answer.json()) == ["error"]


async def test_a_configured_name_is_served(view: Any) -> None:
    app = create_app(view, token=TOKEN, allowed_hosts=("Bot.lan",))
    async with client_of(app, "http://bot.lan:8080") as client:
        assert (await client.get("/health")).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"],
)
async def test_changing_needs_the_token(
    client: httpx.AsyncClient, view: Any, authorization: str
) -> None:
    answer = await client.post(RECONNECT, headers={b"authorization": authorization.encode()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert view.commands == []


async def test_the_token_is_exchanged_for_a_cookie_that_scripts_cannot_read(
    client: httpx.AsyncClient, view: Any
) -> None:
    answer = await client.post("/api/session", json={"token": TOKEN})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert TOKEN not in cookie
    assert (await client.post(RECONNECT)).status_code == 202
    assert view.commands == [{"command": "reconnect", "by": "dashboard"}]


async def test_a_wrong_token_opens_no_session(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/session", json={"token": "wrong"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


async def test_the_cookie_of_another_server_on_this_machine_is_worth_nothing(
    client: httpx.AsyncClient, view: Any
) -> None:
    async with client_of(create_app(view, token="another-token-of-16")) as other:  # noqa: S106
        await other.post("/api/session", json={"token": "another-token-of-16"})
        client.cookies.update(other.cookies)
    assert (await client.post(RECONNECT)).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://[broken"},
    ],
)
async def test_changing_requests_of_other_sites_are_refused_even_with_the_token(
    client: httpx.AsyncClient, view: Any, headers: dict[str, str]
) -> None:
    for path in (RECONNECT, "/api/session"):
        answer = await client.post(path, json={"token": TOKEN}, headers=BEARER | headers)
        assert answer.status_code == 403
    assert view.commands == []


async def test_changing_requests_of_the_own_page_pass(client: httpx.AsyncClient) -> None:
    headers = {"origin": "http://localhost:8080", "sec-fetch-site": "same-origin"}
    assert (await client.post(RECONNECT, headers=BEARER | headers)).status_code == 202


async def test_a_configured_origin_may_use_the_api(view: Any) -> None:
    origin = {"origin": "https://desk.example", "sec-fetch-site": "cross-site"}
    app = create_app(view, token=TOKEN, allowed_origins=("https://desk.example",))
    async with client_of(app) as client:
        answer = await client.post(RECONNECT, headers=BEARER | origin)
        assert answer.status_code == 202
        assert answer.headers["access-control-allow-origin"] == "https://desk.example"


async def test_no_origin_is_allowed_by_default(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_only_json_is_taken(client: httpx.AsyncClient, content_type: str) -> None:
    answer = await client.post(
        "/api/worklist",
        content='{"symbol": "AAPL"}',
        headers=BEARER | {"content-type": content_type},
    )
    assert answer.status_code == 415


async def test_a_large_body_is_refused_by_its_announced_size(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/worklist", json={"symbol": "A" * 70_000}, headers=BEARER)
    assert answer.status_code == 413


async def test_a_large_body_of_unknown_size_is_refused_while_it_arrives(
    client: httpx.AsyncClient,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 1024

    answer = await client.post(
        "/api/worklist", content=endless(), headers=BEARER | {"content-type": "application/json"}
    )
    assert answer.status_code == 413


async def test_reading_can_be_closed(view: Any) -> None:
    """As it must be on a public address: only health and an empty sign-in page are open."""
    async with client_of(create_app(view, token=TOKEN, open_reads=False)) as client:
        for path in ("/api/bot/status", "/api/ibkr/status", "/api/worklist", "/api/stream"):
            assert (await client.get(path)).status_code == 401, path
        shut = await client.get("/")
        assert "Sign in" in shut.text
        assert "SPY" not in shut.text
        assert (await client.get("/health")).status_code == 200
        await client.post("/api/session", json={"token": TOKEN})
        assert "SPY" in (await client.get("/")).text
        assert (await client.get("/api/bot/status")).status_code == 200


async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in ("/", "/health", "/nowhere", "/assets/app.js"):
        headers = (await client.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    refused = await client.get("/", headers={"host": "evil.example"})
    assert "content-security-policy" in refused.headers
