"""openOrder and completedOrder: an order as the server shows it.

Fields stand in the order of the wire as ``(IB's name, what IB sends when it is not set)``;
an order's own values and what its client sent replace the defaults. The text ``None`` of
deltaNeutralOrderType is IB's own, and makes the delta-neutral block follow.

**Source**: shared IB facts, section 6d; the defaults are those of a stock order recorded
from a real TWS in 2023 (notes on ib_async, section 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.order import Action
from ibelay.wire.encode.message import contract_fields, message
from ibelay.wire.fields import UNSET_DOUBLE, names

FA_PROFILE_GONE = 177
COMPETE_SINCE = 170
_MARGINS = names(
    "initMarginBefore maintMarginBefore equityWithLoanBefore initMarginChange maintMarginChange"
    " equityWithLoanChange initMarginAfter maintMarginAfter equityWithLoanAfter"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order's facts for the wire; *echo* is what its client sent besides, by IB's names.

    ``completed_at`` is IB's text of a moment, empty while the order works; ``margins`` are
    the figures of a what-if, by IB's names.
    """

    order_id: OrderId
    client_id: ClientId
    perm_id: PermId
    contract: Contract
    action: Action
    quantity: Decimal
    order_type: str
    status: str
    account: str
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    tif: str = "DAY"
    oca_group: str = ""
    oca_type: int = 0
    order_ref: str = ""
    parent_id: OrderId = OrderId(0)
    outside_rth: bool = False
    what_if: bool = False
    filled: Decimal = Decimal(0)
    completed_at: str = ""
    completed_status: str = ""
    echo: Mapping[str, str] = field(default_factory=dict)
    margins: Mapping[str, Decimal] = field(default_factory=dict)


def _defaults(text: str) -> list[tuple[str, str]]:
    """Return (name, default) of each ``name=default``; ``~`` stands for the unset double."""
    pairs = (item.split("=", 1) for item in text.split())
    return [(name, default.replace("~", UNSET_DOUBLE)) for name, default in pairs]


_TERMS = _defaults("openClose= origin=0 orderRef=")
_TIMES = _defaults("outsideRth=0 hidden=0 discretionaryAmt=0 goodAfterTime=")
_ADVISORS = _defaults("faGroup= faMethod= faPercentage=")
_SHORT_SALE = _defaults(
    "modelCode= goodTillDate= rule80A= percentOffset= settlingFirm= shortSaleSlot=0"
    " designatedLocation= exemptCode=-1"
)
_PRICES = _defaults("startingPrice= stockRefPrice= delta= stockRangeLower= stockRangeUpper=")
_DISPLAY = _defaults("displaySize=2147483647")
_OPEN_SIZES = _defaults(
    "blockOrder=0 sweepToFill=0 allOrNone=0 minQty= ocaType=3 eTradeOnly=0 firmQuoteOnly=0"
    " nbboPriceCap= parentId=0 triggerMethod=0"
)
_DONE_SIZES = _defaults("sweepToFill=0 allOrNone=0 minQty= ocaType=3 triggerMethod=0")
_VOLATILITY = _defaults(
    "volatility= volatilityType=0 deltaNeutralOrderType=None deltaNeutralAuxPrice="
    " deltaNeutralConId=0"
)
_DELTA_NEUTRAL = _defaults(
    "deltaNeutralSettlingFirm= deltaNeutralClearingAccount= deltaNeutralClearingIntent="
    " deltaNeutralOpenClose=?"
)
_TRAILING = _defaults(
    "deltaNeutralShortSale=0 deltaNeutralShortSaleSlot=0 deltaNeutralDesignatedLocation="
    " continuousUpdate=0 referencePriceType=0 trailStopPrice= trailingPercent="
)
_BASIS = _defaults("basisPoints= basisPointsType=")
_COMBO_AND_SCALE = _defaults(
    "comboLegsDescrip= comboLegs=0 orderComboLegs=0 smartComboRoutingParams=0"
    " scaleInitLevelSize=2147483647 scaleSubsLevelSize=2147483647 scalePriceIncrement="
    " hedgeType="
)
_CLEARING = _defaults(
    "clearingAccount= clearingIntent=IB notHeld=0 deltaNeutralContract=0 algoStrategy= solicited=0"
)
_COSTS = _defaults("commission= minCommission= maxCommission= commissionCurrency= warningText=")
_RANDOM = _defaults("randomizeSize=0 randomizePrice=0 conditions=0")
_ADJUSTED = _defaults(
    "adjustedOrderType=None triggerPrice=~ adjustedTrailStopPrice=~ lmtPriceOffset=~"
    " adjustedStopPrice=~ adjustedStopLimitPrice=~ adjustedTrailingAmount=~"
    " adjustableTrailingUnit=0 softDollarName= softDollarValue= softDollarDisplayName="
)
_CASH = _defaults("cashQty=0 dontUseAutoPriceForHedge=1 isOmsContainer=0")
_OPEN_END = _defaults("discretionaryUpToLimitPrice=0 usePriceMgmtAlgo=0")
_OPEN_END_SINCE = tuple(
    (version, _defaults(text))
    for version, text in ((158, "duration="), (160, "postToAts="), (162, "autoCancelParent=0"))
)
_COMPETE = _defaults(
    "minTradeQty= minCompeteSize= competeAgainstBestOffset= midOffsetAtWhole= midOffsetAtHalf="
)
_DONE_OFFSETS = _defaults("adjustedTrailStopPrice=~ lmtPriceOffset=~")
# Blocks whose presence a field decides are never echoed: their lengths are fixed above.
_NOT_ECHOED = frozenset(
    names("scalePriceIncrement hedgeType deltaNeutralOrderType origin exemptCode")
)


