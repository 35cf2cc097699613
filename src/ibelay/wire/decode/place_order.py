"""placeOrder: 114 fields at version 178, 115 at 176, 110 at 157, for a plain stock order.

The layout is a list of IB's own field names in the order of the wire, with the blocks that
appear only when a field before them says so. What the exchange does not interpret is kept
by name and echoed in openOrder.

**Source**: shared IB facts, section 6e; positions equal in five clients; versions as in the
encoders of ib_async 2.1, ib_insync 0.9.86, ibapi 9.81 and 10.51.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.errors import WireError
from ibelay.model.contract import Contract
from ibelay.model.ids import OrderId
from ibelay.model.order import Action
from ibelay.wire.fields import FieldReader, decimal, flag, integer, names
from ibelay.wire.requests import PlaceOrder, Refusal

CODE_UNSUPPORTED_ORDER = 387
FA_PROFILE_GONE = 177

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
_CLEARING = names("optOutSmartRouting clearingAccount clearingIntent notHeld deltaNeutral")
_WHAT_IF = names("algoId whatIf orderMiscOptions solicited randomizeSize randomizePrice")
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
_INTERPRETED = frozenset(
    names(
        "action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account orderRef transmit"
        " parentId outsideRth ocaType whatIf"
    )
)


def read_place_order(
    reader: FieldReader, order_id: OrderId, contract: Contract, server_version: int
) -> PlaceOrder | Refusal:
    """Read what follows the contract of a placeOrder.

    Raises:
        WireError: A field is missing or is not what it should be.
    """
    if contract.sec_type == "BAG":
        return _unsupported(order_id, "combinations")
    fields = reader.named(_HEAD) | reader.named(_ALLOCATION)
    if server_version < FA_PROFILE_GONE:
        fields |= reader.named(["faProfile"])
    fields |= reader.named(_VOLATILITY)
    if fields["deltaNeutralOrderType"]:
        fields |= reader.named(_DELTA_NEUTRAL)
    fields |= reader.named(_SCALE)
    increment = decimal(fields["scalePriceIncrement"])
    if increment is not None and increment > 0:
        fields |= reader.named(_SCALE_MORE)
    fields |= reader.named(_HEDGE)
    if fields["hedgeType"]:
        fields |= reader.named(["hedgeParam"])
    fields |= reader.named(_CLEARING)
    if flag(fields.pop("deltaNeutral")):
        return _unsupported(order_id, "delta-neutral contracts")
    if reader.text():
        return _unsupported(order_id, "algorithms")
    fields |= reader.named(_WHAT_IF)
    if fields["orderType"].startswith("PEG"):
        return _unsupported(order_id, "pegged orders")
    if reader.integer():
        return _unsupported(order_id, "conditions")
    fields |= reader.named(_TAIL)
    fields |= reader.named([name for since, name in _TAIL_SINCE if server_version >= since])
    return _order(order_id, contract, fields)


def _order(order_id: OrderId, contract: Contract, fields: dict[str, str]) -> PlaceOrder:
    quantity = decimal(fields["totalQuantity"])
    if fields["action"] not in Action.__members__:
        raise WireError(f"action {fields['action'][:20]!r} is neither BUY nor SELL")
    return PlaceOrder(
        order_id=order_id,
        contract=contract,
        action=Action(fields["action"]),
        quantity=Decimal(0) if quantity is None else quantity,
        order_type=fields["orderType"],
        limit_price=decimal(fields["lmtPrice"]),
        stop_price=decimal(fields["auxPrice"]),
        tif=fields["tif"] or "DAY",
        oca_group=fields["ocaGroup"],
        account=fields["account"],
        order_ref=fields["orderRef"],
        transmit=flag(fields["transmit"]),
        parent_id=OrderId(integer(fields["parentId"])),
        outside_rth=flag(fields["outsideRth"]),
        oca_type=integer(fields["ocaType"]),
        what_if=flag(fields["whatIf"]),
        extra={k: v for k, v in fields.items() if v and k not in _INTERPRETED},
    )


def _unsupported(order_id: OrderId, what: str) -> Refusal:
    text = (
        "Unsupported order type for this exchange and security type: "
        f"the paper gateway does not take {what}"
    )
    return Refusal(order_id, CODE_UNSUPPORTED_ORDER, text)
