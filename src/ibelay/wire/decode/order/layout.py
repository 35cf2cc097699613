"""Where the fields of a placeOrder stand: 114 at version 178, 110 at 157, for a plain stock.

The layout is a list of IB's own field names in the order of the wire, with the blocks that
appear only when a field before them, or the version, says so.

**Source**: shared IB facts, section 6e; positions equal in five clients; versions as in the
encoders of ib_async 2.1, ib_insync 0.9.86, ibapi 9.81 and 10.51.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ibelay.errors import WireError
from ibelay.model.conditions import Condition
from ibelay.model.contract import ComboLeg
from ibelay.wire.decode.order import lists
from ibelay.wire.fields import FieldReader, decimal, names
from ibelay.wire.order_fields import INFINITY, PEG_BENCH, PEG_BEST, PEG_MID, listed, normal

FA_PROFILE_GONE = 177
COMPETE_SINCE = 170
MAX_ORDER_TEXT = 16_384
_ATS = "IBKRATS"

_HEAD = names(
    "secIdType secId action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account"
    " openClose origin orderRef transmit parentId blockOrder sweepToFill displaySize"
    " triggerMethod outsideRth hidden"
)
_ALLOCATION = names(
    "sharesAllocation discretionaryAmt goodAfterTime goodTillDate faGroup faMethod faPercentage"
)
_VOLATILITY = names(
    "modelCode shortSaleSlot designatedLocation exemptCode ocaType rule80A settlingFirm allOrNone"
    " minQty percentOffset eTradeOnly firmQuoteOnly nbboPriceCap auctionStrategy startingPrice"
    " stockRefPrice delta stockRangeLower stockRangeUpper overridePercentageConstraints volatility"
    " volatilityType deltaNeutralOrderType deltaNeutralAuxPrice"
)
_DELTA_NEUTRAL = names(
    "deltaNeutralConId deltaNeutralSettlingFirm deltaNeutralClearingAccount"
    " deltaNeutralClearingIntent deltaNeutralOpenClose deltaNeutralShortSale"
    " deltaNeutralShortSaleSlot deltaNeutralDesignatedLocation"
)
_SCALE = names(
    "continuousUpdate referencePriceType trailStopPrice trailingPercent scaleInitLevelSize"
    " scaleSubsLevelSize scalePriceIncrement"
)
_SCALE_MORE = names(
    "scalePriceAdjustValue scalePriceAdjustInterval scaleProfitOffset scaleAutoReset"
    " scaleInitPosition scaleInitFillQty scaleRandomPercent"
)
_HEDGE = names("scaleTable activeStartTime activeStopTime hedgeType")
_CLEARING = names("optOutSmartRouting clearingAccount clearingIntent notHeld")
_HEDGED = names("deltaNeutralContractConId deltaNeutralContractDelta deltaNeutralContractPrice")
_WHAT_IF = names("algoId whatIf orderMiscOptions solicited randomizeSize randomizePrice")
_BENCHMARK = names(
    "referenceContractId isPeggedChangeAmountDecrease peggedChangeAmount referenceChangeAmount"
    " referenceExchangeId"
)
_WATCH = names("conditionsIgnoreRth conditionsCancelOrder")
_TAIL = names(
    "adjustedOrderType triggerPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice"
    " adjustedTrailingAmount adjustableTrailingUnit extOperator softDollarName softDollarValue"
    " cashQty mifid2DecisionMaker mifid2DecisionAlgo mifid2ExecutionTrader mifid2ExecutionAlgo"
    " dontUseAutoPriceForHedge isOmsContainer discretionaryUpToLimitPrice usePriceMgmtAlgo"
)
_TAIL_SINCE = (
    (158, "duration"),
    (160, "postToAts"),
    (162, "autoCancelParent"),
    (166, "advancedErrorOverride"),
    (169, "manualOrderTime"),
)
_MID_OFFSETS = names("midOffsetAtWhole midOffsetAtHalf")


@dataclass(slots=True)
class Layout:
    """A placeOrder taken apart: *fields* by IB's names, in their one form, and its lists."""

    fields: dict[str, str] = field(default_factory=dict)
    legs: tuple[ComboLeg, ...] = ()
    algorithm_parameters: tuple[tuple[str, str], ...] = ()
    conditions: tuple[Condition, ...] = ()

    def take(self, reader: FieldReader, block: tuple[str, ...]) -> None:
        """Read the next fields under the names of *block*."""
        for name, text in zip(block, reader.texts(len(block)), strict=True):
            self.fields[name] = text and normal(name, text)

    def positive(self, name: str) -> bool:
        """Whether a number was sent and is more than 0."""
        value = decimal(self.fields[name])
        return value is not None and value > 0


def read_layout(
    reader: FieldReader, server_version: int, *, combination: bool, exchange: str
) -> Layout:
    """Read what follows the contract of a placeOrder.

    Raises:
        WireError: A field is missing, is not what it should be, or it is all too long.
    """
    if reader.length > MAX_ORDER_TEXT:  # the book keeps most of it
        raise WireError(f"the order has {reader.length} characters, at most {MAX_ORDER_TEXT}")
    layout = Layout()
    layout.take(reader, _HEAD)
    if combination:
        _combination(reader, layout)
    layout.take(reader, _ALLOCATION)
    if server_version < FA_PROFILE_GONE:
        layout.take(reader, ("faProfile",))
    layout.take(reader, _VOLATILITY)
    if layout.fields["deltaNeutralOrderType"]:
        layout.take(reader, _DELTA_NEUTRAL)
    layout.take(reader, _SCALE)
    if layout.positive("scalePriceIncrement"):
        layout.take(reader, _SCALE_MORE)
    layout.take(reader, _HEDGE)
    if layout.fields["hedgeType"]:
        layout.take(reader, ("hedgeParam",))
    _second_half(reader, layout)
    _later(reader, layout, server_version, exchange)
    return layout


def _second_half(reader: FieldReader, layout: Layout) -> None:
    layout.take(reader, _CLEARING)
    if reader.flag():
        layout.take(reader, _HEDGED)
    layout.take(reader, ("algoStrategy",))
    if layout.fields["algoStrategy"]:
        layout.algorithm_parameters = lists.read_tags(reader, "parameters of an algorithm")
    layout.take(reader, _WHAT_IF)
    if layout.fields["orderType"] in PEG_BENCH:
        layout.take(reader, _BENCHMARK)
    layout.conditions = lists.read_conditions(reader)
    if layout.conditions:
        layout.take(reader, _WATCH)
    layout.take(reader, _TAIL)


def _combination(reader: FieldReader, layout: Layout) -> None:
    layout.legs = lists.read_legs(reader)
    layout.fields["orderComboLegs"] = lists.read_leg_prices(reader)
    tags = lists.read_tags(reader, "routing parameters")
    flat = [part for tag in tags for part in tag]
    layout.fields["smartComboRoutingParams"] = listed(flat, len(tags))


def _later(reader: FieldReader, layout: Layout, server_version: int, exchange: str) -> None:
    """Read the fields that came with later versions."""
    layout.take(reader, tuple(name for since, name in _TAIL_SINCE if server_version >= since))
    if server_version < COMPETE_SINCE:
        return
    kind = layout.fields["orderType"]
    if exchange == _ATS:
        layout.take(reader, ("minTradeQty",))
    if kind in PEG_BEST:
        layout.take(reader, ("minCompeteSize", "competeAgainstBestOffset"))
    if kind in PEG_MID or layout.fields.get("competeAgainstBestOffset") == INFINITY:
        layout.take(reader, _MID_OFFSETS)