class _Layout:
    """Collects fields: an order's own value, else what the client sent, else the default."""

    def __init__(self, view: OrderView) -> None:
        self._own: dict[str, object] = {
            "orderRef": view.order_ref,
            "outsideRth": view.outside_rth,
            "parentId": view.parent_id,
            "ocaType": view.oca_type or 3,
        }
        self._echo = view.echo
        self.fields: list[object] = []

    def add(self, *values: object) -> None:
        self.fields.extend(values)

    def block(self, block: list[tuple[str, str]]) -> None:
        for name, default in block:
            own = self._own.get(name)
            if own is None and name not in _NOT_ECHOED:
                own = self._echo.get(name)
            self.fields.append(default if own is None else own)


def _contract_and_terms(layout: _Layout, view: OrderView, quantity: Decimal) -> None:
    contract = contract_fields(view.contract)
    contract[5] = view.contract.right or "?"  # what a real TWS sends for a stock
    zero = Decimal(0)
    prices = (view.limit_price or zero, view.stop_price or zero)
    layout.add(*contract, view.action.value, quantity, view.order_type, *prices)
    layout.add(view.tif, view.oca_group, view.account)
    layout.block(_TERMS)


def open_order(view: OrderView, server_version: int) -> bytes:
    """Return openOrder: 135 fields at 178, 136 at 176, 128 at 157."""
    layout = _Layout(view)
    layout.add(5, view.order_id)
    _contract_and_terms(layout, view, view.quantity)
    layout.add(view.client_id, view.perm_id)
    layout.block(_TIMES)
    layout.add("")  # shares allocation, obsolete
    _advisors(layout, server_version)
    layout.block(_SHORT_SALE)
    layout.add(0)  # auction strategy
    for block in (_PRICES, _DISPLAY, _OPEN_SIZES, _VOLATILITY, _DELTA_NEUTRAL, _TRAILING, _BASIS):
        layout.block(block)
    layout.block(_COMBO_AND_SCALE)
    layout.add(False)  # opt out of smart routing
    layout.block(_CLEARING)
    layout.add(view.what_if, view.status)
    layout.add(*(view.margins.get(name, UNSET_DOUBLE) for name in _MARGINS))
    for block in (_COSTS, _RANDOM, _ADJUSTED, _CASH, _OPEN_END):
        layout.block(block)
    for since, block in _OPEN_END_SINCE:
        if server_version >= since:
            layout.block(block)
    _compete(layout, server_version)
    return message(*layout.fields)


def completed_order(view: OrderView, server_version: int) -> bytes:
    """Return completedOrder: no order id, no client id, and a quantity of 0, as IB has it."""
    layout = _Layout(view)
    layout.add(101)
    _contract_and_terms(layout, view, Decimal(0))
    layout.add(view.perm_id)
    layout.block(_TIMES)
    _advisors(layout, server_version)
    for block in (_SHORT_SALE, _PRICES, _DISPLAY, _DONE_SIZES, _VOLATILITY, _TRAILING):
        layout.block(block)
    layout.block(_COMBO_AND_SCALE)
    layout.block(_CLEARING)
    layout.add(view.status)
    layout.block(_RANDOM)
    layout.block(_DONE_OFFSETS)
    layout.block(_CASH)
    unset_integer, not_routed, shareholder = 2_147_483_647, False, ""
    layout.add("", view.filled, unset_integer, False, shareholder, False, not_routed)
    layout.add(0)  # parent permId
    layout.add(view.completed_at, view.completed_status)
    _compete(layout, server_version)
    return message(*layout.fields)


def _advisors(layout: _Layout, server_version: int) -> None:
    layout.block(_ADVISORS)
    if server_version < FA_PROFILE_GONE:
        layout.add("")  # faProfile


def _compete(layout: _Layout, server_version: int) -> None:
    if server_version >= COMPETE_SINCE:
        layout.block(_COMPETE)
