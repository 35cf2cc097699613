"""A gateway that does nothing but answer, to compare clients without an exchange's noise.

Run as a process of its own: ``answering_gateway.py BOOK`` prints its port, then serves
until its input ends. BOOK orders, each with an execution, are completed already.
"""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, ConId, ExecId, OrderId, PermId
from ibelay.model.order import Action
from ibelay.wire import encode, requests
from ibelay.wire.decode import decode
from ibelay.wire.encode import OrderView, completed_order, open_order
from ibelay.wire.framing import FrameDecoder
from ibelay.wire.handshake import API_PREFIX, encode_reply

ACCOUNT = "DU1234567"
VERSION = 178
NOW_NS = 1_381_239_000 * 10**9
SPY = Contract(symbol="SPY", con_id=ConId(756733), local_symbol="SPY", trading_class="SPY")


def _view(perm_id: int, order_id: int, client_id: int, status: str) -> OrderView:
    return OrderView(
        order_id=OrderId(order_id),
        client_id=ClientId(client_id),
        perm_id=PermId(perm_id),
        contract=SPY,
        action=Action.BUY,
        quantity=Decimal(100),
        order_type="LMT",
        limit_price=Decimal(1),
        status=status,
        account=ACCOUNT,
        order_ref=f"b:{perm_id}",
        filled=Decimal(100 if status == "Filled" else 0),
    )


def _execution(number: int) -> Execution:
    return Execution(
        exec_id=ExecId(f"0000e0d5.{number:08x}.01.01"),
        contract=SPY,
        account=ACCOUNT,
        action=Action.BUY,
        quantity=Decimal(100),
        price=Decimal(1),
        at_ns=NOW_NS,
        order_id=OrderId(number),
        perm_id=PermId(number),
        client_id=ClientId(99),
        order_ref=f"b:{number}",
    )


class Day:
    """What happened before the clients came: the same bytes for each of them."""

    def __init__(self, size: int) -> None:
        views = [_view(number, 0, 0, "Filled") for number in range(1, size + 1)]
        self.completed = b"".join(completed_order(view, VERSION) for view in views)
        self._fills = [_execution(number) for number in range(1, size + 1)]

    def executions(self, request_id: int) -> bytes:
        """Return every execution and its commission, in answer to a request."""
        return b"".join(
            encode.execution(request_id, fill, (fill.quantity, fill.price), VERSION)
            + encode.commission(CommissionReport(exec_id=fill.exec_id, commission=Decimal(1)))
            for fill in self._fills
        )


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._frames = FrameDecoder()
        self._greeted = False
        self._client_id = 0
        self._orders = 0
        self._perm_ids: dict[OrderId, int] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what TCP gives
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer everything that is complete."""
        self._frames.feed(data)
        if not self._greeted and not self._frames.take_prefix(API_PREFIX):
            return
        for payload in self._frames.frames():
            if self._greeted:
                self._transport.write(self._answer(decode(payload, VERSION)))
            else:
                self._greeted = True
                self._transport.write(encode_reply(VERSION, "20131008 09:30:00 US/Eastern"))

    def _answer(self, request: requests.ClientRequest) -> bytes:  # noqa: C901, PLR0911 - a table
        match request:
            case requests.StartApi():
                self._client_id = request.client_id
                return encode.managed_accounts([ACCOUNT]) + encode.next_valid_id(OrderId(1))
            case requests.PlaceOrder():
                return self._accept(request.order_id)
            case requests.CancelOrder():
                return self._status(request.order_id, "Cancelled", self._perm_ids[request.order_id])
            case requests.RequestPositions():
                return encode.position_end()
            case requests.RequestOpenOrders() | requests.RequestAllOpenOrders():
                return encode.open_order_end()
            case requests.RequestCompletedOrders():
                return self._day.completed + encode.completed_orders_end()
            case requests.RequestExecutions():
                end = encode.execution_end(request.request_id)
                return self._day.executions(request.request_id) + end
            case requests.RequestAccountUpdates():
                return encode.account_download_end(ACCOUNT)
            case requests.RequestAccountUpdatesMulti():
                return encode.account_update_multi_end(request.request_id)
            case requests.RequestCurrentTime():
                return encode.current_time(NOW_NS)
            case _:
                return b""

    def _accept(self, order_id: OrderId) -> bytes:
        self._orders += 1
        perm_id = 1_000_000 * (self._client_id + 1) + self._orders
        self._perm_ids[order_id] = perm_id
        view = _view(perm_id, order_id, self._client_id, "Submitted")
        return open_order(view, VERSION) + self._status(order_id, "Submitted", perm_id)

    def _status(self, order_id: OrderId, status: str, perm_id: int) -> bytes:
        return encode.order_status(
            order_id,
            status,
            filled=Decimal(0),
            remaining=Decimal(100),
            average_price=Decimal(0),
            last_price=Decimal(0),
            perm_id=PermId(perm_id),
            parent_id=OrderId(0),
            client_id=ClientId(self._client_id),
            why_held="",
        )


async def serve(book: int) -> None:
    """Serve on a free port until the input ends."""
    day = Day(book)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(day), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
