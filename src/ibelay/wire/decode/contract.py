"""A contract as clients write it in most requests."""

from __future__ import annotations

from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.wire.fields import FieldReader


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
