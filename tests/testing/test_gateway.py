"""A gateway in a thread of its own."""

from __future__ import annotations

import gc
import socket

import pytest

from ibelay.errors import ConfigurationError
from ibelay.gateway.options import GatewayOptions
from ibelay.testing.gateway import RunningGateway


def test_it_listens_within_its_block_and_not_after() -> None:
    with RunningGateway(GatewayOptions(port=0, symbols=("SPY",))) as running:
        address = (running.host, running.port)
        socket.create_connection(address, timeout=5).close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address, timeout=5)
    with pytest.raises(RuntimeError, match="within its `with` block"):
        _ = running.port


def test_what_cannot_be_served_is_said_on_entering() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        options = GatewayOptions(port=taken.getsockname()[1], symbols=("SPY",))
        with pytest.raises(ConfigurationError, match="cannot be used"), RunningGateway(options):
            pass


def test_a_body_that_fails_stops_the_gateway_as_well() -> None:
    options = GatewayOptions(port=0, symbols=("SPY",))
    running = RunningGateway(options)

    def fail() -> None:
        with running:
            address.append(running.port)
            raise ZeroDivisionError

    address: list[int] = []
    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", address[0]), timeout=5)


def test_it_does_what_it_is_told_and_says_what_it_cannot() -> None:
    with RunningGateway(GatewayOptions(port=0, symbols=("SPY",), start="10:00")) as running:
        assert running.do("pause", "manual-trade BUY 5 SPY")[0] == "pause: done"
        assert running.positions()["SPY"].quantity == 5
        with pytest.raises(ConfigurationError, match="did you mean freeze"):
            running.do("frees")
        with pytest.raises(ConfigurationError, match="no such order works"):
            running.do("fill SPY")


def test_a_client_that_comes_while_the_gateway_goes_is_closed_as_well() -> None:
    """What is not closed is found by the collector, and pytest takes its warning for an error."""
    for _ in range(5):
        with RunningGateway(GatewayOptions(port=0, symbols=("SPY",))) as running:
            socket.create_connection((running.host, running.port), timeout=5).close()
    gc.collect()
