"""One message of a gateway to a value, for server versions 157 to 178.

What is read is found by counting from the beginning of a message; the numbers of fields are
those of the layout the encoder writes, so that both say the same of IB's protocol. What must be
right is proved where foreign clients read the encoder's messages.

**Source**: shared IB facts, section 6d.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from ibelay.errors import WireError
from ibelay.model.contract import Contract
from ibelay.model.faults.messages import BY_NUMBER, Message
from ibelay.model.ids import ClientId, ConId, OrderId, PermId
from ibelay.model.order import Action
from ibelay.wire.answers import values as told
from ibelay.wire.answers.values import Answer
from ibelay.wire.encode.order import layout
from ibelay.wire.fields import FieldReader

_ENDS = frozenset(
    {
        "openOrderEnd",
        "accountDownloadEnd",
        "execDetailsEnd",
        "positionEnd",
        "positionMultiEnd",
        "completedOrdersEnd",
        "contractDetailsEnd",
        "historicalDataEnd",
    }
)
_ACTIONS = {"BUY": Action.BUY, "BOT": Action.BUY}
_SELLS = frozenset({"SELL", "SSHORT", "SLD"})
_MAX_LONG = 2**63 - 1


def read(payload: bytes, server_version: int) -> Answer:
    """Return what *payload* says; never raises, whatever the bytes are.

    Args:
        payload: A frame's content, after the handshake.
        server_version: What was negotiated with the client it goes to.
    """
    reader = FieldReader(payload)
    try:
        number = reader.integer()
    except WireError as error:
        return told.Garbled(f"no message number: {error}")
    known = BY_NUMBER.get(number)
    if known is None:
        return told.OtherTold("?")
    try:
        special = _READERS.get(known.name)
        return special(reader, server_version) if special else _common(known, reader)
    except WireError as error:
        return told.Garbled(f"{known.name}: {error}")


def _common(known: Message, reader: FieldReader) -> Answer:
    """Read a message of which only the name and the request id matter."""
    if not known.stream and known.name not in _ENDS:
        return told.OtherTold(known.name)
    request_id: int | None = None
    if known.id_at is not None:
        reader.skip(known.id_at - 1)
        request_id = reader.integer()
    if known.stream and request_id is not None:
        return told.TickTold(known.name, request_id)
    return told.EndTold(known.name, request_id)


def _accounts(reader: FieldReader, _version: int) -> Answer:
    reader.skip()
    return told.AccountsTold(tuple(name for name in reader.text().split(",") if name))


def _next_id(reader: FieldReader, _version: int) -> Answer:
    reader.skip()
    return told.NextIdTold(OrderId(reader.integer()))


def _notice(reader: FieldReader, _version: int) -> Answer:
    reader.skip()
    return told.NoticeTold(reader.integer(), reader.integer(), reader.text())


def _open_order(reader: FieldReader, version: int) -> Answer:
    order_id, contract = OrderId(reader.integer()), _contract(reader)
    action, quantity, order_type = _action(reader), _amount(reader), reader.text()
    limit_price, aux_price, _tif = reader.decimal(), reader.decimal(), reader.text()
    oca_group, account = reader.text(), reader.text()
    terms = reader.named([name for name, _default in layout.TERMS])
    client_id, perm_id = ClientId(reader.integer()), _perm_id(reader)
    reader.skip(_between_perm_id_and_sizes(version))
    sizes = reader.named([name for name, _default in layout.OPEN_SIZES])
    return told.OrderTold(
        order_id=order_id,
        contract=contract,
        action=action,
        quantity=quantity,
        order_type=order_type,
        limit_price=limit_price,
        aux_price=aux_price,
        oca_group=oca_group,
        account=account,
        order_ref=terms["orderRef"],
        client_id=client_id,
        perm_id=perm_id,
        parent_id=OrderId(int(sizes["parentId"]) if sizes["parentId"].isdecimal() else 0),
    )


def _between_perm_id_and_sizes(version: int) -> int:
    blocks = [layout.TIMES, layout.ADVISORS, layout.SHORT_SALE, layout.AUCTION]
    blocks += [layout.PRICES, layout.DISPLAY]
    if version < layout.FA_PROFILE_GONE:
        blocks.append(layout.FA_PROFILE)
    shares_allocation = 1
    return sum(map(len, blocks)) + shares_allocation


def _status(reader: FieldReader, _version: int) -> Answer:
    order_id, status = OrderId(reader.integer()), reader.text()
    filled, remaining = _amount(reader), _amount(reader)
    reader.skip()  # average price
    perm_id, parent_id = _perm_id(reader), OrderId(reader.integer())
    reader.skip()  # last price
    return told.StatusTold(
        order_id=order_id,
        status=status,
        filled=filled,
        remaining=remaining,
        perm_id=perm_id,
        parent_id=parent_id,
        client_id=ClientId(reader.integer()),
    )


def _execution(reader: FieldReader, _version: int) -> Answer:
    request_id, order_id = reader.integer(), OrderId(reader.integer())
    contract, exec_id = _contract(reader), reader.text()
    _time, account, _exchange = reader.texts(3)
    action, quantity, price = _action(reader), _amount(reader), _amount(reader)
    perm_id, client_id = _perm_id(reader), ClientId(reader.integer())
    reader.skip(3)  # liquidation, cumulative quantity, average price
    return told.ExecutionTold(
        request_id=request_id,
        order_id=order_id,
        contract=contract,
        exec_id=exec_id,
        account=account,
        action=action,
        quantity=quantity,
        price=price,
        perm_id=perm_id,
        client_id=client_id,
        order_ref=reader.text(),
    )


def _commission(reader: FieldReader, _version: int) -> Answer:
    reader.skip()
    return told.CommissionTold(reader.text(), reader.decimal())


def _position(reader: FieldReader, _version: int) -> Answer:
    reader.skip()
    return told.PositionTold(reader.text(), _contract(reader), _amount(reader))


def _contract(reader: FieldReader) -> Contract:
    """Read the eleven fields by which a server names a contract."""
    con_id, symbol, sec_type, last_trade_date = (
        reader.integer(),
        reader.text(),
        reader.text(),
        reader.text(),
    )
    strike, right, multiplier = reader.decimal(), reader.text(), reader.decimal()
    return Contract(
        con_id=ConId(con_id),
        symbol=symbol,
        sec_type=sec_type,
        last_trade_date=last_trade_date,
        strike=strike or Decimal(0),
        right="" if right in {"?", "0"} else right,
        multiplier=multiplier or Decimal(1),
        exchange=reader.text(),
        currency=reader.text(),
        local_symbol=reader.text(),
        trading_class=reader.text(),
    )


def _action(reader: FieldReader) -> Action:
    text = reader.text()
    if text in _ACTIONS:
        return _ACTIONS[text]
    if text in _SELLS:
        return Action.SELL
    raise WireError(f"{text[:20]!r} is no side of an order")


def _amount(reader: FieldReader) -> Decimal:
    return reader.decimal() or Decimal(0)


def _perm_id(reader: FieldReader) -> PermId:
    """Read a permId, which can need more than 32 bits."""
    number = reader.decimal() or Decimal(0)
    if number != int(number) or not 0 <= number <= _MAX_LONG:
        raise WireError(f"{number} is no permId")
    return PermId(int(number))


_READERS: Mapping[str, Callable[[FieldReader, int], Answer]] = MappingProxyType(
    {
        "managedAccounts": _accounts,
        "nextValidId": _next_id,
        "error": _notice,
        "openOrder": _open_order,
        "orderStatus": _status,
        "execDetails": _execution,
        "commissionReport": _commission,
        "position": _position,
    }
)
