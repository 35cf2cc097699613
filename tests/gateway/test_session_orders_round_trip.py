"""An order from the real ib_async to the book and back again: nothing is lost on the way."""

from __future__ import annotations

import copy
import math
from dataclasses import fields, replace
from typing import Any

import ib_async
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ib_async import ComboLeg, Contract, Order, OrderComboLeg, TagValue
from tests.wire.foreign import heard, sent

from ibelay.gateway.exchange.events import BookOrder, OrderRequest
from ibelay.gateway.session.desks.orders import view
from ibelay.gateway.session.desks.orders.request import order_request
from ibelay.model.ids import ClientId, PermId
from ibelay.model.order import BrokerOrderStatus
from ibelay.wire import encode
from ibelay.wire import requests as ask
from ibelay.wire.decode import decode
from ibelay.wire.fields import names

NOW_NS = 1_748_872_800 * 10**9
ACCOUNT = "DU1234567"
VERSIONS = (157, 158, 159, 160, 162, 166, 169, 170, 176, 177, 178)
UNSET = Order().lmtPrice
# What no openOrder has a place for, and what the server itself decides.
NOT_SHOWN = names(
    "orderId clientId permId transmit activeStartTime activeStopTime scaleTable algoId"
    " orderMiscOptions extOperator mifid2DecisionMaker mifid2DecisionAlgo mifid2ExecutionTrader"
    " mifid2ExecutionAlgo advancedErrorOverride manualOrderTime overridePercentageConstraints"
    " account"
)
# What a real server shows where nothing was sent.
SHOWN_FOR_UNSET = {
    "adjustedOrderType": "None",
    "deltaNeutralOrderType": "None",
    "deltaNeutralOpenClose": "?",
    "clearingIntent": "IB",
    "ocaType": 3,
    "volatilityType": 0,
    "referencePriceType": 0,
    "cashQty": 0,
}
text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
word = text.filter(bool)
price = st.integers(1, 10**9).map(lambda ticks: ticks / 10_000)
whole = st.integers(1, 2**31 - 2)
flag = st.booleans()
con_id = whole
letter = st.sampled_from(["a", "o"])
tags = st.lists(st.builds(TagValue, word, text), max_size=3)
condition = st.one_of(
    st.builds(
        ib_async.PriceCondition,
        conjunction=letter,
        isMore=flag,
        price=price,
        conId=con_id,
        exch=text,
        triggerMethod=st.sampled_from([0, 1, 2, 3, 4, 7, 8]),
    ),
    st.builds(
        ib_async.TimeCondition,
        conjunction=letter,
        isMore=flag,
        time=st.sampled_from(["20250602 12:00:00 US/Eastern", "20250602-16:00:00"]),
    ),
    st.builds(ib_async.MarginCondition, conjunction=letter, isMore=flag, percent=whole),
    st.builds(
        ib_async.ExecutionCondition, conjunction=letter, secType=text, exch=text, symbol=text
    ),
    st.builds(
        ib_async.VolumeCondition,
        conjunction=letter,
        isMore=flag,
        volume=whole,
        conId=con_id,
        exch=text,
    ),
    st.builds(
        ib_async.PercentChangeCondition,
        conjunction=letter,
        isMore=flag,
        changePercent=price,
        conId=con_id,
        exch=text,
    ),
)
NUMBERS = names(
    "discretionaryAmt percentOffset startingPrice stockRefPrice delta stockRangeLower"
    " stockRangeUpper trailStopPrice trailingPercent triggerPrice lmtPriceOffset"
    " adjustedStopPrice adjustedStopLimitPrice adjustedTrailingAmount cashQty"
)
INTEGERS = names(
    "origin displaySize triggerMethod shortSaleSlot exemptCode minQty auctionStrategy parentId"
    " volatilityType referencePriceType scaleInitLevelSize scaleSubsLevelSize"
    " adjustableTrailingUnit ocaType"
)
FLAGS = names(
    "blockOrder sweepToFill outsideRth hidden allOrNone optOutSmartRouting notHeld solicited"
    " randomizeSize randomizePrice dontUseAutoPriceForHedge isOmsContainer continuousUpdate"
    " discretionaryUpToLimitPrice usePriceMgmtAlgo transmit overridePercentageConstraints"
)
TEXTS = names(
    "ocaGroup orderRef openClose faGroup faMethod faPercentage modelCode designatedLocation"
    " rule80A settlingFirm clearingAccount clearingIntent adjustedOrderType extOperator algoId"
)


