"""The fields of an order by IB's own names, and what kind each of them is. A table of data.

Rules:
1. A field is a number, an integer, a boolean or text. What a client sends is brought to one
   form, so that whoever is shown the order later can read it: ``100.0`` becomes ``100``,
   ``true`` becomes ``1``, any form of "not set" becomes empty.
2. A list is kept as its fields on the wire, the count first, joined by NUL.
3. "Up to the mid-point", an infinite competeAgainstBestOffset, is ``Infinity``.

**Source**: IB "Order" class reference; the released clients' encoders.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from ibelay.errors import WireError
from ibelay.wire.fields import decimal, decimal_text, flag, integer, names

INFINITY = "Infinity"
PEG_BENCH = frozenset({"PEG BENCH", "PEGBENCH"})
PEG_BEST = frozenset({"PEG BEST", "PEGBEST"})
PEG_MID = frozenset({"PEG MID", "PEGMID"})
_INFINITIES = frozenset({"Infinite", "Infinity", "inf"})
_ZEROS = frozenset({"0", "0.0"})
_CACHED_TEXT = 24


class Kind(StrEnum):
    """What a field can hold; everything not in ``KINDS`` is text."""

    NUMBER = "a number"
    INTEGER = "an integer"
    FLAG = "a boolean"
    OFFSET = "a number or infinite"


_NUMBERS = names(
    "discretionaryAmt percentOffset nbboPriceCap startingPrice stockRefPrice delta"
    " stockRangeLower stockRangeUpper volatility deltaNeutralAuxPrice trailStopPrice"
    " trailingPercent scalePriceIncrement scalePriceAdjustValue scaleProfitOffset triggerPrice"
    " lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice adjustedTrailingAmount cashQty"
    " midOffsetAtWhole midOffsetAtHalf peggedChangeAmount referenceChangeAmount"
    " deltaNeutralContractDelta deltaNeutralContractPrice totalQuantity lmtPrice auxPrice"
)
_INTEGERS = names(
    "origin parentId displaySize triggerMethod shortSaleSlot exemptCode ocaType minQty"
    " auctionStrategy volatilityType deltaNeutralConId deltaNeutralShortSaleSlot"
    " referencePriceType scaleInitLevelSize scaleSubsLevelSize scalePriceAdjustInterval"
    " scaleInitPosition scaleInitFillQty adjustableTrailingUnit duration postToAts minTradeQty"
    " minCompeteSize referenceContractId deltaNeutralContractConId"
)
_FLAGS = names(
    "transmit blockOrder sweepToFill outsideRth hidden allOrNone eTradeOnly firmQuoteOnly"
    " overridePercentageConstraints deltaNeutralShortSale continuousUpdate scaleAutoReset"
    " scaleRandomPercent optOutSmartRouting notHeld whatIf solicited randomizeSize"
    " randomizePrice isPeggedChangeAmountDecrease conditionsIgnoreRth conditionsCancelOrder"
    " dontUseAutoPriceForHedge isOmsContainer discretionaryUpToLimitPrice usePriceMgmtAlgo"
    " autoCancelParent"
)
KINDS: Mapping[str, Kind] = MappingProxyType(
    dict.fromkeys(_NUMBERS, Kind.NUMBER)
    | dict.fromkeys(_INTEGERS, Kind.INTEGER)
    | dict.fromkeys(_FLAGS, Kind.FLAG)
    | {"competeAgainstBestOffset": Kind.OFFSET}
)


def normal(name: str, text: str) -> str:
    """Return *text* of the field *name* in its one form, empty if it is not set.

    Raises:
        WireError: It is not of the field's kind.
    """
    kind = KINDS.get(name)
    if kind is None or not text:
        return text
    if text in _ZEROS:
        return "0"
    if len(text) > _CACHED_TEXT:
        return _normal(name, kind, text)
    return _normal_cached(name, kind, text)


def _normal(name: str, kind: Kind, text: str) -> str:
    try:
        return _formed(kind, text)
    except WireError as error:
        raise WireError(f"{name} is not {kind}: {error}") from error


_normal_cached = lru_cache(maxsize=1024)(_normal)  # clients send the same few over and over


def _formed(kind: Kind, text: str) -> str:
    if kind is Kind.FLAG:
        return "1" if flag(text) else "0"
    if kind is Kind.OFFSET and text in _INFINITIES:
        return INFINITY
    value = decimal(text)
    if value is None:
        return ""
    short = decimal_text(value)
    if kind is Kind.INTEGER:
        return str(integer(short))
    return short


def listed(fields: list[str], count: int) -> str:
    """Return a list as it is kept (rule 2); an empty one is not kept."""
    return "\0".join([str(count), *fields]) if count else ""
