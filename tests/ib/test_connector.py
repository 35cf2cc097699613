"""Opening: every way it can fail, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import socket
import weakref

import pytest
from tests.ib.conftest import ACCOUNT, SHORT_S, SPY, RealClock, ScriptedGateway, Seen

from ibelay.errors import (
    BrokerRefusedError,
    ClientIdInUseError,
    GatewayMuteError,
    LinkError,
    NotLoggedInError,
)
from ibelay.ib.connector import IbConnector
from ibelay.model.events import LinkClosed, NoticeSeen
from ibelay.model.ids import ClientId
from ibelay.ports.broker import Address, BrokerConnector
from ibelay.wire import encode, requests
from ibelay.wire.handshake import encode_reply


async def test_open_tells_version_accounts_and_next_id(
    gateway: ScriptedGateway, connector: IbConnector, address: Address, seen: Seen
) -> None:
    typed: BrokerConnector = connector
    gateway.log_on(accounts=(ACCOUNT, "DU7"), next_id=41)
    link = await typed.open(address, seen, timeout_s=SHORT_S)
    assert (link.server_version, link.accounts, link.next_order_id) == (178, (ACCOUNT, "DU7"), 41)
    assert (await gateway.peer.asked(requests.StartApi)).client_id == 3
    assert [notice.code for notice in await seen.wait(NoticeSeen)] == [2104]
    link.abort()
    await link.closed()


async def test_nothing_is_asked_before_a_snapshot(
    gateway: ScriptedGateway, connector: IbConnector, address: Address, seen: Seen
) -> None:
    """Open does the handshake and startApi only."""
    gateway.log_on()
    link = await connector.open(address, seen, timeout_s=SHORT_S)
    link.abort()
    await gateway.peer.gone.wait()
    assert len(gateway.peer.raw) == 1


async def test_a_mute_gateway_is_named_after_the_timeout(
    gateway: ScriptedGateway, connector: IbConnector, address: Address, seen: Seen
) -> None:
    gateway.mute = True
    with pytest.raises(GatewayMuteError, match="did not answer the API handshake within"):
        await connector.open(address, seen, timeout_s=0.05)
    await asyncio.wait_for(gateway.peer.gone.wait(), SHORT_S)
    assert seen.of(LinkClosed) == []


async def test_a_gateway_that_never_names_its_accounts_is_mute(
    gateway: ScriptedGateway, connector: IbConnector, address: Address, seen: Seen
) -> None:
    with pytest.raises(GatewayMuteError, match="did not name its accounts"):
        await connector.open(address, seen, timeout_s=0.05)
    await asyncio.wait_for(gateway.peer.gone.wait(), SHORT_S)


async def test_326_is_raised_at_once_and_told(
    gateway: ScriptedGateway, connector: IbConnector, address: Address, seen: Seen
) -> None:
    """The gateway leaves the socket open, as a hung one does; nobody waits for it."""
    gateway.answers[requests.StartApi] = lambda peer, _: peer.send(
        encode.error(-1, 326, "Unable to connect as the client id is already in use.")
    )
    async with asyncio.timeout(SHORT_S):
        with pytest.raises(ClientIdInUseError, match="client id 3"):
            await connector.open(address, seen, timeout_s=1000)
        await gateway.peer.gone.wait()
    assert [notice.code for notice in seen.of(NoticeSeen)] == [326]


async def test_no_account_is_not_logged_in(
    gateway: ScriptedGateway, connector: IbConnector, address: Address, seen: Seen
) -> None:
    gateway.log_on(accounts=())
    with pytest.raises(NotLoggedInError, match="manages no account"):
        await connector.open(address, seen, timeout_s=1000)
    await asyncio.wait_for(gateway.peer.gone.wait(), SHORT_S)


async def test_refused_says_what_to_check(connector: IbConnector, seen: Seen) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        address = Address(host="127.0.0.1", port=port, client_id=ClientId(1))
        with pytest.raises(LinkError, match=f"nothing listens at 127.0.0.1:{port}; start TWS"):
            await connector.open(address, seen, timeout_s=SHORT_S)


async def test_a_full_backlog_is_unreachable_not_mute(connector: IbConnector, seen: Seen) -> None:
    """The kernel drops the SYN: the socket never opens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        address = Address(host="127.0.0.1", port=port, client_id=ClientId(1))
        with socket.create_connection(("127.0.0.1", port)):
            with pytest.raises(LinkError, match="did not accept a connection within") as raised:
                await connector.open(address, seen, timeout_s=0.05)
            assert not isinstance(raised.value, GatewayMuteError)


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
async def test_an_end_in_the_middle_names_the_last_notice(
    gateway: ScriptedGateway, connector: IbConnector, address: Address, seen: Seen, *, reset: bool
) -> None:
    def leave(peer: object, _: object) -> None:
        gateway.peer.send(encode.error(-1, 10141, "Paper trading disclaimer must be accepted"))
        if reset:
            asyncio.get_running_loop().call_soon(_reset, gateway)
        else:
            gateway.peer.transport.close()

    gateway.answers[requests.StartApi] = leave
    with pytest.raises(LinkError, match="ended the connection before the logon") as raised:
        await connector.open(address, seen, timeout_s=1000)
    assert reset or "10141: Paper trading disclaimer" in str(raised.value)
    assert seen.of(LinkClosed) == []


