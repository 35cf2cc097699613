"""Whole sizes for clients that know no others."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.wire.foreign import heard

from ibelay.model.market import Bar, Quote
from ibelay.wire import encode
from ibelay.wire.encode import data, history
from ibelay.wire.encode.older import whole_sizes

D = Decimal
SIZE = D("12.75")
BAR = Bar(at_ns=0, open=D("1.5"), high=D("1.5"), low=D("1.5"), close=D("1.5"), volume=SIZE, count=2)
QUOTE = Quote(at_ns=0, bid=D("1.5"), ask=D("2.5"), bid_size=SIZE, ask_size=SIZE)
MESSAGES = {
    "tickPrice": data.tick_price(1, 2, D("1.5"), SIZE),
    "tickSize": data.tick_size(1, 8, SIZE),
    "realtimeBar": data.real_time_bar(1, BAR),
    "historicalData": history.historical_data(1, "a", "b", [("20250602", BAR)] * 3),
    "historicalDataUpdate": history.historical_data_update(1, "20250602", BAR),
    "histogram": history.histogram(1, [(D("1.5"), SIZE)] * 3),
    "bid and ask": history.historical_ticks_bid_ask(1, [QUOTE] * 3),
    "prints": history.historical_ticks_last(1, [(0, D("1.5"), SIZE)] * 3, "ARCA"),
    "tick of a print": data.tick_by_tick_last(1, 1, (0, D("1.5"), SIZE), "ARCA"),
    "tick of a quote": data.tick_by_tick_bid_ask(1, QUOTE),
    "depth": data.market_depth(1, (0, 0, 1, D("1.5"), SIZE)),
    "depth with makers": data.market_depth_l2(1, (0, 0, 1, D("1.5"), SIZE), "ARCA", smart=True),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_sizes_are_whole_and_prices_stay(name: str) -> None:
    message = MESSAGES[name]
    got = whole_sizes(message)
    assert int.from_bytes(got[:4], "big") == len(got) - 4
    before, after = message[4:].split(b"\0"), got[4:].split(b"\0")
    changed = {(a, b) for a, b in zip(before, after, strict=True) if a != b}
    assert changed == {(b"12.75", b"12")}
    assert b"12.75" not in got


@pytest.mark.parametrize("name", ["tickPrice", "tickSize", "realtimeBar"])
def test_what_is_left_can_be_read(name: str) -> None:
    _name, arguments = heard(whole_sizes(MESSAGES[name]), 157)
    assert 12.0 in arguments


def test_other_messages_stay_as_they_are() -> None:
    error = encode.error(1, 321, "12.75")
    midpoint = data.tick_by_tick_mid_point(1, 0, SIZE)
    assert (whole_sizes(error), whole_sizes(midpoint)) == (error, midpoint)
