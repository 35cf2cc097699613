"""Messages about orders; ``placeOrder`` itself is read in ``order``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.model.ids import OrderId
from ibelay.wire import requests as ask
from ibelay.wire.decode.contract import read_contract
from ibelay.wire.decode.order import read_place_order
from ibelay.wire.decode.table import Served, plain
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest


def _place_order(reader: FieldReader, version: int) -> ClientRequest:
    order_id = OrderId(reader.integer())
    return read_place_order(reader, order_id, read_contract(reader), version)


def _cancel_order(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.CancelOrder(OrderId(reader.integer()))


def _auto_open_orders(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestAutoOpenOrders(reader.flag())


def _completed_orders(reader: FieldReader, _version: int) -> ClientRequest:
    return ask.RequestCompletedOrders(reader.flag())


def _executions(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    request_id, client_id = reader.integer(), reader.integer()
    account, time, symbol = reader.text(), reader.text(), reader.text()
    sec_type, exchange, side = reader.text(), reader.text(), reader.text()
    return ask.RequestExecutions(
        request_id=request_id,
        client_id=client_id,
        account=account,
        time=time,
        symbol=symbol,
        sec_type=sec_type,
        exchange=exchange,
        side=side,
    )


def _exercise(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.ExerciseOptions(
        request_id=reader.integer(),
        contract=read_contract(reader, primary=False),
        action=reader.integer(),
        quantity=reader.integer(),
        account=reader.text(),
        override=reader.flag(),
    )


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        3: Served(_place_order, id_at=0),
        4: Served(_cancel_order, id_at=1),
        5: plain(ask.RequestOpenOrders()),
        7: Served(_executions, id_at=1),
        8: plain(ask.RequestIds()),
        15: Served(_auto_open_orders),
        16: plain(ask.RequestAllOpenOrders()),
        21: Served(_exercise, id_at=1),
        58: plain(ask.GlobalCancel()),
        99: Served(_completed_orders),
    }
)
