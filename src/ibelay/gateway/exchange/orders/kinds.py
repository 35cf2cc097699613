"""The order types that are taken, as a table of what each needs and does.

Types that are not in the table are refused with IB's 387: relative and pegged orders, VOL,
box auctions. A market-on-open order is MKT or LMT with time in force OPG.

**Source**: IB "Order Types and Algos" page for what a type needs.
"""

from __future__ import annotations

from dataclasses import dataclass

AUCTIONED = frozenset({"STK", "FUT", "OPT", "WAR"})
STOCKS = frozenset({"STK"})
FUTURES = frozenset({"FUT", "FOP"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One order type.

    Attributes:
        limit: Needs a limit price and never fills beyond it.
        stop: Waits for a trigger price.
        touched: The trigger is a better price than the market's (MIT, LIT), not a worse one.
        trails: The trigger follows the market.
        at_close: Trades at the closing price only.
        middle: Trades at the midpoint; a limit price is a cap.
        outside: May trade outside regular hours when asked to.
        conditional: May wait for conditions.
        sec_types: Where it is known; empty for everywhere.
    """

    limit: bool = False
    stop: bool = False
    touched: bool = False
    trails: bool = False
    at_close: bool = False
    middle: bool = False
    outside: bool = False
    conditional: bool = False
    sec_types: frozenset[str] = frozenset()


KINDS = {
    "MKT": Kind(conditional=True),
    "LMT": Kind(limit=True, outside=True, conditional=True),
    "STP": Kind(stop=True, outside=True),
    "STP LMT": Kind(stop=True, limit=True, outside=True),
    "TRAIL": Kind(stop=True, trails=True, outside=True),
    "TRAIL LIMIT": Kind(stop=True, trails=True, limit=True, outside=True),
    "MIT": Kind(stop=True, touched=True, outside=True),
    "LIT": Kind(stop=True, touched=True, limit=True, outside=True),
    "MOC": Kind(at_close=True, sec_types=AUCTIONED),
    "LOC": Kind(at_close=True, limit=True, sec_types=AUCTIONED),
    "MIDPRICE": Kind(middle=True, conditional=True, sec_types=STOCKS),
    "MKT PRT": Kind(sec_types=FUTURES),
    "STP PRT": Kind(stop=True, sec_types=FUTURES),
}
"""By IB's names. MKT PRT and STP PRT trade as MKT and STP: the touch is inside any protection."""

TIMES_IN_FORCE = frozenset({"DAY", "GTC", "IOC", "FOK", "GTD", "OPG"})
IMMEDIATE = frozenset({"IOC", "FOK"})