@st.composite
def orders(draw: st.DrawFn, version: int) -> tuple[Contract, Order]:
    """Return a contract and an order with any of its fields set."""
    kind = draw(st.sampled_from(["LMT", "STP LMT", "TRAIL", "TRAIL LIMIT", "LIT", "PEG BENCH"]))
    if version >= 170:
        kind = draw(st.sampled_from([kind, "PEG BEST", "PEG MID", "VOL"]))
    order = Order(action=draw(st.sampled_from(["BUY", "SELL"])), orderType=kind)
    order.totalQuantity, order.tif = draw(price), draw(st.sampled_from(["DAY", "GTC", "GTD"]))
    order.goodTillDate = "20250603 16:00:00 US/Eastern" if order.tif == "GTD" else ""
    order.goodAfterTime = draw(st.sampled_from(["", "20250602 12:00:00 US/Eastern"]))
    for group, values in ((NUMBERS, price), (INTEGERS, whole), (FLAGS, flag), (TEXTS, text)):
        for name in draw(st.sets(st.sampled_from(group))):
            setattr(order, name, draw(values))
    order.lmtPrice = UNSET if kind == "TRAIL" else draw(price)
    order.auxPrice = UNSET if kind == "LMT" else draw(price)
    order.conditions = draw(st.lists(condition, max_size=3))
    if order.conditions:
        order.conditionsCancelOrder, order.conditionsIgnoreRth = draw(flag), draw(flag)
    if draw(flag):
        order.algoStrategy, order.algoParams = draw(word), draw(tags)
    _blocks(draw, order)
    _late(draw, order, version)
    contract = Contract(conId=756733, symbol="SPY", secType="STK", exchange="SMART")
    if draw(flag):
        contract = _combination(draw, order)
    return contract, order


def _blocks(draw: st.DrawFn, order: Order) -> None:
    if draw(flag):
        order.scalePriceIncrement, order.scalePriceAdjustValue = draw(price), draw(price)
        order.scalePriceAdjustInterval, order.scaleProfitOffset = draw(whole), draw(price)
        order.scaleAutoReset, order.scaleInitPosition = draw(flag), draw(whole)
        order.scaleInitFillQty, order.scaleRandomPercent = draw(whole), draw(flag)
    if draw(flag):
        order.hedgeType, order.hedgeParam = draw(st.sampled_from("DBFP")), draw(text)
    if draw(flag):
        order.deltaNeutralOrderType, order.deltaNeutralConId = draw(word), draw(con_id)
        order.deltaNeutralSettlingFirm, order.deltaNeutralAuxPrice = draw(text), draw(price)
        order.deltaNeutralClearingAccount, order.deltaNeutralOpenClose = draw(text), draw(word)
        order.deltaNeutralShortSale, order.deltaNeutralShortSaleSlot = draw(flag), draw(whole)
    if order.orderType == "PEG BENCH":
        order.referenceContractId, order.peggedChangeAmount = draw(con_id), draw(price)
        order.isPeggedChangeAmountDecrease, order.referenceChangeAmount = draw(flag), draw(price)
        order.referenceExchangeId = draw(text)
    if order.orderType == "VOL":
        order.volatility = draw(price)


def _late(draw: st.DrawFn, order: Order, version: int) -> None:
    """Set the fields that exist only since some version."""
    if version < 177:
        order.faProfile = draw(text)
    for since, name in ((159, "duration"), (160, "postToAts")):
        if version >= since:
            setattr(order, name, draw(whole))
    if version >= 162:
        order.autoCancelParent = draw(flag)
    if order.orderType == "PEG BEST":
        order.minCompeteSize = draw(whole)
        order.competeAgainstBestOffset = draw(st.one_of(price, st.just(math.inf)))
        if order.competeAgainstBestOffset == math.inf:
            order.midOffsetAtWhole, order.midOffsetAtHalf = draw(price), draw(price)
    elif order.orderType == "PEG MID":
        order.midOffsetAtWhole, order.midOffsetAtHalf = draw(price), draw(price)


