"""A scripted gateway on a real socket, and what the link's tests share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TypeVar

import pytest

from ibelay.ib.connector import IbConnector
from ibelay.ib.link import IbLink
from ibelay.model.contract import Contract
from ibelay.model.events import BrokerEvent
from ibelay.model.ids import ClientId, ConId, OrderId
from ibelay.ports.broker import Address
from ibelay.wire import encode, requests
from ibelay.wire.decode import decode
from ibelay.wire.framing import FrameDecoder
from ibelay.wire.handshake import API_PREFIX, encode_reply

T = TypeVar("T")

SPY = Contract(
    symbol="SPY",
    con_id=ConId(756733),
    primary_exchange="ARCA",
    local_symbol="SPY",
    trading_class="SPY",
)
ACCOUNT = "DU1234567"
NOW_NS = 1_381_239_000 * 10**9
SHORT_S = 5.0  # far longer than anything here takes; a test that waits it out fails


class RealClock:
    """The machine's own clocks: these tests use real sockets."""

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()  # noqa: TID251 - the shell of these tests owns the clock

    def wall_ns(self) -> int:
        return time.time_ns()  # noqa: TID251 - the same


class Peer(asyncio.Protocol):
    """The gateway's end of one connection; keeps requests until the test asks for them."""

    def __init__(self, gateway: ScriptedGateway) -> None:
        self.gateway = gateway
        self.requests: asyncio.Queue[requests.ClientRequest] = asyncio.Queue()
        self.raw: list[bytes] = []
        self.gone = asyncio.Event()
        self.transport: asyncio.Transport
        self._frames = FrameDecoder()
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.gateway.peers.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()

    def data_received(self, data: bytes) -> None:
        if self.gateway.mute:
            return
        self._frames.feed(data)
        if not self._greeted and not self._frames.take_prefix(API_PREFIX):
            return
        for payload in self._frames.frames():
            self._take(payload)

    def _take(self, payload: bytes) -> None:
        if not self._greeted:
            self._greeted = True
            self.send(self.gateway.greeting)
            return
        self.raw.append(payload)
        request = decode(payload, 178)
        self.requests.put_nowait(request)
        answer = self.gateway.answers.get(type(request))
        if answer is not None:
            answer(self, request)

    def send(self, *messages: bytes) -> None:
        """Send *messages* in one segment."""
        self.transport.write(b"".join(messages))

    async def asked(self, kind: type[T]) -> T:
        """Return the next request of *kind*; those before it are passed over."""
        async with asyncio.timeout(SHORT_S):
            while True:
                request = await self.requests.get()
                if isinstance(request, kind):
                    return request


Answer = Callable[[Peer, requests.ClientRequest], object]


class ScriptedGateway:
    """Does what ``answers`` says per kind of request, and nothing else."""

    def __init__(self) -> None:
        self.mute = False
        self.greeting = encode_reply(178, "20131008 09:30:00 US/Eastern")
        self.answers: dict[type, Answer] = {}
        self.peers: list[Peer] = []
        self.port = 0

    @property
    def peer(self) -> Peer:
        """The latest connection."""
        return self.peers[-1]

    def log_on(self, accounts: tuple[str, ...] = (ACCOUNT,), next_id: int = 7) -> None:
        """Answer startApi like a gateway that is logged in."""
        self.answers[requests.StartApi] = lambda peer, _: peer.send(
            encode.managed_accounts(accounts),
            encode.next_valid_id(OrderId(next_id)),
            encode.error(-1, 2104, "Market data farm connection is OK:usfarm"),
        )

    def synchronise(self) -> None:
        """Answer a snapshot's requests like an account where nothing ever happened."""
        self.answers |= {
            requests.RequestPositions: lambda peer, _: peer.send(encode.position_end()),
            requests.RequestAllOpenOrders: lambda peer, _: peer.send(encode.open_order_end()),
            requests.RequestCompletedOrders: lambda peer, _: peer.send(
                encode.completed_orders_end()
            ),
            requests.RequestExecutions: _end_executions,
            requests.RequestCurrentTime: lambda peer, _: peer.send(encode.current_time(NOW_NS)),
        }


def _end_executions(peer: Peer, request: requests.ClientRequest) -> None:
    assert isinstance(request, requests.RequestExecutions)
    peer.send(encode.execution_end(request.request_id))


class Seen(list[BrokerEvent]):
    """A sink that keeps all events and lets a test wait for one."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def __call__(self, event: BrokerEvent) -> None:
        self.append(event)
        self._more.set()

    def of(self, kind: type[T]) -> list[T]:
        """Return the events of *kind* so far."""
        return [event for event in self if isinstance(event, kind)]

    async def wait(self, kind: type[T], count: int = 1) -> list[T]:
        """Return the events of *kind* once there are *count*."""
        async with asyncio.timeout(SHORT_S):
            while len(self.of(kind)) < count:
                self._more.clear()
                await self._more.wait()
        return self.of(kind)


@pytest.fixture
async def gateway() -> AsyncIterator[ScriptedGateway]:
    """A gateway that accepts, greets, and answers only what a test scripts."""
    scripted = ScriptedGateway()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Peer(scripted), "127.0.0.1", 0)
    scripted.port = server.sockets[0].getsockname()[1]
    yield scripted
    server.close()
    for peer in scripted.peers:
        peer.transport.abort()
        await peer.gone.wait()
    await server.wait_closed()


@pytest.fixture
def seen() -> Seen:
    """The sink of the link."""
    return Seen()


@pytest.fixture
def connector() -> IbConnector:
    """The connector under test."""
    return IbConnector(RealClock())


@pytest.fixture
def address(gateway: ScriptedGateway) -> Address:
    """Where the scripted gateway listens."""
    return Address(host="127.0.0.1", port=gateway.port, client_id=ClientId(3))


@pytest.fixture
async def link(
    gateway: ScriptedGateway, seen: Seen, connector: IbConnector, address: Address
) -> AsyncIterator[IbLink]:
    """A link that is logged on to the scripted gateway."""
    gateway.log_on()
    opened = await connector.open(address, seen, timeout_s=SHORT_S)
    yield opened
    opened.abort()
    with suppress(asyncio.CancelledError):
        await opened.closed()
