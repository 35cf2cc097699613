"""Single orders: matching, session, changes, refusals, and the account behind them."""

from __future__ import annotations

import re
from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import Any

import pytest

from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.exchange.events import (
    CommissionCharged,
    ExchangeEvent,
    Executed,
    OrderChanged,
    OrderRequest,
    PositionChanged,
    Refused,
)
from ibelay.gateway.market.api import Instrument, Print, QuoteChange
from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, ConId, OrderId
from ibelay.model.market import Quote
from ibelay.model.order import Action

SPY = Contract(symbol="SPY", con_id=ConId(756733), primary_exchange="ARCA")
ME = ClientId(7)


class Floor:
    """An exchange with one stock, and what it said."""

    def __init__(self, **settings: Any) -> None:
        self.exchange = Exchange(
            account="DU1",
            cash=D(settings.pop("cash", 100_000)),
            instruments=[Instrument(contract=SPY, long_name="SPDR")],
            **settings,
        )
        self.now = 0
        self.said: list[ExchangeEvent] = []

    def _hear(self, events: list[ExchangeEvent]) -> list[ExchangeEvent]:
        self.said += events
        return events

    def quote(self, bid: str | None, ask: str | None, size: int = 1000) -> list[ExchangeEvent]:
        self.now += 1
        quote = Quote(
            at_ns=self.now,
            bid=D(bid) if bid else None,
            ask=D(ask) if ask else None,
            bid_size=D(size),
            ask_size=D(size),
        )
        return self._hear(self.exchange.on_market(QuoteChange(con_id=SPY.con_id, quote=quote)))

    def place(
        self, order_id: int, action: str, quantity: str, order_type: str, **terms: Any
    ) -> list[ExchangeEvent]:
        for name in ("limit_price", "stop_price"):
            if name in terms:
                terms[name] = D(terms[name])
        terms.setdefault("client_id", ME)
        terms.setdefault("contract", Contract(symbol="SPY"))
        request = OrderRequest(
            order_id=OrderId(order_id),
            action=Action(action),
            quantity=D(quantity),
            order_type=order_type,
            **terms,
        )
        return self._hear(self.exchange.place(self.now, request))

    def cancel(self, order_id: int, client_id: ClientId = ME) -> list[ExchangeEvent]:
        return self._hear(self.exchange.cancel(self.now, client_id, OrderId(order_id)))

    def status(self, order_id: int) -> str:
        """The last status told of an order, empty if none was."""
        told = [e.order for e in self.said if isinstance(e, OrderChanged)]
        return next((o.status for o in reversed(told) if o.request.order_id == order_id), "")

    def fills(self) -> list[tuple[int, D, D]]:
        found = [e.execution for e in self.said if isinstance(e, Executed)]
        return [(one.order_id, one.quantity, one.price) for one in found]

    def value(self, key: str) -> D:
        return next(D(v) for k, v, _ in self.exchange.account_values(self.now) if k == key)


def code(events: list[ExchangeEvent]) -> int:
    """The code of the one refusal in *events*."""
    (refused,) = [event for event in events if isinstance(event, Refused)]
    return refused.code


def test_market_order_fills_at_the_touch_and_tells_fill_before_commission() -> None:
    """One event of each kind, in the order a client may hear them."""
    floor = Floor()
    floor.quote("99.99", "100.01")
    events = floor.place(1, "BUY", "100", "MKT", order_ref="bot:1:1.0")
    assert [type(event) for event in events] == [
        OrderChanged,
        Executed,
        OrderChanged,
        CommissionCharged,
        PositionChanged,
    ]
    executed = events[1]
    assert isinstance(executed, Executed)
    assert executed.execution.price == D("100.01")
    assert executed.execution.contract == SPY
    assert executed.execution.order_ref == "bot:1:1.0"
    assert executed.execution.at_ns == floor.now
    assert re.fullmatch(r"0000e0d5\.[0-9a-f]{8}\.01\.01", executed.execution.exec_id)
    assert floor.status(1) == "Filled"


def test_displayed_size_limits_a_fill_and_following_quotes_bring_the_rest() -> None:
    floor = Floor()
    floor.quote("99.99", "100.01", size=60)
    floor.place(1, "BUY", "100", "MKT")
    assert floor.fills() == [(1, D(60), D("100.01"))]
    assert floor.status(1) == "Submitted"
    floor.quote("100.00", "100.02", size=60)
    assert floor.fills()[1:] == [(1, D(40), D("100.02"))]
    assert floor.status(1) == "Filled"


def test_orders_share_the_size_of_one_quote_in_order_of_arrival() -> None:
    floor = Floor()
    floor.quote("99", "100", size=150)
    floor.place(1, "BUY", "100", "MKT")
    floor.place(2, "BUY", "100", "MKT")
    assert floor.fills() == [(1, D(100), D(100)), (2, D(50), D(100))]


