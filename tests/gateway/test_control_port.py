"""The control port: who may ask, what is answered, and what hostile visitors get."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import re
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ib_async import LimitOrder
from tests.gateway.conftest import PATIENCE_S, SPY, Connect

from ibelay.control.port import http
from ibelay.control.port.http import MAX_BODY, MAX_HEAD, Problem, Request
from ibelay.control.port.listener import MAX_VISITORS, ControlPort
from ibelay.control.port.remote import Remote
from ibelay.control.port.token import make_token, read_token, usual_file
from ibelay.errors import ConfigurationError, LinkError
from ibelay.gateway.control.front import Front
from ibelay.gateway.server import PaperGateway

TOKEN = "right"  # noqa: S105  # a test's


class Answer(NamedTuple):
    """What came back."""

    status: int
    content: Any


@pytest.fixture
async def port(paper: PaperGateway, tmp_path: Path) -> AsyncIterator[ControlPort]:
    file = tmp_path / "port.token"
    file.write_text(TOKEN)
    async with ControlPort(Front(paper), host="127.0.0.1", port=0, token_file=file) as listening:
        yield listening


async def send(port: ControlPort, data: bytes) -> Answer:
    """Send bytes; return what is answered until the port closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
    writer.write(data)
    answered = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    head, _end, body = answered.partition(b"\r\n\r\n")
    return Answer(int(head.split()[1]), json.loads(body))


async def ask(
    port: ControlPort, path: str, do: object = None, *, method: str = "", **headers: str
) -> Answer:
    """Ask as a program would; headers given replace the usual ones."""
    body = b"" if do is None else json.dumps({"do": do}).encode()
    usual = {
        "host": f"127.0.0.1:{port.port}",
        "authorization": f"Bearer {TOKEN}",
        "content-type": "application/json",
        "content-length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in usual.items() if value)
    first = f"{method or ('GET' if do is None else 'POST')} {path} HTTP/1.1\r\n"
    return await send(port, (first + lines + "\r\n").encode() + body)


@pytest.mark.parametrize("path", ["status", "clock", "book", "account", "clients", "faults"])
async def test_every_side_of_the_gateway_can_be_looked_at(
    port: ControlPort, paper: PaperGateway, connect: Connect, path: str
) -> None:
    client = await connect(paper, 7)
    trade = client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0))
    await client.until(lambda: trade.orderStatus.permId)
    answer = await ask(port, f"/{path}")
    assert answer.status == 200
    assert answer.content


async def test_commands_are_done_in_order_and_seen(port: ControlPort, paper: PaperGateway) -> None:
    answer = await ask(port, "/commands", ["pause", "drop orderStatus 2"])
    assert answer == Answer(200, {"done": ["pause: done", "drop orderStatus count=2: done"]})
    assert paper.clock.paused
    assert (await ask(port, "/status")).content["faults"] == ["drop orderStatus count=2"]


async def test_a_command_that_cannot_be_read_lets_none_of_the_list_be_done(
    port: ControlPort,
    paper: PaperGateway,
) -> None:
    answer = await ask(port, "/commands", ["pause", "frees"])
    assert answer.status == 400
    assert "did you mean freeze?" in answer.content["error"]
    assert not paper.clock.paused


async def test_a_command_that_cannot_be_done_says_why_and_what_was_done(
    port: ControlPort, paper: PaperGateway
) -> None:
    answer = await ask(port, "/commands", ["pause", "fill SPY", "resume"])
    assert (answer.status, answer.content["done"]) == (409, ["pause: done"])
    assert "no such order works" in answer.content["error"]
    assert paper.clock.paused


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example:80"}, 403),
        ({"host": ""}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Basic right"}, 401),
        ({"content_type": "text/plain"}, 415),
        ({"content_length": str(MAX_BODY + 1)}, 413),
        ({"content_length": "many"}, 400),
        ({"transfer_encoding": "chunked"}, 411),
        ({"x": "a" * MAX_HEAD}, 431),
    ],
)
async def test_what_is_not_a_program_with_the_token_is_refused_and_changes_nothing(
    port: ControlPort, paper: PaperGateway, headers: dict[str, str], status: int
) -> None:
    answer = await ask(port, "/commands", "pause", **headers)
    assert answer.status == status
    assert answer.content["error"]
    assert not paper.clock.paused


