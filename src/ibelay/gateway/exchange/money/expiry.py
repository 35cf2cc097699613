"""What becomes of a position whose contract stops trading.

Rules:
1. A future is closed at its last mark, a bond redeemed at 100.
2. An option on a stock that is in the money by a cent or more is exercised, or assigned: it
   is closed at 0 and the shares change hands at the strike. Any other option is closed at
   what it is in the money, 0 if it is not.
3. Without a mark of the underlying an option is closed at its own.
4. There is no commission, and it happens when trading stops; at IB it is booked overnight.

**Source**: IBKR's pages on exercise, assignment and expiration (exercise by exception at one
cent; cash for index options). That no execution is reported, and rule 3, are our choice.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from ibelay.gateway.exchange.money.cash import ZERO
from ibelay.gateway.exchange.money.margin import OPTIONS
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract

_CENT = Decimal("0.01")
_PAR = Decimal(100)


class Booking(NamedTuple):
    """Signed units of a contract at a price, as quoted."""

    contract: Contract
    signed: Decimal
    price: Decimal


def settled(
    instrument: Instrument,
    quantity: Decimal,
    mark: Decimal,
    under: Instrument | None,
    under_mark: Decimal | None,
) -> list[Booking]:
    """Return what is booked when *instrument* expires.

    Args:
        instrument: What expires.
        quantity: Signed units held.
        mark: Its last mark.
        under: The underlying, None if it is not traded here.
        under_mark: Its last mark, None if there is none.
    """
    contract = instrument.contract
    if contract.sec_type not in OPTIONS:
        price = _PAR if contract.sec_type in {"BOND", "BILL"} else mark
        return [Booking(contract, -quantity, price)]
    if under_mark is None:
        return [Booking(contract, -quantity, mark)]
    sign = -1 if contract.right[:1].upper() == "P" else 1
    inside = max(ZERO, sign * (under_mark - contract.strike))
    if under is None or under.contract.sec_type != "STK" or inside < _CENT:
        return [Booking(contract, -quantity, inside)]
    shares = sign * quantity * contract.multiplier
    return [
        Booking(contract, -quantity, ZERO),
        Booking(under.contract, shares, contract.strike),
    ]