def test_limit_order_never_fills_beyond_its_limit() -> None:
    floor = Floor()
    floor.quote("99.99", "100.01")
    floor.place(1, "BUY", "10", "LMT", limit_price="100.00")
    floor.place(2, "SELL", "10", "LMT", limit_price="100.02")
    assert floor.fills() == []
    floor.quote("99.98", "100.00")
    floor.quote("100.02", "100.03")
    assert floor.fills() == [(1, D(10), D("100.00")), (2, D(10), D("100.02"))]


@pytest.mark.parametrize(
    ("action", "stop", "quiet", "crossing", "price"),
    [
        ("SELL", "99.00", ("99.01", "99.02"), ("98.90", "98.95"), "98.90"),
        ("BUY", "101.00", ("100.98", "100.99"), ("101.05", "101.07"), "101.07"),
    ],
)
def test_stop_waits_pre_submitted_until_the_touch_crosses_it(
    action: str, stop: str, quiet: tuple[str, str], crossing: tuple[str, str], price: str
) -> None:
    floor = Floor()
    floor.quote("100.00", "100.01")
    (told,) = floor.place(1, action, "10", "STP", stop_price=stop)
    assert isinstance(told, OrderChanged)
    assert (told.order.status, told.order.why_held) == ("PreSubmitted", "trigger")
    assert floor.quote(*quiet) == []
    floor.quote(*crossing)
    assert floor.fills() == [(1, D(10), D(price))]


def test_elected_stop_limit_keeps_its_limit_and_stays_elected() -> None:
    floor = Floor()
    floor.quote("100.00", "100.01")
    floor.place(1, "SELL", "10", "STP LMT", stop_price="99.00", limit_price="98.95")
    floor.quote("98.50", "98.60")
    assert floor.status(1) == "Submitted"
    assert floor.fills() == []
    floor.quote("99.50", "99.60")
    assert floor.fills() == [(1, D(10), D("99.50"))]


def test_ioc_order_takes_what_there_is_and_ends() -> None:
    floor = Floor()
    floor.quote("99", "100", size=30)
    floor.place(1, "BUY", "100", "LMT", limit_price="100", tif="IOC")
    assert floor.fills() == [(1, D(30), D(100))]
    assert floor.status(1) == "Cancelled"


def test_one_sided_quote_fills_only_the_side_it_has() -> None:
    floor = Floor()
    floor.quote("99", None)
    floor.place(1, "BUY", "1", "MKT")
    floor.place(2, "SELL", "1", "MKT")
    assert floor.fills() == [(2, D(1), D(99))]


def test_prints_of_others_fill_nothing() -> None:
    floor = Floor()
    floor.quote("99", "101")
    floor.place(1, "BUY", "10", "LMT", limit_price="100")
    trade = Print(con_id=SPY.con_id, at_ns=5, price=D(100), size=D(500))
    assert floor.exchange.on_market(trade) == []


def test_orders_wait_for_the_open_unless_allowed_outside_the_session() -> None:
    floor = Floor(open_ns=10, close_ns=20)
    floor.quote("99", "100")
    floor.place(1, "BUY", "10", "MKT", outside_rth=True)
    floor.place(2, "BUY", "10", "LMT", limit_price="100")
    floor.place(3, "BUY", "10", "LMT", limit_price="100", outside_rth=True)
    assert floor.fills() == [(3, D(10), D(100))]
    assert (floor.status(1), floor.status(2)) == ("PreSubmitted", "PreSubmitted")
    floor.now = 9
    floor.quote("99", "100")
    assert floor.fills()[1:] == [(1, D(10), D(100)), (2, D(10), D(100))]


def test_stops_are_not_elected_outside_the_session() -> None:
    floor = Floor(open_ns=10, close_ns=20)
    floor.place(1, "SELL", "10", "STP", stop_price="99")
    floor.quote("90", "91")
    assert floor.fills() == []
    assert floor.status(1) == "PreSubmitted"


def test_day_orders_end_at_the_close_and_others_live_on() -> None:
    floor = Floor(open_ns=0, close_ns=20)
    floor.quote("99", "100")
    floor.place(1, "BUY", "10", "LMT", limit_price="90")
    floor.place(2, "BUY", "10", "LMT", limit_price="90", tif="GTC")
    floor.now = 19
    floor.quote("80", "81")
    assert floor.fills() == []
    assert (floor.status(1), floor.status(2)) == ("Cancelled", "PreSubmitted")


