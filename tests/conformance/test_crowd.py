"""All foreign clients on one gateway, and as many sessions as it takes."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.conformance.conftest import required
from tests.conformance.environments import CLIENTS
from tests.conformance.orders import LIMIT, WORKING, place
from tests.conformance.remote import PATIENCE_S, Remote, started

MAX_SESSIONS = 32


@pytest.fixture
def crowd(port: int) -> Iterator[list[Remote]]:
    """Every foreign client, each with its own client id, connected to one gateway."""
    with ExitStack() as stack:
        remotes = []
        for client_id, client in enumerate(CLIENTS, 1):
            remote = stack.enter_context(started(required(client)))
            assert remote.connect(port, client_id) == client.server_version
            remotes.append(remote)
        yield remotes


def bare_session(stack: ExitStack, port: int, client_id: int) -> socket.socket:
    """Open one more session with a few bytes, up to the answer to ``startApi``."""
    line = stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE_S))
    hello = b"v157..178"
    line.sendall(b"API\0" + struct.pack(">I", len(hello)) + hello)
    assert line.recv(4096)
    start = f"71\x002\x00{client_id}\x00\x00".encode()
    line.sendall(struct.pack(">I", len(start)) + start)
    assert line.recv(4096)
    return line


def test_each_trades_and_hears_of_its_own_orders_alone(crowd: list[Remote]) -> None:
    """All at once; order ids are each client's own, and so are statuses and fills."""
    bought = [place(r, action="BUY", orderType="MKT", totalQuantity=100) for r in crowd]
    resting = [place(r, **LIMIT) for r in crowd]
    assert all(order.settled(100.0) for order in bought)
    assert all(order.reached(*WORKING) for order in resting)
    own = {order.order_id for order in (*bought, *resting)}
    for client_id, (remote, order) in enumerate(zip(crowd, resting, strict=True), 1):
        assert order.cancelled()
        heard = remote.since(order.mark)
        statuses = [event.args for event in heard if event.name == "orderStatus"]
        assert {args[0] for args in statuses} <= own
        assert {args[8] for args in statuses} == {client_id}
    assert [remote.complaints() for remote in crowd] == [[] for _ in crowd]


def test_positions_are_the_accounts_and_everybody_is_told(crowd: list[Remote]) -> None:
    """Each buys a hundred; each sees all of them."""
    for remote in crowd:
        assert place(remote, action="BUY", orderType="MKT", totalQuantity=100).settled(100.0)
    for remote in crowd:
        remote.catch_up()  # some libraries subscribe by themselves and heard of each purchase
        _told, mark = remote.call("reqPositions")
        remote.expect("positionEnd", mark=mark)
        held = [e.args for e in remote.since(mark) if e.name == "position"]
        assert {float(args[2]) for args in held} == {100.0 * len(crowd)}


def test_the_thirty_third_session_is_refused_until_one_goes(crowd: list[Remote], port: int) -> None:
    """Six foreign ones, twenty-six of a few bytes, and then one too many."""
    with ExitStack() as stack:
        first_bare = len(crowd) + 1
        lines = [
            bare_session(stack, port, client_id)
            for client_id in range(first_bare, MAX_SESSIONS + 1)
        ]
        assert len(crowd) + len(lines) == MAX_SESSIONS
        late = next(client for client in CLIENTS if client.name == "ibapi-latest")
        with started(late) as refused:
            assert 502 in refused.try_to_connect(port, 99)
        crowd[-1].disconnect()
        crowd[0].call("reqCurrentTime")
        with started(late) as welcome:
            assert welcome.connect(port, 99) == late.server_version
