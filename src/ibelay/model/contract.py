"""What is traded."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.model.ids import ConId


@dataclass(frozen=True, slots=True, kw_only=True)
class ComboLeg:
    """One leg of a combination (``sec_type`` BAG).

    ``ratio`` units of *con_id* are traded per unit of the combination, on the side *action*
    (BUY or SELL) when the combination is bought and on the other when it is sold. The rest is
    what institutions tell of a leg, kept as it was sent.
    """

    con_id: ConId
    ratio: int
    action: str
    exchange: str = "SMART"
    open_close: int = 0
    short_sale_slot: int = 0
    designated_location: str = ""
    exempt_code: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """An instrument as IB identifies it.

    ``con_id`` 0 means "not resolved yet". Two contracts are the same instrument when their
    ``con_id`` is the same and not 0. ``multiplier`` is 1 for stocks. Combinations (BAG) are
    told by their *legs* and have no ``con_id``.
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
    legs: tuple[ComboLeg, ...] = ()
