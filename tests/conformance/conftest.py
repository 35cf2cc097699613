"""A gateway in a thread of its own, and foreign clients in processes of theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.conformance.environments import CLIENTS, ForeignClient, missing
from tests.conformance.matrix import running_gateway
from tests.conformance.remote import Remote, started


def required(client: ForeignClient) -> ForeignClient:
    """Return *client*; without it, the test is skipped here and fails where CI runs."""
    if reason := missing(client):
        if os.environ.get("CI"):
            pytest.fail(f"CI must have every client: {reason}")
        pytest.skip(reason)
    return client


@pytest.fixture(params=CLIENTS, ids=lambda client: client.key)
def client(request: pytest.FixtureRequest) -> ForeignClient:
    """Each foreign client in turn."""
    wanted: ForeignClient = request.param
    return required(wanted)


@pytest.fixture
def port() -> Iterator[int]:
    """A gateway of its own for the test, which trades SPY; its port."""
    with running_gateway("SPY") as listening:
        yield listening


@pytest.fixture
def remote(client: ForeignClient) -> Iterator[Remote]:
    """The foreign client, not yet connected."""
    with started(client) as running:
        yield running
