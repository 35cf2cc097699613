"""A contract as clients write it in most requests."""

from __future__ import annotations

from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.wire.fields import FieldReader


def read_contract(reader: FieldReader, *, primary: bool = True) -> Contract:
    """Read the twelve fields of a contract, or eleven without its primary exchange."""
    con_id = reader.integer()
    symbol, sec_type, last_trade_date = reader.text(), reader.text(), reader.text()
    strike, right, multiplier = reader.decimal(), reader.text(), reader.decimal()
    exchange, listed = reader.text(), reader.text() if primary else ""
    return Contract(
        con_id=ConId(con_id),
        symbol=symbol,
        sec_type=sec_type,
        last_trade_date=last_trade_date,
        strike=strike or Decimal(0),
        right=right,
        multiplier=multiplier or Decimal(1),
        exchange=exchange,
        primary_exchange=listed,
        currency=reader.text(),
        local_symbol=reader.text(),
        trading_class=reader.text(),
    )
