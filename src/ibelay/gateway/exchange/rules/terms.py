"""Why the terms of an order cannot be taken, whoever sends it and whatever else works.

Rules, in the order of the answers:
1. The type is known (387) and fits its time in force: closing orders are DAY (113), OPG goes
   with MKT and LMT, IOC and FOK with orders that need no trigger and no parent, GTD with an
   end in the future (334).
2. The contract takes orders (203) and has not expired (392).
3. The quantity is positive (434), of the instrument's least size (388) and steps (10243 for
   parts of a unit, 355 else).
4. The account is ours (321).
5. Every price the type needs is there (107) and on a step (110); a trailing order has an
   amount or a percentage (158, 159).
6. Conditions go with MKT, LMT and MIDPRICE (148), trigger methods are known (146).
7. Of the algorithms only ``Adaptive`` is served, with MKT and LMT; of the others those IB
   has are answered as the Gateway answered for accounts without them.

**Source**: IB "API Error Codes"; ``docs/evidence/gateway-recordings.md`` for algorithms.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.exchange.matching.triggers import METHODS
from ibelay.gateway.exchange.orders.kinds import IMMEDIATE, KINDS, TIMES_IN_FORCE, Kind
from ibelay.gateway.exchange.rules import codes, steps
from ibelay.gateway.exchange.rules.codes import Refusal
from ibelay.gateway.market.api import Instrument

_PERCENT = Decimal(100)
_NEVER_TRADED = frozenset({"IND", "CONTFUT"})
_OPENING = frozenset({"MKT", "LMT"})
_CANCELLED_BY_CONDITIONS = frozenset({"LMT", "MIDPRICE"})
_ALGORITHMS = {
    "Adaptive": codes.NOT_FOR_ALGORITHM,
    "Twap": codes.UNKNOWN_ALGORITHM_ATTRIBUTE,
    "DarkIce": Refusal(10255, "The algorithm is not available for this order."),
}
_SCALED = ("scaleInitLevelSize", "scaleSubsLevelSize", "scalePriceIncrement")
_UNSET = frozenset({"", "0", "2147483647", "1.7976931348623157E308", "1.7976931348623157e+308"})


def check_terms(
    request: OrderRequest, instrument: Instrument, account: str, now_ns: int
) -> Refusal | None:
    """Return why *request* cannot be taken at *now_ns*, or None."""
    kind = KINDS.get(request.order_type)
    sec_type = instrument.contract.sec_type
    if kind is None or (kind.sec_types and sec_type not in kind.sec_types):
        return codes.UNKNOWN_TYPE
    return (
        _check_life(request, kind, now_ns)
        or _check_contract(instrument, now_ns)
        or _check_size(request, instrument)
        or (None if request.account in {"", account} else codes.wrong_account(request.account))
        or _check_prices(request, kind, instrument)
        or _check_extras(request, kind)
    )


def _check_life(request: OrderRequest, kind: Kind, now_ns: int) -> Refusal | None:
    tif = request.tif
    if tif not in TIMES_IN_FORCE:
        return codes.WRONG_TIF
    if kind.at_close and tif != "DAY":
        return codes.CLOSE_NOT_DAY
    if tif == "OPG" and request.order_type not in _OPENING:
        return codes.WRONG_TIF
    if tif in IMMEDIATE and (kind.stop or request.parent_id):
        return codes.WRONG_TIF
    if tif == "GTD" and (request.good_till_ns is None or request.good_till_ns <= now_ns):
        return codes.NO_END
    return None


def _check_contract(instrument: Instrument, now_ns: int) -> Refusal | None:
    if not instrument.tradable or instrument.contract.sec_type in _NEVER_TRADED:
        return codes.NOT_AVAILABLE
    if instrument.expires_ns is not None and instrument.expires_ns <= now_ns:
        return codes.EXPIRED
    return None


def _check_size(request: OrderRequest, instrument: Instrument) -> Refusal | None:
    quantity = request.quantity
    if quantity <= 0:
        return codes.NO_SIZE
    if quantity % instrument.size_increment:
        return codes.FRACTIONAL if quantity % 1 else codes.OFF_SIZE_RULE
    return codes.TOO_SMALL if quantity < instrument.min_size else None


def _check_prices(request: OrderRequest, kind: Kind, instrument: Instrument) -> Refusal | None:
    if kind.trails:
        return _check_trail(request, kind, instrument)
    needed = [request.limit_price] * kind.limit + [request.stop_price] * kind.stop
    if None in needed:
        return codes.INCOMPLETE
    if kind.middle and request.limit_price:
        needed.append(request.limit_price)
    wrong = any(price is not None and not steps.on_step(instrument, price) for price in needed)
    return codes.OFF_STEP if wrong else None


def _check_trail(request: OrderRequest, kind: Kind, instrument: Instrument) -> Refusal | None:
    amount, percent = request.trail_amount, request.trail_percent
    if amount is None and percent is None:
        return codes.NO_TRAIL
    if percent is not None and not 0 < percent < _PERCENT:
        return codes.WRONG_PERCENT
    if kind.limit and request.limit_offset is None and not request.limit_price:
        return codes.INCOMPLETE
    begin = request.trail_stop_price
    if (amount is not None and not steps.amount_on_step(instrument, amount)) or (
        begin and not steps.on_step(instrument, begin)
    ):
        return codes.OFF_STEP
    return None


def _check_extras(request: OrderRequest, kind: Kind) -> Refusal | None:
    if request.trigger_method not in METHODS:
        return codes.WRONG_TRIGGER_METHOD
    if request.conditions:
        cancels = request.order_type in _CANCELLED_BY_CONDITIONS
        if not (cancels if request.conditions_cancel else kind.conditional):
            return codes.NOT_CONDITIONAL
    if request.algorithm and not (
        request.algorithm == "Adaptive" and request.order_type in _OPENING
    ):
        return _ALGORITHMS.get(request.algorithm, codes.NO_ALGORITHM)
    if any(request.extra.get(name, "") not in _UNSET for name in _SCALED):
        return codes.BAD_SCALE
    return None
