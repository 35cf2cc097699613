"""Requests as the real ib_async sends them, and hostile ones."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ib_async
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.foreign import Recorder, sent

from ibelay.model.ids import ClientId, ConId, OrderId
from ibelay.model.order import Action
from ibelay.wire import requests as ask
from ibelay.wire.decode import decode
from ibelay.wire.decode.message import SERVED

SPY = ib_async.Stock("SPY", "SMART", "USD", conId=756733, primaryExchange="ARCA")
VERSIONS = tuple(range(157, 179))


async def _decoded(act: Callable[[Any], None], version: int = 178) -> ask.ClientRequest:
    return decode(sent(act, version), version)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_bracket_child_arrives_whole_at_every_version(version: int) -> None:
    """The profile field that is gone at 177 must not shift what follows it."""
    order = ib_async.StopOrder("SELL", 50, 44.5, parentId=7, ocaGroup="g", ocaType=3, tif="GTC")
    order.orderRef, order.outsideRth, order.whatIf = "ps60:1:2.0", True, True
    order.account, order.transmit, order.cashQty = "DU1234567", False, 12.5
    got = await _decoded(lambda client: client.placeOrder(8, SPY, order), version)
    assert isinstance(got, ask.PlaceOrder)
    assert got.contract.con_id == ConId(756733)
    assert got.contract.primary_exchange == "ARCA"
    assert (got.order_id, got.parent_id) == (OrderId(8), OrderId(7))
    assert (got.action, got.quantity, got.order_type) == (Action.SELL, Decimal(50), "STP")
    assert (got.limit_price, got.aux_price) == (None, Decimal("44.5"))
    assert (got.tif, got.oca_group, got.oca_type) == ("GTC", "g", 3)
    assert (got.order_ref, got.account) == ("ps60:1:2.0", "DU1234567")
    assert (got.transmit, got.outside_rth, got.what_if) == (False, True, True)
    assert got.cash_quantity == Decimal("12.5")


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_order_read_back_from_the_server_can_be_sent_again(version: int) -> None:
    """ib_async then sends the text None and eight delta-neutral fields after it."""
    order = ib_async.LimitOrder("BUY", 1, 2.5, deltaNeutralOrderType="None", whatIf=True)
    order.hedgeType, order.hedgeParam, order.scalePriceIncrement = "D", "x", 0.5
    got = await _decoded(lambda client: client.placeOrder(8, SPY, order), version)
    assert isinstance(got, ask.PlaceOrder)
    assert got.what_if
    assert got.limit_price == Decimal("2.5")


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda c: c.startApi(), ask.StartApi(ClientId(-1))),
        (lambda c: c.cancelOrder(5), ask.CancelOrder(OrderId(5))),
        (lambda c: c.reqGlobalCancel(), ask.GlobalCancel()),
        (lambda c: c.reqOpenOrders(), ask.RequestOpenOrders()),
        (lambda c: c.reqAllOpenOrders(), ask.RequestAllOpenOrders()),
        (lambda c: c.reqAutoOpenOrders(True), ask.RequestAutoOpenOrders(bind=True)),
        (lambda c: c.reqCompletedOrders(False), ask.RequestCompletedOrders(api_only=False)),
        (lambda c: c.reqIds(1), ask.RequestIds()),
        (lambda c: c.reqManagedAccts(), ask.RequestManagedAccounts()),
        (lambda c: c.reqAccountUpdates(True, "DU1"), ask.RequestAccountUpdates(True, "DU1")),
        (
            lambda c: c.reqAccountUpdatesMulti(3, "DU1", "", False),
            ask.RequestAccountUpdatesMulti(3, "DU1", ""),
        ),
        (lambda c: c.cancelAccountUpdatesMulti(3), ask.CancelAccountUpdatesMulti(3)),
        (
            lambda c: c.reqAccountSummary(4, "All", "A,B"),
            ask.RequestAccountSummary(4, "All", "A,B"),
        ),
        (lambda c: c.cancelAccountSummary(4), ask.CancelAccountSummary(4)),
        (lambda c: c.reqPositions(), ask.RequestPositions()),
        (lambda c: c.cancelPositions(), ask.CancelPositions()),
        (lambda c: c.cancelMktData(6), ask.CancelMarketData(6)),
        (lambda c: c.reqMarketDataType(3), ask.RequestMarketDataType(3)),
        (lambda c: c.cancelRealTimeBars(6), ask.CancelRealTimeBars(6)),
        (lambda c: c.cancelHistoricalData(6), ask.CancelHistoricalData(6)),
        (lambda c: c.reqCurrentTime(), ask.RequestCurrentTime()),
        (lambda c: c.setServerLogLevel(2), ask.SetServerLogLevel(2)),
        (
            lambda c: c.reqExecutions(
                9, ib_async.ExecutionFilter(1, "DU1", "20131008 09:30:00", "SPY", "STK", "X", "BUY")
            ),
            ask.RequestExecutions(
                request_id=9,
                client_id=1,
                account="DU1",
                time="20131008 09:30:00",
                symbol="SPY",
                sec_type="STK",
                exchange="X",
                side="BUY",
            ),
        ),
    ],
)
async def test_requests_of_ib_async_are_understood(
    act: Callable[[Any], None], expected: ask.ClientRequest
) -> None:
    if isinstance(expected, ask.StartApi):
        client = Recorder(178)
        client.clientId = 3
        act(client)
        assert decode(client.sent[-1], 178) == ask.StartApi(ClientId(3))
        return
    assert await _decoded(act) == expected


async def test_data_requests_of_ib_async_are_understood() -> None:
    details = await _decoded(lambda c: c.reqContractDetails(1, SPY))
    assert isinstance(details, ask.RequestContractDetails)
    ticks = await _decoded(lambda c: c.reqMktData(2, SPY, "233", True, False, []))
    assert isinstance(ticks, ask.RequestMarketData)
    assert (ticks.request_id, ticks.snapshot, ticks.contract) == (2, True, details.contract)
    bars = await _decoded(lambda c: c.reqRealTimeBars(3, SPY, 5, "TRADES", True, []))
    assert bars == ask.RequestRealTimeBars(3, details.contract, "TRADES", True)
    history = await _decoded(
        lambda c: c.reqHistoricalData(4, SPY, "", "1 D", "5 mins", "TRADES", 1, 2, False, [])
    )
    assert isinstance(history, ask.RequestHistoricalData)
    assert (history.bar_size, history.duration) == ("5 mins", "1 D")  # its arguments are swapped
    assert (history.format_date, history.keep_up_to_date) == (2, False)


@pytest.mark.parametrize(
    ("payload", "request_id", "code"),
    [
        (b"999\0", -1, 505),
        (b"\0", -1, 505),
        (b"abc\0", -1, 505),
        (b"4\0" + b"1\0" + b"x\0", -1, 320),
        (b"9\0" + b"8\0" + b"42\0" + b"x\0", 42, 320),
        (b"3\0" + b"42\0" + b"1\0", 42, 320),
        (b"71\0" + b"2\0" + b"-5\0", -1, 320),
    ],
)
def test_what_cannot_be_served_gets_ib_s_code(payload: bytes, request_id: int, code: int) -> None:
    got = decode(payload, 178)
    assert isinstance(got, ask.Refusal)
    assert (got.request_id, got.code) == (request_id, code)


@settings(max_examples=300)
@given(
    number=st.integers(min_value=0, max_value=110),
    rest=st.lists(st.text(max_size=12), max_size=30),
    version=st.sampled_from(VERSIONS),
)
def test_no_message_whatever_its_fields_raises(number: int, rest: list[str], version: int) -> None:
    payload = "\0".join([str(number), *rest, ""]).encode("utf-8", "replace")
    decode(payload, version)


@given(st.binary(max_size=200))
def test_no_bytes_raise(payload: bytes) -> None:
    decode(payload, 178)


def test_every_number_a_client_of_these_versions_sends_is_read() -> None:
    """The numbers that are missing were never given to a request, or only later ones know."""
    known = {number for number in range(1, 105) if number in SERVED}
    assert set(range(1, 105)) - known == {*range(26, 49), 60}
