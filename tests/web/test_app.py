"""The API as a program meets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from ibelay.errors import ConfigurationError
from ibelay.ports.control import BotStatus
from ibelay.web.app import create_app

TOKEN = "a-token-of-this-test-run"  # noqa: S105 - made for this test only
BEARER = {"authorization": f"Bearer {TOKEN}"}


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://localhost:8080"
    )


@pytest.fixture
async def client(view: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(view, token=TOKEN)) as opened:
        yield opened


async def test_health_of_a_live_connected_bot(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "healthy",
        "ib_connected": True,
        "connection_metrics": {
            "total_connections": 3,
            "total_disconnections": 2,
            "failed_connections": 1,
            "uptime_seconds": 3600,
        },
        "reason": "",
    }


async def test_health_is_degraded_while_the_bot_is_down(
    client: httpx.AsyncClient, view: Any
) -> None:
    view.lose_the_bot()
    answer = await client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "degraded"
    assert answer.json()["ib_connected"] is False
    assert "killed by SIGKILL; next start in 4 s" in answer.json()["reason"]


async def test_health_is_degraded_when_the_connection_is(
    client: httpx.AsyncClient, view: Any, status: BotStatus
) -> None:
    status.connection.is_healthy = False
    status.connection.reason = "no answer to the heartbeat"
    view.show(status)
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["reason"]) == (503, "no answer to the heartbeat")
    assert answer.json()["ib_connected"] is True


async def test_health_is_degraded_in_safe_mode(
    client: httpx.AsyncClient, view: Any, status: BotStatus
) -> None:
    status.safe_mode = "10 attempts failed"
    view.show(status)
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["reason"]) == (503, "safe mode: 10 attempts failed")


async def test_health_is_degraded_when_the_bot_falls_silent(
    client: httpx.AsyncClient, view: Any
) -> None:
    view.status_age_s = 11.0
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["reason"]) == (503, "no word from the bot for 11 s")


async def test_a_bot_that_shuts_down_is_live_but_not_healthy(
    client: httpx.AsyncClient, view: Any
) -> None:
    view.process = replace(view.process, state="stopping", reason="SIGTERM received")
    answer = await client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["reason"] == "the bot is shutting down: SIGTERM received"
    assert (await client.get("/api/bot/status")).json()["is_live"] is True
    assert "Shutting down:</strong> SIGTERM received" in (await client.get("/")).text


async def test_health_before_the_first_status(client: httpx.AsyncClient, view: Any) -> None:
    view.status, view.status_age_s = None, None
    answer = await client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["connection_metrics"]["total_connections"] == 0
    assert answer.json()["reason"] == "the bot has started and has not reported yet"


async def test_a_status_of_another_version_is_said_to_be_unreadable(
    client: httpx.AsyncClient, view: Any
) -> None:
    view.status = b'{"bot": 1}'
    answer = await client.get("/api/ibkr/status")
    assert answer.status_code == 503
    assert "different versions" in answer.json()["error"]


async def test_the_connection_status_masks_the_account(client: httpx.AsyncClient) -> None:
    record = (await client.get("/api/ibkr/status")).json()
    assert record["account"] == "DU…567"
    assert record["state"] == "CONNECTED"
    assert record["is_live"] is True


async def test_the_connection_of_a_dead_bot_is_never_shown_as_connected(
    client: httpx.AsyncClient, view: Any
) -> None:
    view.lose_the_bot()
    record = (await client.get("/api/ibkr/status")).json()
    assert record["state"] == "DISCONNECTED"
    assert record["is_connected"] is False
    assert record["is_healthy"] is False
    assert record["is_live"] is False
    assert record["age_s"] == 12.0


async def test_the_connection_of_a_silent_bot_is_an_error(
    client: httpx.AsyncClient, view: Any
) -> None:
    view.status_age_s = 30.0
    assert (await client.get("/api/ibkr/status")).json()["state"] == "ERROR"


async def test_the_watch_list(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/api/worklist")).json()
    assert answer["count"] == 2
    assert answer["symbols"][0] == {
        "symbol": "SPY", "last": "168.01", "change_percent": -0.42, "bars": 60, "age_s": 0.3,
        "problem": "",
    }  # fmt: skip


async def test_the_whole_status_and_the_process(client: httpx.AsyncClient, view: Any) -> None:
    view.lose_the_bot()
    answer = await client.get("/api/bot/status")
    assert answer.status_code == 200
    assert answer.json()["bot"]["positions"][0]["symbol"] == "SPY"
    assert answer.json()["supervisor"]["last_exit"] == "killed by SIGKILL"
    assert answer.json()["is_live"] is False
    assert "DU1234567" not in answer.text


async def test_a_symbol_is_added_in_capitals(client: httpx.AsyncClient, view: Any) -> None:
    answer = await client.post("/api/worklist", json={"symbol": " brk b "}, headers=BEARER)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": True, "command": "add_symbol"}
    assert view.commands == [{"command": "add_symbol", "by": "api", "symbol": "BRK B"}]


async def test_a_watched_symbol_is_removed(client: httpx.AsyncClient, view: Any) -> None:
    answer = await client.delete("/api/worklist/spy", headers=BEARER)
    assert answer.status_code == 202
    assert view.commands == [{"command": "remove_symbol", "by": "api", "symbol": "SPY"}]


async def test_a_symbol_that_is_not_watched_cannot_be_removed(
    client: httpx.AsyncClient, view: Any
) -> None:
    answer = await client.delete("/api/worklist/TSLA", headers=BEARER)
    assert answer.status_code == 404
    assert answer.json() == {"error": "TSLA is not on the watch list, so it cannot be removed"}
    assert view.commands == []


@pytest.mark.parametrize("symbol", ["", "  ", "<script>", "A" * 13, "Ä", "-X", "A\nB", "A;B"])
async def test_what_cannot_be_a_symbol_is_refused(
    client: httpx.AsyncClient, view: Any, symbol: str
) -> None:
    answer = await client.post("/api/worklist", json={"symbol": symbol}, headers=BEARER)
    assert answer.status_code == 400
    assert "expected 1 to 12 letters" in answer.json()["error"]
    assert view.commands == []


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "{}", '{"symbol": 1}', '{"symbol": "A", "x": 1}', b"\xff\xfe"]
)
async def test_a_wrong_body_is_refused_with_what_was_expected(
    client: httpx.AsyncClient, body: str
) -> None:
    answer = await client.post(
        "/api/worklist", content=body, headers=BEARER | {"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert 'expected {"symbol": "AAPL"}' in answer.json()["error"]


async def test_safe_mode_is_cleared_with_its_cause(
    client: httpx.AsyncClient, view: Any, status: BotStatus
) -> None:
    status.safe_mode = "10 attempts failed"
    view.show(status)
    answer = await client.post("/api/safe-mode/clear", json={"cause": "cable"}, headers=BEARER)
    assert answer.status_code == 202
    assert view.commands == [{"command": "clear_safe_mode", "by": "api", "cause": "cable"}]


@pytest.mark.parametrize(
    ("cause", "code"), [("", 400), ("   ", 400), ("x" * 501, 400), ("cable", 409)]
)
async def test_safe_mode_is_not_cleared_without_cause_or_need(
    client: httpx.AsyncClient, view: Any, cause: str, code: int
) -> None:
    answer = await client.post("/api/safe-mode/clear", json={"cause": cause}, headers=BEARER)
    assert answer.status_code == code
    assert view.commands == []


async def test_reconnect_needs_no_body(client: httpx.AsyncClient, view: Any) -> None:
    answer = await client.post("/api/reconnect", headers=BEARER)
    assert answer.status_code == 202
    assert view.commands == [{"command": "reconnect", "by": "api"}]


async def test_a_command_for_a_dead_bot_is_not_accepted(
    client: httpx.AsyncClient, view: Any
) -> None:
    view.lose_the_bot()
    view.takes_commands = False
    answer = await client.post("/api/reconnect", headers=BEARER)
    assert answer.status_code == 503
    assert "the bot is not running (waiting)" in answer.json()["error"]


async def test_an_unknown_path_and_a_wrong_method_are_one_sentence_each(
    client: httpx.AsyncClient,
) -> None:
    assert "nothing at /nowhere" in (await client.get("/nowhere")).json()["error"]
    wrong = await client.post("/health", headers=BEARER)
    assert (wrong.status_code, "not possible" in wrong.json()["error"]) == (405, True)


async def test_a_read_only_server_has_no_changing_routes(view: Any) -> None:
    async with client_of(create_app(view, token=TOKEN, read_only=True)) as client:
        for method, path in (
            ("POST", "/api/worklist"),
            ("DELETE", "/api/worklist/SPY"),
            ("POST", "/api/safe-mode/clear"),
            ("POST", "/api/reconnect"),
        ):
            answer = await client.request(method, path, headers=BEARER)
            assert answer.status_code in (404, 405), path
        assert "<form" not in (await client.get("/")).text
    assert view.commands == []


async def test_every_answer_validates_as_what_the_bot_sent(
    client: httpx.AsyncClient,
) -> None:
    """The status survives masking and passing on: other programs decode the same record."""
    bot = (await client.get("/api/bot/status")).json()["bot"]
    assert msgspec.convert(bot, BotStatus).watch_list[0].symbol == "SPY"


def test_a_short_token_is_refused(view: Any) -> None:
    with pytest.raises(ConfigurationError, match="at least 16"):
        create_app(view, token="short")  # noqa: S106
