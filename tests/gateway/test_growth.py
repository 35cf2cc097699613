"""What one client can make the gateway remember, and how much of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ib_async import ComboLeg, Contract, LimitOrder, ScannerSubscription, Stock
from tests.gateway.pure import Talk

from ibelay.gateway.exchange import catalogue
from ibelay.gateway.exchange.orders import shelf
from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.desks import scanner
from ibelay.gateway.session.floor import Floor
from ibelay.gateway.session.lines import MAX_LINES
from ibelay.wire.decode.message import MAX_REQUEST_BYTES

SPY = Stock("SPY", "SMART", "USD")
SCAN = ScannerSubscription(instrument="STK", locationCode="STK.US.MAJOR", scanCode="MOST_ACTIVE")
Act = Callable[[Any], None]


def stream(number: int) -> Act:
    return lambda ib: ib.reqMktData(number, SPY, "", False, False, [])


def scan(number: int) -> Act:
    return lambda ib: ib.reqScannerSubscription(number, SCAN, [], [])


def details(number: int) -> Act:
    return lambda ib: ib.reqContractDetails(number, Stock(f"X{number}", "SMART", "USD"))


def place(number: int) -> Act:
    return lambda ib: ib.placeOrder(number, SPY, LimitOrder("BUY", 1, 1.0))


def cancel(number: int) -> Act:
    return lambda ib: ib.cancelOrder(number, "")


def kept_bars(number: int) -> Act:
    terms: tuple[Any, ...] = ("", "600 S", "1 min", "TRADES", True, 1, True, [])
    return lambda ib: ib.reqHistoricalData(number, SPY, *terms)


@pytest.fixture
def floor() -> Floor:
    return build_floor(GatewayOptions(symbols=("SPY",), start="10:00"))


def test_requests_of_every_kind_share_one_count_of_streams(floor: Floor) -> None:
    talk = Talk(floor)
    for number in range(MAX_LINES):
        talk.ask(stream(number))
    refused: list[Act] = [
        stream(900),
        lambda ib: ib.reqRealTimeBars(901, SPY, 5, "TRADES", True, []),
        lambda ib: ib.reqTickByTickData(902, SPY, "Last", 0, False),
        kept_bars(903),
    ]
    assert [talk.ask(act)[-1][3] for act in refused] == ["101"] * len(refused)


def test_scans_are_counted(floor: Floor) -> None:
    talk = Talk(floor)
    for number in range(scanner.MAX_SCANS):
        talk.ask(scan(number))
    assert talk.ask(scan(99))[-1][:4] == ["4", "2", "99", "162"]


def test_contracts_are_described_without_end_and_few_are_remembered(floor: Floor) -> None:
    talk = Talk(floor)
    for number in range(catalogue._KNOWN_MAX + 100):
        talk.ask(details(number))
    assert len(floor.exchange.catalogue._known) <= catalogue._KNOWN_MAX


def test_a_request_longer_than_any_client_needs_is_not_read(floor: Floor) -> None:
    talk = Talk(floor)
    legs = [ComboLeg(conId=1, ratio=1, action="BUY", exchange="E" * 4000) for _ in range(5)]
    bag = Contract(symbol="SPY", secType="BAG", currency="USD", exchange="SMART", comboLegs=legs)
    said = talk.ask(lambda ib: ib.reqMktData(5, bag, "", False, False, []))
    assert said[-1][:4] == ["4", "2", "5", "320"]
    assert str(MAX_REQUEST_BYTES) in said[-1][4]
    assert not floor.exchange.catalogue._known


def test_orders_that_ended_are_remembered_up_to_a_number(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "MAX_DONE", 10)
    talk = Talk(floor)
    for number in range(1, 31):
        talk.ask(place(number))
        talk.ask(cancel(number))
    book = floor.exchange._pit.shelf
    assert len(floor.exchange.completed_orders()) == 10
    assert len(book._by_id) == 10
    assert (floor._habits._told, floor._habits._commissions) == ({}, {})


def test_orders_at_work_are_refused_beyond_a_number(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "MAX_LIVE", 10)
    talk = Talk(floor)
    for number in range(1, 11):
        talk.ask(place(number))
    said = talk.ask(place(11))
    assert said[-1][:3] == ["4", "2", "11"]
    assert len(floor.exchange.working_orders()) == 10
