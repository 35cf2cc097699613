"""A placeOrder of any fields is answered, in messages that the real ib_async can read."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ib_async import (
    ComboLeg,
    Contract,
    LimitOrder,
    MarketOrder,
    Order,
    OrderComboLeg,
    PriceCondition,
    Stock,
    TagValue,
    TimeCondition,
)
from tests.gateway.pure import Message, Talk
from tests.wire.foreign import heard, sent

from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.desks.orders.view import order_view
from ibelay.gateway.session.floor import Floor
from ibelay.model.ids import ClientId
from ibelay.wire import encode
from ibelay.wire.fields import names
from ibelay.wire.framing import frame

SPY = Stock("SPY", "SMART", "USD", conId=756733)
LEGS = [
    ComboLeg(conId=756733, ratio=1, action="BUY", exchange="SMART"),
    ComboLeg(conId=10098, ratio=2, action="SELL", exchange="SMART"),
]
BAG = Contract(symbol="SPY", secType="BAG", exchange="SMART", currency="USD", comboLegs=LEGS)
ORDER_ID_AT, TRANSMIT_AT = 1, 27
NASTY = st.sampled_from(
    [
        *("", " 5", "9" * 40, "x" * 5000, "\u0663", "\u00e9\u4e2d", "20250602 15:00:00 US/Eastern"),
        *names("0 1 -1 0.0 5.5 1e308 1e-300 1.7976931348623157E308 NaN inf -Infinity Infinite"),
        *names("2147483647 2147483648 -2147483649 9223372036854775807 1_000 0x10 None ? true"),
        *names("BUY SELL MKT LMT TRAIL VOL GTD IOC BAG 64 65 a o 7 99999999-99:99:99 Adaptive"),
        *("PEG BENCH", "PEG BEST", "TRAIL LIMIT", "STP LMT"),
    ]
)


def examples() -> list[bytes]:
    """Return placeOrders of every shape."""
    waiting = LimitOrder("BUY", 10, 1.0, tif="GTD", goodTillDate="20250602 15:00:00 US/Eastern")
    waiting.conditions = [
        PriceCondition(price=500, conId=756733, exch="SMART"),
        TimeCondition(time="20250602 12:00:00 US/Eastern", conjunction="o"),
    ]
    trailing = Order(action="SELL", totalQuantity=10, orderType="TRAIL", trailingPercent=1.5)
    scaled = LimitOrder("BUY", 10, 1.0, scalePriceIncrement=0.1, hedgeType="D", hedgeParam="1")
    clever = LimitOrder("BUY", 10, 1.0, algoStrategy="Adaptive")
    clever.algoParams = [TagValue("adaptivePriority", "Normal")]
    pegged = Order(action="BUY", totalQuantity=10, orderType="PEG BENCH", lmtPrice=1.0)
    combined = LimitOrder("BUY", 1, 1.0, smartComboRoutingParams=[TagValue("NonGuaranteed", "1")])
    combined.orderComboLegs = [OrderComboLeg(1.0), OrderComboLeg(2.0)]
    orders: list[tuple[Contract, Order]] = [
        (SPY, one) for one in (MarketOrder("BUY", 1), waiting, trailing, scaled, clever)
    ]
    orders += [(SPY, pegged), (BAG, combined)]
    return [
        sent(lambda client, pair=pair: client.placeOrder(1, *pair))  # type: ignore[misc]
        for pair in orders
    ]


@pytest.fixture(scope="module")
def floor() -> Floor:
    return build_floor(GatewayOptions(symbols=("SPY", "BAC"), start="10:00"))


@pytest.fixture(scope="module")
def talk(floor: Floor) -> Talk:
    return Talk(floor, 1)


def answered(messages: list[Message], order_id: str) -> bool:
    """Return whether any message is about the order."""
    at = {"3": 1, "5": 1, "11": 2, "4": 2}
    return any(fields[at[fields[0]]] == order_id for fields in messages if fields[0] in at)


@settings(
    max_examples=600,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    example=st.sampled_from(examples()),
    edits=st.lists(st.tuples(st.integers(2, 125), NASTY), max_size=4),
    cut=st.one_of(st.none(), st.integers(3, 120)),
    extra=st.lists(NASTY, max_size=3),
)
def test_whatever_its_fields_an_order_is_answered_readably(
    floor: Floor,
    talk: Talk,
    example: bytes,
    edits: list[tuple[int, str]],
    cut: int | None,
    extra: list[str],
) -> None:
    fields = example.decode().split("\0")[:-1]
    order_id = str(floor.exchange.next_order_id(ClientId(1)))
    fields[ORDER_ID_AT] = order_id
    for index, value in edits:
        if index < len(fields) and index != TRANSMIT_AT:
            fields[index] = value
    fields = [*fields[:cut], *extra]
    messages = talk.raw("\0".join([*fields, ""]).encode())
    assert not talk.session.closed
    assert answered(messages, order_id)
    messages += talk.ask(lambda client: client.reqAllOpenOrders())
    messages += talk.ask(lambda client: client.reqGlobalCancel())
    for message in messages:
        heard(frame("\0".join([*message, ""]).encode()))
    for order in floor.exchange.completed_orders()[-1:]:
        heard(encode.completed_order(order_view(order, floor.account), 178))


@settings(max_examples=300)
@given(data=st.binary(max_size=400), version=st.sampled_from([157, 163, 170, 178]))
def test_no_bytes_after_the_message_number_end_a_session(
    floor: Floor, data: bytes, version: int
) -> None:
    talk = Talk(floor, 2, version)
    talk.raw(b"3\0" + data)
    assert not talk.session.closed
    talk.session.leave()
