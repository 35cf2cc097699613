"""Quantities that the client leaves to the broker: cash amounts and hedges.

Rules:
1. A cash amount buys as many whole steps of the size as it pays for at the limit price, else
   at the touch. Forex and crypto alone know it (10244 elsewhere); a crypto market buy needs
   it (10289), and it excludes a quantity for crypto (10293).
2. A hedge is a child without a quantity (10032): for a beta hedge its size is worth beta
   times the parent, for a pair hedge it is the ratio times the parent's quantity. A delta
   hedge needs an option as parent (320) and its delta as parameter; an FX hedge a currency
   pair (10063).

**Source**: ``docs/evidence/gateway-recordings.md`` for hedges; IB "API Error Codes".
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation

from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.exchange.matching.top import Book
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.rules import codes, steps
from ibelay.gateway.exchange.rules.codes import Refusal
from ibelay.gateway.market.api import Instrument
from ibelay.model.order import Action

_BY_CASH = frozenset({"CASH", "CRYPTO"})
_OPTIONS = frozenset({"OPT", "FOP"})
_MAX_FACTOR = Decimal(1000)


def sized_by_cash(
    request: OrderRequest, instrument: Instrument, book: Book
) -> OrderRequest | Refusal:
    """Return *request* with the quantity its cash amount pays for, or why not (rule 1)."""
    sec_type, cash = instrument.contract.sec_type, request.cash_quantity
    if not cash:
        if sec_type == "CRYPTO" and request.order_type == "MKT" and request.action is Action.BUY:
            return codes.CASH_QUANTITY_NEEDED
        return request
    if sec_type not in _BY_CASH:
        return codes.NO_CASH_QUANTITY
    if sec_type == "CRYPTO" and request.quantity:
        return codes.CASH_AND_SIZE
    price = request.limit_price or book.price(request.action)
    if price is None or price <= 0 or cash < 0:
        return codes.INCOMPLETE
    return replace(request, quantity=steps.whole(instrument, cash / price))


def sized_by_hedge(
    request: OrderRequest,
    instrument: Instrument,
    book: Book,
    parent: Entry | None,
    parent_book: Book | None,
) -> OrderRequest | Refusal:
    """Return a hedge *request* with the quantity that hedges *parent*, or why not (rule 2)."""
    refusal = _hedge_refusal(request, instrument, parent)
    factor = _factor(request.hedge_parameter or "1")
    if refusal is not None or parent is None:
        return refusal or codes.MISSING_PARENT
    if factor is None:
        return codes.WRONG_BETA if request.hedge_type == "B" else codes.WRONG_HEDGE_RATIO
    units = parent.request.quantity * parent.instrument.contract.multiplier
    if request.hedge_type in {"B", "F"}:
        theirs = parent_book.price(parent.request.action) if parent_book else None
        own = Decimal(1) if request.hedge_type == "F" else book.price(request.action)
        price = parent.request.limit_price or theirs
        if price is None or not own:
            return codes.INCOMPLETE
        units = units * price / own
    return replace(request, quantity=steps.whole(instrument, abs(units * factor)))


def _hedge_refusal(
    request: OrderRequest, instrument: Instrument, parent: Entry | None
) -> Refusal | None:
    if request.hedge_type not in {"D", "B", "F", "P"}:
        return codes.WRONG_HEDGE
    if request.quantity:
        return codes.HEDGE_WITH_SIZE
    if parent is None:
        return codes.MISSING_PARENT
    if request.hedge_type == "D":
        if parent.instrument.contract.sec_type not in _OPTIONS:
            return codes.wrong_hedge_parent("a delta hedge needs an option as its parent")
        if not request.hedge_parameter:
            return codes.wrong_hedge_parent("a delta hedge needs a ratio")
    if request.hedge_type == "F" and instrument.contract.sec_type != "CASH":
        return codes.HEDGE_PAIR
    return None


def _factor(text: str) -> Decimal | None:
    """Return the number *text*, None if it is none between 0 and 1000."""
    try:
        factor = abs(Decimal(text))
    except InvalidOperation:
        return None
    return factor if factor.is_finite() and 0 < factor <= _MAX_FACTOR else None