def _reset(gateway: ScriptedGateway) -> None:
    peer: socket.socket = gateway.peer.transport.get_extra_info("socket")
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    gateway.peer.transport.abort()


@pytest.mark.parametrize("version", [100, 201])
async def test_a_version_we_would_misread_is_refused(
    version: int, gateway: ScriptedGateway, connector: IbConnector, address: Address, seen: Seen
) -> None:
    gateway.greeting = encode_reply(version, "20131008 09:30:00 US/Eastern")
    with pytest.raises(BrokerRefusedError, match=f"version {version}, expected 157 to 178"):
        await connector.open(address, seen, timeout_s=1000)


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\0\0\0\5hello"])
async def test_another_protocol_is_not_waited_for(
    greeting: bytes,
    gateway: ScriptedGateway,
    connector: IbConnector,
    address: Address,
    seen: Seen,
) -> None:
    gateway.greeting = greeting
    async with asyncio.timeout(SHORT_S):
        with pytest.raises(LinkError):
            await connector.open(address, seen, timeout_s=1000)


async def test_a_cancelled_open_leaves_no_connection(
    gateway: ScriptedGateway, connector: IbConnector, address: Address, seen: Seen
) -> None:
    """Otherwise the next attempt would find our own client id in use."""
    async with asyncio.timeout(SHORT_S):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connector.open(address, seen, timeout_s=1000), 0.05)
        await gateway.peer.gone.wait()


async def test_a_closed_link_is_freed(
    gateway: ScriptedGateway, address: Address, seen: Seen
) -> None:
    gateway.log_on()
    connector = IbConnector(RealClock())
    links = []
    for _ in range(5):
        link = await connector.open(address, seen, timeout_s=SHORT_S)
        link.abort()
        await link.closed()
        links += [weakref.ref(link), weakref.ref(link._write), weakref.ref(link._raw)]
        del link
    gc.collect()
    assert [ref() for ref in links] == [None] * len(links)
    assert len(seen.of(LinkClosed)) == 5


async def test_no_link_uses_a_request_id_of_an_earlier_one(
    gateway: ScriptedGateway, connector: IbConnector, address: Address, seen: Seen
) -> None:
    """A gateway that came back may refuse the ids of before as duplicates (F32)."""
    used: list[int] = []
    for _ in range(2):
        gateway.log_on()
        link = await connector.open(address, seen, timeout_s=SHORT_S)
        used += [link.subscribe_quotes(SPY), link.subscribe_bars(SPY)]
        link.abort()
        await link.closed()
    assert len(set(used)) == len(used)