def test_modification_changes_terms_and_keeps_the_perm_id() -> None:
    floor = Floor()
    floor.quote("99", "100")
    (first,) = floor.place(1, "BUY", "10", "LMT", limit_price="90")
    floor.place(1, "BUY", "20", "LMT", limit_price="100")
    assert floor.fills() == [(1, D(20), D(100))]
    (done,) = floor.exchange.completed_orders()
    assert isinstance(first, OrderChanged)
    assert done.perm_id == first.order.perm_id
    assert done.completed_status == "Filled Size: 20"


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (("BUY", "10", "MKT", {}), 329),
        (("SELL", "10", "LMT", {"limit_price": "90"}), 105),
        (("BUY", "0", "LMT", {"limit_price": "90"}), 105),
        (("BUY", "10", "LMT", {"limit_price": "90", "tif": "IOC"}), 105),
        (("BUY", "10", "LMT", {"limit_price": "90.001"}), 110),
        (("BUY", "10", "LMT", {"limit_price": "90", "oca_group": "g"}), 10326),
        (("BUY", "10", "LMT", {"limit_price": "90", "parent_id": OrderId(9)}), 10341),
    ],
)
def test_refused_modification_leaves_the_order_as_it_was(
    terms: tuple[str, str, str, dict[str, Any]], expected: int
) -> None:
    floor = Floor()
    floor.place(1, "BUY", "10", "LMT", limit_price="91")
    before = floor.exchange.working_orders()
    assert code(floor.place(1, *terms[:3], **terms[3])) == expected
    assert floor.exchange.working_orders() == before


def test_what_the_client_leaves_open_is_filled_in() -> None:
    """Contract, account and time in force are echoed as IB completes them."""
    floor = Floor()
    (told,) = floor.place(1, "BUY", "10", "LMT", limit_price="90", tif="")
    assert isinstance(told, OrderChanged)
    request = told.order.request
    assert (request.contract, request.account, request.tif) == (SPY, "DU1", "DAY")


def test_modifying_a_filled_order_is_refused_with_104() -> None:
    floor = Floor()
    floor.quote("99", "100")
    floor.place(1, "BUY", "10", "MKT")
    assert code(floor.place(1, "BUY", "20", "MKT")) == 104


def test_order_ids_of_a_client_only_go_up() -> None:
    floor = Floor()
    floor.place(5, "BUY", "10", "LMT", limit_price="90")
    assert code(floor.place(4, "BUY", "10", "LMT", limit_price="90")) == 103
    floor.cancel(5)
    assert code(floor.place(5, "BUY", "10", "LMT", limit_price="90")) == 103
    assert floor.exchange.next_order_id(ME) == 6
    assert floor.exchange.next_order_id(ClientId(8)) == 1
    floor.place(1, "BUY", "10", "LMT", limit_price="90", client_id=ClientId(8))
    assert len(floor.exchange.working_orders()) == 1


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (("BUY", "0", "MKT", {}), 434),
        (("BUY", "1", "TRAIL", {}), 158),
        (("BUY", "1", "REL", {}), 387),
        (("BUY", "1", "MKT", {"tif": "GTX"}), 111),
        (("BUY", "1", "STP", {"stop_price": "90", "tif": "IOC"}), 111),
        (("BUY", "1", "LMT", {}), 107),
        (("BUY", "1", "LMT", {"limit_price": "90.005"}), 110),
        (("BUY", "1", "STP", {"stop_price": "-1"}), 110),
        (("BUY", "1", "MKT", {"contract": Contract(symbol="NOPE")}), 200),
        (("BUY", "1", "MKT", {"contract": Contract(symbol="SPY", currency="EUR")}), 200),
        (("BUY", "1", "MKT", {"account": "DU2"}), 321),
        (("BUY", "1", "MKT", {"parent_id": OrderId(99)}), 10006),
    ],
)
def test_refused_order_is_in_no_list(
    terms: tuple[str, str, str, dict[str, Any]], expected: int
) -> None:
    floor = Floor()
    assert code(floor.place(1, *terms[:3], **terms[3])) == expected
    assert floor.exchange.working_orders() == []
    assert floor.exchange.completed_orders() == []


def test_order_beyond_the_buying_power_becomes_inactive_then_201() -> None:
    """Four times 1,000 dollars buy 39 shares at 100.01 but not 40."""
    floor = Floor(cash=1000)
    floor.quote("100.00", "100.01")
    events = floor.place(1, "BUY", "40", "MKT")
    assert [type(event) for event in events] == [OrderChanged, Refused]
    assert floor.status(1) == "Inactive"
    assert code(events) == 201
    floor.place(2, "BUY", "39", "MKT")
    assert floor.status(2) == "Filled"
    floor.place(3, "SELL", "39", "MKT")
    assert floor.status(3) == "Filled"


