"""What is traded."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.model.ids import ConId


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """An instrument as IB identifies it.

    ``con_id`` 0 means "not resolved yet". Two contracts are the same instrument when their
    ``con_id`` is the same and not 0. ``multiplier`` is 1 for stocks.
    """

    symbol: str
    sec_type: str = "STK"
    exchange: str = "SMART"
    currency: str = "USD"
    con_id: ConId = ConId(0)
    primary_exchange: str = ""
    last_trade_date: str = ""
    strike: Decimal = Decimal(0)
    right: str = ""
    multiplier: Decimal = Decimal(1)
    local_symbol: str = ""
    trading_class: str = ""
