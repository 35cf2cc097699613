"""The client asks again for what is live, under the ids the tables know."""

from __future__ import annotations

import asyncio
from typing import Any

import ib_async
from ib_async.client import Client

from ibelay.dropin.client import KeptClient
from ibelay.dropin.wrapper import LivingWrapper

SPY = ib_async.Stock("SPY", "SMART", "USD", conId=1)


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[list[str]] = []

    def write(self, data: Any) -> None:
        self.sent.append(bytes(data)[4:].decode().split("\0")[:-1])

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        pass


def connected(client: KeptClient) -> Wire:
    """Give *client* a connection and return it."""
    wire = Wire()
    client.conn.connection_made(wire)
    client.conn.transport = wire
    client.connState = Client.CONNECTED
    client._serverVersion = 178
    return wire


async def test_streams_are_asked_for_again_as_they_were_and_only_live_ones() -> None:
    client = KeptClient(LivingWrapper(ib_async.IB(), ib_async.IBDefaults()))
    any_client: Any = client
    first = connected(client)
    any_client.reqMarketDataType(3)
    any_client.reqMktData(1, SPY, "233", False, False, [])
    any_client.reqMktData(2, SPY, "", True, False, [])  # a snapshot ends by itself
    any_client.reqHistoricalData(3, SPY, "", "1 D", "1 min", "TRADES", True, 1, True, [])
    any_client.reqHistoricalData(4, SPY, "", "1 D", "1 min", "TRADES", True, 1, False, [])
    any_client.reqTickByTickData(5, SPY, "Last", 0, False)
    any_client.reqPnL(6, "DU1", "")
    any_client.reqRealTimeBars(7, SPY, 5, "TRADES", True, [])
    any_client.cancelRealTimeBars(7)
    asked = list(first.sent)
    client.renew()
    any_client.cancelPnL(6)  # during the outage: there is nothing to tell the gateway
    second = connected(client)
    client.restore()
    assert second.sent == [asked[number] for number in (0, 1, 3, 5)]


async def test_ids_go_on_over_connections() -> None:
    """A request under the id of an order would give the order the request's errors."""
    client = KeptClient(LivingWrapper(ib_async.IB(), ib_async.IBDefaults()))
    client.count_from(41)
    client.renew()
    client._apiReady = True
    client.count_from(7)  # the gateway's next valid id has rolled back
    assert client.getReqId() == 41