def test_cancel_answers_by_what_the_order_is() -> None:
    floor = Floor()
    floor.quote("99", "100")
    floor.place(1, "BUY", "10", "LMT", limit_price="90")
    floor.place(2, "BUY", "10", "MKT")
    assert code(floor.cancel(1, client_id=ClientId(8))) == 10147
    (told,) = floor.cancel(1)
    assert isinstance(told, OrderChanged)
    assert told.order.status == "Cancelled"
    (late,) = floor.cancel(2)
    assert isinstance(late, Refused)
    assert (late.code, late.text) == (
        10148,
        "OrderId 2 that needs to be cancelled cannot be cancelled, state: Filled.",
    )


def test_cancel_all_ends_the_orders_of_every_client() -> None:
    floor = Floor()
    floor.place(1, "BUY", "10", "LMT", limit_price="90")
    floor.place(1, "BUY", "10", "LMT", limit_price="90", client_id=ClientId(8))
    floor.exchange.cancel_all(1)
    assert floor.exchange.working_orders() == []
    assert len(floor.exchange.completed_orders()) == 2


def test_what_if_answers_and_leaves_no_trace() -> None:
    floor = Floor()
    floor.quote("99", "100")
    (told,) = floor.place(1, "BUY", "10", "MKT", what_if=True)
    assert isinstance(told, OrderChanged)
    assert told.order.request.contract == SPY
    assert floor.exchange.working_orders() == []
    assert floor.exchange.next_order_id(ME) == 1


def test_position_flips_from_long_to_short_with_ib_average_cost() -> None:
    """Commission is part of the cost; that of a flip is shared between its two halves."""
    floor = Floor()
    floor.quote("100", "100")
    floor.place(1, "BUY", "100", "MKT")
    floor.quote("102", "102")
    floor.place(2, "SELL", "150", "MKT")
    (row,) = floor.exchange.positions()
    assert row.position.quantity == D(-50)
    assert row.position.average_cost == D("101.99333333")
    (_, first), (_, second) = floor.exchange.executions()
    assert first is not None
    assert first.realized_pnl is None
    assert second is not None
    assert second.realized_pnl is not None
    assert second.realized_pnl.quantize(D("1e-6")) == D("198.333333")


def test_account_values_follow_the_quotes() -> None:
    floor = Floor()
    floor.quote("100", "100")
    floor.place(1, "BUY", "100", "MKT")
    floor.quote("109", "111")
    assert floor.value("TotalCashValue") == D("89999.00")
    assert floor.value("GrossPositionValue") == D("11000.00")
    assert floor.value("NetLiquidation") == D("100999.00")
    assert floor.value("UnrealizedPnL") == D("999.00")
    assert floor.value("AvailableFunds") == D("98249.00")
    assert floor.value("BuyingPower") == D("392996.00")


def test_position_closed_today_is_still_listed_with_zero() -> None:
    floor = Floor()
    floor.quote("100", "100")
    floor.place(1, "BUY", "100", "MKT")
    floor.place(2, "SELL", "100", "MKT")
    (row,) = floor.exchange.positions()
    assert (row.position.quantity, row.position.average_cost) == (D(0), D(0))
    assert row.realized_pnl == D("-2.00")


@pytest.mark.parametrize(
    ("quantity", "price", "expected"),
    [("10", "50", "1.00"), ("1000", "50", "5.00"), ("1", "50", "0.50"), ("1000", "0.10", "1.00")],
)
def test_commission_has_a_floor_and_a_ceiling(quantity: str, price: str, expected: str) -> None:
    floor = Floor()
    floor.quote(price, price)
    floor.place(1, "BUY", quantity, "MKT")
    ((_, report),) = floor.exchange.executions()
    assert report is not None
    assert report.commission == D(expected)


def test_minimum_commission_is_paid_once_per_order() -> None:
    floor = Floor()
    for _ in range(3):
        floor.quote("50", "50", size=100)
        if not floor.fills():
            floor.place(1, "BUY", "300", "MKT")
    reports = [report for _, report in floor.exchange.executions()]
    assert [report.commission for report in reports if report] == [D(1), D(0), D("0.5")]


def test_contracts_are_found_by_id_or_description() -> None:
    exchange = Floor().exchange
    assert exchange.instrument(ConId(1)) is None
    assert [one.contract for one in exchange.find(Contract(symbol="x", con_id=SPY.con_id))] == [SPY]
    assert exchange.find(Contract(symbol="SPY", con_id=ConId(1))) == []
    assert len(exchange.find(Contract(symbol="SPY", exchange="ARCA"))) == 1
    assert exchange.find(Contract(symbol="SPY", exchange="NYSE")) == []
    assert exchange.find(Contract(symbol="SPY", sec_type="OPT")) == []