@pytest.mark.parametrize(
    ("path", "do", "method", "status"),
    [
        ("/nowhere", None, "GET", 404),
        ("/status", None, "DELETE", 405),
        ("/commands", None, "GET", 405),
        ("/commands", 5, "POST", 400),
        ("/commands", [], "POST", 400),
        ("/commands", ["pause"] * 101, "POST", 400),
    ],
)
async def test_wrong_questions_get_their_status(
    port: ControlPort, path: str, do: object, method: str, status: int
) -> None:
    assert (await ask(port, path, do, method=method)).status == status


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\r\n\r\n", b"API\0\r\n\r\n", b"GET / HTTP/9\r\n\r\n"]
)
async def test_garbage_is_answered_with_400(port: ControlPort, data: bytes) -> None:
    assert (await send(port, data)).status == 400


async def test_idle_visitors_are_limited_and_the_gateway_goes_on(
    port: ControlPort, paper: PaperGateway, connect: Connect
) -> None:
    idle = [await asyncio.open_connection("127.0.0.1", port.port) for _ in range(MAX_VISITORS)]
    one_more, writer = await asyncio.open_connection("127.0.0.1", port.port)
    with contextlib.suppress(ConnectionError):  # cut with a reset is as good
        assert await one_more.read() == b""
    client = await connect(paper)
    await client.ib.reqCurrentTimeAsync()
    for _reader, other in (*idle, (one_more, writer)):
        other.close()


@given(some.binary(max_size=200))
def test_any_bytes_are_a_request_a_problem_or_unfinished(data: bytes) -> None:
    for ending in (b"", b"\r\n\r\n"):
        assert isinstance(http.read(data + ending), Request | Problem | None)


def test_a_token_is_made_once_and_its_owner_alone_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "token"
    token = make_token(path)
    assert make_token(path) == read_token(path) == token
    assert len(token) > 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_state_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert usual_file(4070) == tmp_path / "ibelay" / "gateway-4070.token"


def test_a_token_file_that_is_of_no_use_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_token(tmp_path / "missing")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigurationError, match="holds no token"):
        read_token(tmp_path / "empty")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be made"):
        make_token(tmp_path / "file" / "token")


async def test_a_gateway_is_commanded_from_another_thread(
    port: ControlPort, tmp_path: Path
) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text(TOKEN)
    wrong.write_text("other")
    remote = Remote(port.port, right)
    assert await asyncio.to_thread(remote.do, ["pause"]) == ["pause: done"]
    assert (await asyncio.to_thread(remote.look, "/clock"))["paused"]
    with pytest.raises(ConfigurationError, match="is not this gateway's"):
        await asyncio.to_thread(Remote(port.port, wrong).look, "/clock")
    with pytest.raises(ConfigurationError, match="there is no such page"):
        await asyncio.to_thread(remote.look, "/weather")


async def test_nobody_there_is_one_sentence(port: ControlPort, tmp_path: Path) -> None:
    number = port.port
    await port.__aexit__(None, None, None)
    with pytest.raises(LinkError, match=f"no gateway answers at 127.0.0.1:{number}"):
        await asyncio.to_thread(Remote(number, tmp_path / "token").look, "/status")


@pytest.mark.parametrize("number", [-1, 0, 65536])
def test_a_port_that_does_not_exist_is_not_said_to_be_silent(number: int) -> None:
    with pytest.raises(ConfigurationError, match=f"port {number} does not exist"):
        Remote(number)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n{}", "is no gateway of ours"),
        (b'HTTP/1.1 200 OK\r\n\r\n{"done": [1]}', "is no gateway of ours"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", "is no gateway of ours"),
        (b"\0\0\0\x05176\0", "what it says is no HTTP"),
        (b"", "no gateway answers"),
    ],
)
async def test_what_listens_and_is_no_gateway_is_one_sentence(
    answer: bytes, problem: str, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        # What is closed with something unread is reset, and the answer may be lost with it.
        await reader.readexactly(int(asked.partition(b"Content-Length: ")[2].split()[0]))
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        remote = Remote(server.sockets[0].getsockname()[1], tmp_path / "token")
        with pytest.raises(LinkError, match=problem):
            await asyncio.to_thread(remote.do, ["pause"])


async def test_a_port_that_is_taken_is_one_sentence(port: ControlPort) -> None:
    taken = f"of 127.0.0.1 cannot be used ({os.strerror(errno.EADDRINUSE)}): choose another with"
    with pytest.raises(ConfigurationError, match=re.escape(taken)):
        async with ControlPort(port.whom, host="127.0.0.1", port=port.port):
            pass


async def test_a_free_port_has_its_token_where_it_is_looked_for(
    paper: PaperGateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    async with ControlPort(Front(paper), host="127.0.0.1", port=0) as listening:
        remote = Remote(listening.port)
        assert await asyncio.to_thread(remote.do, ["pause"]) == ["pause: done"]
