"""Where the fields of an order stand in the server's messages. A table of data.

Fields stand in the order of the wire as ``(IB's name, what IB sends when it is not set)``. The
text ``None`` of deltaNeutralOrderType is IB's own, and makes the delta-neutral block follow.

**Source**: shared IB facts, section 6d; the defaults are those of a stock order recorded
from a real TWS in 2023 (notes on ib_async, section 2); versions as in the decoders of
ibapi 9.81 and 10.51.
"""

from __future__ import annotations

from ibelay.wire.fields import UNSET_DOUBLE, names

FA_PROFILE_GONE = 177
COMPETE_SINCE = 170
Block = list[tuple[str, str]]


def _defaults(text: str) -> Block:
    """Return (name, default) of each ``name=default``; ``~`` stands for the unset double."""
    pairs = (item.split("=", 1) for item in text.split())
    return [(name, default.replace("~", UNSET_DOUBLE)) for name, default in pairs]


TERMS = _defaults("openClose= origin=0 orderRef=")
TIMES = _defaults("outsideRth=0 hidden=0 discretionaryAmt=0 goodAfterTime=")
ADVISORS = _defaults("faGroup= faMethod= faPercentage=")
FA_PROFILE = _defaults("faProfile=")
SHORT_SALE = _defaults(
    "modelCode= goodTillDate= rule80A= percentOffset= settlingFirm= shortSaleSlot=0"
    " designatedLocation= exemptCode=-1"
)
AUCTION = _defaults("auctionStrategy=0")
PRICES = _defaults("startingPrice= stockRefPrice= delta= stockRangeLower= stockRangeUpper=")
DISPLAY = _defaults("displaySize=2147483647")
OPEN_SIZES = _defaults(
    "blockOrder=0 sweepToFill=0 allOrNone=0 minQty= ocaType=3 eTradeOnly=0 firmQuoteOnly=0"
    " nbboPriceCap= parentId=0 triggerMethod=0"
)
DONE_SIZES = _defaults("sweepToFill=0 allOrNone=0 minQty= ocaType=3 triggerMethod=0")
VOLATILITY = _defaults(
    "volatility= volatilityType=0 deltaNeutralOrderType=None deltaNeutralAuxPrice="
    " deltaNeutralConId=0"
)
DELTA_NEUTRAL = _defaults(
    "deltaNeutralSettlingFirm= deltaNeutralClearingAccount= deltaNeutralClearingIntent="
    " deltaNeutralOpenClose=?"
)
TRAILING = _defaults(
    "deltaNeutralShortSale=0 deltaNeutralShortSaleSlot=0 deltaNeutralDesignatedLocation="
    " continuousUpdate=0 referencePriceType=0 trailStopPrice= trailingPercent="
)
BASIS = _defaults("basisPoints= basisPointsType=")
SCALE = _defaults(
    "scaleInitLevelSize=2147483647 scaleSubsLevelSize=2147483647 scalePriceIncrement="
)
SCALE_MORE = _defaults(
    "scalePriceAdjustValue= scalePriceAdjustInterval= scaleProfitOffset= scaleAutoReset=0"
    " scaleInitPosition= scaleInitFillQty= scaleRandomPercent=0"
)
HEDGE = _defaults("hedgeType=")
HEDGE_MORE = _defaults("hedgeParam=")
ROUTING = _defaults("optOutSmartRouting=0")
CLEARING = _defaults("clearingAccount= clearingIntent=IB notHeld=0")
HEDGED = _defaults(
    "deltaNeutralContractConId=0 deltaNeutralContractDelta=0 deltaNeutralContractPrice=0"
)
SOLICITED = _defaults("solicited=0")
MARGINS = names(
    "initMarginBefore maintMarginBefore equityWithLoanBefore initMarginChange maintMarginChange"
    " equityWithLoanChange initMarginAfter maintMarginAfter equityWithLoanAfter"
)
COSTS = names("commission minCommission maxCommission commissionCurrency warningText")
RANDOM = _defaults("randomizeSize=0 randomizePrice=0")
BENCHMARK = _defaults(
    "referenceContractId=0 isPeggedChangeAmountDecrease=0 peggedChangeAmount=0"
    " referenceChangeAmount=0 referenceExchangeId="
)
ADJUSTED = _defaults(
    "adjustedOrderType=None triggerPrice=~ trailStopPrice=~ lmtPriceOffset=~"
    " adjustedStopPrice=~ adjustedStopLimitPrice=~ adjustedTrailingAmount=~"
    " adjustableTrailingUnit=0 softDollarName= softDollarValue= softDollarDisplayName="
)
CASH = _defaults("cashQty=0 dontUseAutoPriceForHedge=1 isOmsContainer=0")
OPEN_END = _defaults("discretionaryUpToLimitPrice=0 usePriceMgmtAlgo=0")
OPEN_END_SINCE = tuple(
    (version, _defaults(text))
    for version, text in ((158, "duration="), (160, "postToAts="), (162, "autoCancelParent=0"))
)
COMPETE = _defaults(
    "minTradeQty= minCompeteSize= competeAgainstBestOffset= midOffsetAtWhole= midOffsetAtHalf="
)
DONE_OFFSETS = _defaults("trailStopPrice=~ lmtPriceOffset=~")