def _combination(draw: st.DrawFn, order: Order) -> Contract:
    leg = st.builds(
        ComboLeg,
        conId=con_id,
        ratio=whole,
        action=st.sampled_from(["BUY", "SELL"]),
        exchange=text,
        openClose=st.integers(0, 3),
        shortSaleSlot=st.integers(0, 2),
        designatedLocation=text,
        exemptCode=st.integers(-1, 3),
    )
    legs = draw(st.lists(leg, max_size=4))
    if draw(flag):
        order.orderComboLegs = [OrderComboLeg(price=draw(price)) for _ in legs]
    order.smartComboRoutingParams = draw(tags)
    return Contract(symbol="SPY", secType="BAG", exchange="SMART", comboLegs=legs)


def taken(contract: Contract, order: Order, version: int) -> OrderRequest:
    """Return what the exchange gets when ib_async places *order*."""
    payload = sent(lambda client: client.placeOrder(8, contract, copy.copy(order)), version)
    asked = decode(payload, version)
    assert isinstance(asked, ask.PlaceOrder), asked
    return replace(order_request(ClientId(1), asked, NOW_NS), account=ACCOUNT)


def shown(request: OrderRequest, version: int) -> bytes:
    """Return openOrder as it is sent of a working order."""
    book = BookOrder(request=request, perm_id=PermId(5), status=BrokerOrderStatus.SUBMITTED)
    return encode.open_order(view.order_view(book, ACCOUNT), version)


def expected(order: Order, name: str) -> Any:
    """Return what the field *name* of *order* must be in openOrder."""
    value, unset = getattr(order, name), getattr(Order(), name)
    if name in {"lmtPrice", "auxPrice"} and value == UNSET:
        return 0
    if name == "deltaNeutralOpenClose" and value:
        return value
    return SHOWN_FOR_UNSET.get(name, unset) if value == unset else value


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=40)
@given(data=st.data())
def test_an_order_comes_back_as_it_was_sent(version: int, data: st.DataObject) -> None:
    contract, order = data.draw(orders(version))
    message = shown(taken(contract, order, version), version)
    name, (order_id, shown_contract, got, _state) = heard(message, version)
    assert (name, order_id, got.account) == ("openOrder", 8, ACCOUNT)
    assert shown_contract.comboLegs == contract.comboLegs
    for field in fields(Order):
        if field.name not in NOT_SHOWN:
            assert getattr(got, field.name) == expected(order, field.name), field.name


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=40)
@given(data=st.data())
def test_sending_again_what_was_shown_changes_nothing(version: int, data: st.DataObject) -> None:
    contract, order = data.draw(orders(version))
    message = shown(taken(contract, order, version), version)
    _name, (_id, shown_contract, got, _state) = heard(message, version)
    shown_contract.exchange = contract.exchange
    assert shown(taken(shown_contract, got, version), version) == message


@settings(max_examples=100)
@given(data=st.data(), version=st.sampled_from(VERSIONS))
def test_a_completed_order_shows_its_terms(version: int, data: st.DataObject) -> None:
    contract, order = data.draw(orders(version))
    book = BookOrder(
        request=taken(contract, order, version),
        perm_id=PermId(5),
        status=BrokerOrderStatus.CANCELLED,
        completed_ns=NOW_NS,
        completed_status="Cancelled by Trader",
    )
    message = encode.completed_order(view.order_view(book, ACCOUNT), version)
    name, (shown_contract, got, state) = heard(message, version)
    assert (name, got.permId, state.completedStatus) == ("completedOrder", 5, "Cancelled by Trader")
    assert shown_contract.comboLegs == contract.comboLegs
    kept = "action orderType lmtPrice auxPrice tif conditions algoStrategy hedgeType hedgeParam"
    for field in names(kept):
        assert getattr(got, field) == expected(order, field), field
    assert got.algoParams == order.algoParams
    assert got.conditionsCancelOrder == order.conditionsCancelOrder


@settings(max_examples=100)
@given(conId=con_id, delta=price, at=price)
@example(conId=1, delta=0.5, at=0.25)
def test_a_delta_neutral_contract_is_shown(conId: int, delta: float, at: float) -> None:  # noqa: N803 -- IB's name
    contract = Contract(conId=756733, symbol="SPY", secType="STK", exchange="SMART")
    contract.deltaNeutralContract = ib_async.DeltaNeutralContract(conId, delta, at)
    request = taken(contract, ib_async.LimitOrder("BUY", 1, 2.5), 178)
    _name, (_id, got, _order, _state) = heard(shown(request, 178))
    assert got.deltaNeutralContract == contract.deltaNeutralContract
