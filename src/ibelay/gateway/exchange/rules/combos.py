"""Combinations: an instrument made of legs, or why there is none.

**Source**: IB "API Error Codes", 312 to 314, 356 and 360.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.catalogue import Catalogue
from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.exchange.rules import codes
from ibelay.gateway.exchange.rules.codes import Refusal
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract

MAX_LEGS = 8
_SIDES = frozenset({"BUY", "SELL"})
_PENNY = Decimal("0.01")


def combination(contract: Contract, catalogue: Catalogue) -> Instrument | Refusal:
    """Return the instrument that the BAG *contract* describes, or why there is none."""
    if not contract.legs:
        return codes.NO_LEGS
    known = [catalogue.get(leg.con_id) for leg in contract.legs]
    found = [one for one in known if one is not None]
    if len(found) != len(known):
        return codes.NO_DEFINITION
    if len(found) > MAX_LEGS or any(
        leg.ratio < 1 or leg.action not in _SIDES for leg in contract.legs
    ):
        return codes.WRONG_LEG
    multipliers = {one.contract.multiplier for one in found}
    first = found[0]
    return Instrument(
        contract=contract,
        long_name="Combination",
        min_tick=min(_PENNY, *(one.min_tick for one in found)),
        time_zone=first.time_zone,
        tradable=all(one.tradable for one in found) and len(multipliers) == 1,
        expires_ns=min((one.expires_ns for one in found if one.expires_ns), default=None),
    )


def check_combination(request: OrderRequest) -> Refusal | None:
    """Return why *request*, for a combination, cannot be taken, or None."""
    if request.oca_group:
        return codes.COMBO_IN_GROUP
    if request.what_if:
        return codes.COMBO_WHAT_IF
    return None
