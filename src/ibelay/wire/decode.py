"""Client bytes to requests. A table of readers, one per message number.

A message that cannot be read, or is not served, is not an exception but a ``Refusal``
that carries IB's code and the request's id as far as that could be read: 320 for what
cannot be parsed, 322 for what is known and not served, 505 for unknown numbers.

**Source**: shared IB facts, section 6e.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from ibelay.errors import WireError
from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, ConId, OrderId
from ibelay.wire import requests as ask
from ibelay.wire.decode_order import read_place_order
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest, Refusal
from ibelay.wire.unserved import UNSERVED

CODE_UNREADABLE = 320
CODE_NOT_SERVED = 322
CODE_UNKNOWN_MESSAGE = 505
NO_ID = -1


def read_contract(reader: FieldReader) -> Contract:
    """Read the twelve fields of a contract."""
    con_id = reader.integer()
    symbol, sec_type, last_trade_date = reader.text(), reader.text(), reader.text()
    strike, right, multiplier = reader.decimal(), reader.text(), reader.decimal()
    exchange, primary, currency = reader.text(), reader.text(), reader.text()
    return Contract(
        con_id=ConId(con_id),
        symbol=symbol,
        sec_type=sec_type,
        last_trade_date=last_trade_date,
        strike=strike or Decimal(0),
        right=right,
        multiplier=multiplier or Decimal(1),
        exchange=exchange,
        primary_exchange=primary,
        currency=currency,
        local_symbol=reader.text(),
        trading_class=reader.text(),
    )


def _start_api(reader: FieldReader) -> ClientRequest:
    reader.skip()
    client_id = reader.integer()
    if client_id < 0:
        raise WireError(f"client id {client_id} is negative")
    return ask.StartApi(ClientId(client_id), reader.text() if reader.left else "")


def _market_data(reader: FieldReader) -> ClientRequest:
    reader.skip()
    request_id, contract = reader.integer(), read_contract(reader)
    if contract.sec_type == "BAG":
        reader.skip(4 * reader.integer())
    if reader.flag():
        reader.skip(3)
    reader.skip()
    snapshot, regulatory = reader.flag(), reader.flag()
    return ask.RequestMarketData(request_id, contract, snapshot or regulatory)


def _contract_details(reader: FieldReader) -> ClientRequest:
    reader.skip()
    return ask.RequestContractDetails(reader.integer(), read_contract(reader))


def _real_time_bars(reader: FieldReader) -> ClientRequest:
    reader.skip()
    request_id, contract = reader.integer(), read_contract(reader)
    reader.skip()  # the bar size; IB serves 5 seconds whatever is asked
    return ask.RequestRealTimeBars(request_id, contract, reader.text(), reader.flag())


def _historical_data(reader: FieldReader) -> ClientRequest:
    request_id, contract = reader.integer(), read_contract(reader)
    reader.skip()  # expired contracts included
    end, bar_size, duration = reader.text(), reader.text(), reader.text()
    regular, what, format_date = reader.flag(), reader.text(), reader.integer()
    if contract.sec_type == "BAG":
        reader.skip(4 * reader.integer())
    return ask.RequestHistoricalData(
        request_id=request_id,
        contract=contract,
        end=end,
        bar_size=bar_size,
        duration=duration,
        regular_hours=regular,
        what_to_show=what,
        format_date=format_date,
        keep_up_to_date=reader.flag(),
    )


def _executions(reader: FieldReader) -> ClientRequest:
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


def _account_updates_multi(reader: FieldReader) -> ClientRequest:
    reader.skip()
    return ask.RequestAccountUpdatesMulti(reader.integer(), reader.text(), reader.text())


def _account_summary(reader: FieldReader) -> ClientRequest:
    reader.skip()
    return ask.RequestAccountSummary(reader.integer(), reader.text(), reader.text())


def _account_updates(reader: FieldReader) -> ClientRequest:
    reader.skip()
    return ask.RequestAccountUpdates(reader.flag(), reader.text())


def _cancel_order(reader: FieldReader) -> ClientRequest:
    reader.skip()
    return ask.CancelOrder(OrderId(reader.integer()))


def _auto_open_orders(reader: FieldReader) -> ClientRequest:
    reader.skip()
    return ask.RequestAutoOpenOrders(reader.flag())


def _market_data_type(reader: FieldReader) -> ClientRequest:
    reader.skip()
    return ask.RequestMarketDataType(reader.integer())


def _log_level(reader: FieldReader) -> ClientRequest:
    reader.skip()
    return ask.SetServerLogLevel(reader.integer())


def _completed_orders(reader: FieldReader) -> ClientRequest:
    return ask.RequestCompletedOrders(reader.flag())


def _plain(request: ClientRequest) -> Callable[[FieldReader], ClientRequest]:
    """Return a reader of a message that says nothing but its number."""
    return lambda _reader: request


def _by_id(make: Callable[[int], ClientRequest]) -> Callable[[FieldReader], ClientRequest]:
    """Return a reader of a message with a version and a request id."""

    def read(reader: FieldReader) -> ClientRequest:
        reader.skip()
        return make(reader.integer())

    return read


PLACE_ORDER = 3
_READERS: Mapping[int, Callable[[FieldReader], ClientRequest]] = MappingProxyType(
    {
        1: _market_data,
        2: _by_id(ask.CancelMarketData),
        4: _cancel_order,
        5: _plain(ask.RequestOpenOrders()),
        6: _account_updates,
        7: _executions,
        8: _plain(ask.RequestIds()),
        9: _contract_details,
        14: _log_level,
        15: _auto_open_orders,
        16: _plain(ask.RequestAllOpenOrders()),
        17: _plain(ask.RequestManagedAccounts()),
        20: _historical_data,
        25: _by_id(ask.CancelHistoricalData),
        49: _plain(ask.RequestCurrentTime()),
        50: _real_time_bars,
        51: _by_id(ask.CancelRealTimeBars),
        58: _plain(ask.GlobalCancel()),
        59: _market_data_type,
        61: _plain(ask.RequestPositions()),
        62: _account_summary,
        63: _by_id(ask.CancelAccountSummary),
        64: _plain(ask.CancelPositions()),
        71: _start_api,
        76: _account_updates_multi,
        77: _by_id(ask.CancelAccountUpdatesMulti),
        99: _completed_orders,
    }
)
# Where the id stands in the messages served, counted in fields after the number.
_ID_AT: Mapping[int, int] = MappingProxyType(
    {1: 1, 2: 1, 3: 0, 4: 1, 7: 1, 9: 1, 20: 0, 25: 1, 50: 1, 51: 1, 62: 1, 63: 1, 76: 1, 77: 1}
)


def decode(payload: bytes, server_version: int) -> ClientRequest:
    """Read one message of a client.

    Args:
        payload: A frame's content.
        server_version: What was negotiated with this client.
    """
    reader = FieldReader(payload)
    try:
        number = reader.integer()
    except WireError as error:
        return Refusal(NO_ID, CODE_UNKNOWN_MESSAGE, f"Unknown message id: {error}")
    if number in UNSERVED:
        return _not_served(number, payload)
    try:
        if number == PLACE_ORDER:
            order_id = OrderId(reader.integer())
            return read_place_order(reader, order_id, read_contract(reader), server_version)
        read = _READERS.get(number)
        if read is None:
            return Refusal(NO_ID, CODE_UNKNOWN_MESSAGE, f"Unknown message id: {number}")
        return read(reader)
    except WireError as error:
        text = f"Error reading request {number}: {error}"
        return Refusal(_id_of(payload, _ID_AT.get(number)), CODE_UNREADABLE, text)


def _not_served(number: int, payload: bytes) -> Refusal:
    name, id_at = UNSERVED[number]
    text = f"Error processing request: the paper gateway does not serve {name}"
    return Refusal(_id_of(payload, id_at), CODE_NOT_SERVED, text)


def _id_of(payload: bytes, position: int | None) -> int:
    """Return the id a broken message seems to have, -1 if none can be read."""
    if position is None:
        return NO_ID
    reader = FieldReader(payload)
    try:
        reader.skip(1 + position)
        return reader.integer()
    except WireError:
        return NO_ID
