"""Orders that hold each other: brackets and OCA groups."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import Any

import pytest

from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.exchange.events import (
    BookOrder,
    ExchangeEvent,
    Executed,
    OrderChanged,
    OrderRequest,
    Refused,
)
from ibelay.gateway.market.api import Instrument, QuoteChange
from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, ConId, OrderId
from ibelay.model.market import Quote
from ibelay.model.order import Action

SPY = Contract(symbol="SPY", con_id=ConId(756733))


class Floor:
    """An exchange with one stock; orders by id."""

    def __init__(self, **settings: Any) -> None:
        instruments = [Instrument(contract=SPY, long_name="SPDR")]
        settings.setdefault("cash", D(100_000))
        self.exchange = Exchange(account="DU1", instruments=instruments, **settings)
        self.now = 0
        self.orders: dict[int, BookOrder] = {}
        self.fills: list[tuple[int, D]] = []

    def _hear(self, events: list[ExchangeEvent]) -> list[ExchangeEvent]:
        for event in events:
            if isinstance(event, OrderChanged):
                self.orders[event.order.request.order_id] = event.order
            elif isinstance(event, Executed):
                self.fills.append((event.execution.order_id, event.execution.quantity))
        return events

    def quote(self, bid: str, ask: str, size: int = 1000) -> list[ExchangeEvent]:
        self.now += 1
        quote = Quote(at_ns=self.now, bid=D(bid), ask=D(ask), bid_size=D(size), ask_size=D(size))
        return self._hear(self.exchange.on_market(QuoteChange(con_id=SPY.con_id, quote=quote)))

    def place(
        self, order_id: int, side: str, quantity: int, kind: str, price: str = "", **terms: Any
    ) -> list[ExchangeEvent]:
        request = OrderRequest(
            client_id=ClientId(1),
            order_id=OrderId(order_id),
            contract=SPY,
            action=Action(side),
            quantity=D(quantity),
            order_type=kind,
            limit_price=D(price) if kind == "LMT" else None,
            stop_price=D(price) if kind == "STP" else None,
            **terms,
        )
        return self._hear(self.exchange.place(self.now, request))

    def cancel(self, order_id: int) -> list[ExchangeEvent]:
        return self._hear(self.exchange.cancel(self.now, ClientId(1), OrderId(order_id)))

    def bracket(self, *, entry: str = "100", quantity: int = 100) -> None:
        """Entry 1 at *entry*, target 2 at 102, stop 3 at 98."""
        parent = OrderId(1)
        self.place(1, "BUY", quantity, "LMT", entry, transmit=False)
        self.place(2, "SELL", quantity, "LMT", "102", parent_id=parent, transmit=False)
        self.place(3, "SELL", quantity, "STP", "98", parent_id=parent)

    def status(self, order_id: int) -> str:
        return self.orders[order_id].status

    @property
    def position(self) -> D:
        return sum((row.position.quantity for row in self.exchange.positions()), D(0))


def test_untransmitted_orders_are_unseen_until_a_member_is_transmitted() -> None:
    floor = Floor()
    floor.quote("100", "100.01")
    assert floor.place(1, "BUY", 10, "MKT", transmit=False) == []
    child = {"parent_id": OrderId(1)}
    assert floor.place(2, "SELL", 10, "LMT", "102", transmit=False, **child) == []
    assert floor.exchange.working_orders() == []
    events = floor.place(3, "SELL", 10, "STP", "98", **child)
    told = [e.order.request.order_id for e in events if isinstance(e, OrderChanged)]
    assert told[:3] == [1, 2, 3]
    assert floor.fills == [(1, D(10))]


def test_held_order_is_released_by_sending_it_again_with_transmit() -> None:
    floor = Floor()
    floor.quote("100", "100")
    floor.place(1, "BUY", 10, "MKT", transmit=False)
    floor.place(1, "BUY", 10, "MKT", transmit=True)
    assert floor.fills == [(1, D(10))]


def test_children_wait_for_the_parent_and_share_its_perm_id_as_oca_group() -> None:
    floor = Floor()
    floor.quote("101", "101.01")
    floor.bracket()
    group = str(floor.orders[1].perm_id)
    for order_id, why in ((2, "child"), (3, "child,trigger")):
        order = floor.orders[order_id]
        assert (order.status, order.why_held) == ("PreSubmitted", why)
        assert (order.request.oca_group, order.request.oca_type) == (group, 3)
    floor.quote("103", "103.01")
    floor.quote("97", "100.50")
    assert floor.fills == []
    floor.quote("99.98", "99.99")
    assert floor.fills == [(1, D(100))]
    assert (floor.status(2), floor.status(3)) == ("Submitted", "PreSubmitted")
    assert floor.orders[3].why_held == "trigger"


def test_filled_target_cancels_the_stop_and_the_other_way_round() -> None:
    for exit_quote, filled, cancelled in ((("102", "102.01"), 2, 3), (("98", "98.01"), 3, 2)):
        floor = Floor()
        floor.quote("99", "100")
        floor.bracket()
        floor.quote(*exit_quote)
        assert floor.fills == [(1, D(100)), (filled, D(100))]
        assert floor.status(cancelled) == "Cancelled"
        assert floor.position == 0


def test_partly_filled_target_shrinks_the_stop() -> None:
    floor = Floor()
    floor.quote("99", "100")
    floor.bracket()
    floor.quote("102", "102.01", size=30)
    assert floor.orders[3].request.quantity == D(70)
    floor.quote("98", "98.01")
    assert floor.fills[-1] == (3, D(70))
    assert floor.status(2) == "Cancelled"
    assert floor.position == 0


def test_children_fill_no_more_than_the_parent_has() -> None:
    """A parent with 40 of 100 gives its target 40 to sell; the rest when it comes."""
    floor = Floor()
    floor.quote("99", "100", size=40)
    floor.bracket()
    floor.quote("102", "102.01")
    assert floor.fills == [(1, D(40)), (2, D(40))]
    assert floor.orders[3].request.quantity == D(60)
    floor.quote("99", "100")
    floor.quote("102", "102.01")
    assert floor.fills[2:] == [(1, D(60)), (2, D(60))]
    assert floor.position == 0


def test_two_half_targets_live_with_one_full_stop() -> None:
    floor = Floor()
    floor.quote("99", "100")
    terms: dict[str, Any] = {"parent_id": OrderId(1), "transmit": False}
    floor.place(1, "BUY", 100, "MKT", transmit=False)
    floor.place(2, "SELL", 50, "LMT", "101", **terms)
    floor.place(3, "SELL", 50, "LMT", "103", **terms)
    floor.place(4, "SELL", 100, "STP", "98", parent_id=OrderId(1))
    floor.quote("101", "101.01")
    assert floor.orders[3].request.quantity == D(50)
    assert floor.orders[4].request.quantity == D(50)
    floor.quote("98", "98.01")
    assert floor.status(3) == "Cancelled"
    assert floor.position == 0


def test_cancel_of_an_unfilled_parent_takes_the_children_along() -> None:
    floor = Floor()
    floor.quote("101", "101.01")
    floor.bracket()
    floor.cancel(1)
    assert {floor.status(n) for n in (1, 2, 3)} == {"Cancelled"}
    assert floor.exchange.working_orders() == []


def test_child_that_adds_to_its_parent_waits_for_it_and_goes_with_it() -> None:
    """It closes nothing, so the parent's quantity does not bind it."""
    for cancelled in (False, True):
        floor = Floor()
        floor.quote("101", "101.01")
        floor.place(1, "BUY", 10, "LMT", "100", transmit=False)
        floor.place(2, "BUY", 50, "MKT", parent_id=OrderId(1))
        assert floor.fills == []
        if cancelled:
            floor.cancel(1)
        floor.quote("99", "100")
        assert floor.fills == ([] if cancelled else [(1, D(10)), (2, D(50))])
        assert floor.status(2) == ("Cancelled" if cancelled else "Filled")


def test_cancel_of_a_partly_filled_parent_leaves_children_of_that_size() -> None:
    floor = Floor()
    floor.quote("99", "100", size=40)
    floor.bracket()
    floor.cancel(1)
    assert [o.request.quantity for o in floor.exchange.working_orders()] == [D(40), D(40)]
    floor.quote("97", "97.01")
    assert floor.position == 0


def test_cancel_of_a_child_leaves_the_rest() -> None:
    floor = Floor()
    floor.quote("101", "101.01")
    floor.bracket()
    floor.cancel(2)
    assert [o.request.order_id for o in floor.exchange.working_orders()] == [1, 3]


def test_rejected_parent_takes_its_children_along() -> None:
    floor = Floor(cash=D(1000))
    floor.quote("99", "100")
    floor.bracket()
    assert [floor.status(n) for n in (1, 2, 3)] == ["Inactive", "Cancelled", "Cancelled"]
    assert floor.exchange.working_orders() == []


def test_moving_the_stop_names_no_parent_that_is_gone() -> None:
    """A modification that still names the filled parent is refused with 135, the stop lives."""
    floor = Floor()
    floor.quote("99", "100")
    floor.bracket()
    (refused,) = floor.place(3, "SELL", 100, "STP", "99", parent_id=OrderId(1))
    assert isinstance(refused, Refused)
    assert refused.code == 135
    floor.place(3, "SELL", 100, "STP", "98.50")
    assert floor.orders[3].request.stop_price == D("98.50")
    assert floor.orders[3].request.oca_group == str(floor.orders[1].perm_id)
    floor.quote("98.40", "98.41")
    assert floor.fills[-1] == (3, D(100))
    assert floor.status(2) == "Cancelled"


def test_stop_sent_again_with_its_first_size_stays_as_small_as_what_is_left() -> None:
    floor = Floor()
    floor.quote("99", "100")
    floor.bracket()
    floor.quote("102", "102.01", size=30)
    floor.place(3, "SELL", 100, "STP", "100")
    assert floor.orders[3].request.quantity == D(70)


def test_smaller_parent_shrinks_its_children() -> None:
    floor = Floor()
    floor.quote("101", "101.01")
    floor.bracket()
    floor.place(1, "BUY", 60, "LMT", "100")
    assert [o.request.quantity for o in floor.exchange.working_orders()] == [D(60)] * 3


@pytest.mark.parametrize("oca_type", [0, 2, 3])
def test_oca_with_reduction_shrinks_then_cancels(oca_type: int) -> None:
    floor = Floor()
    floor.quote("99", "101")
    group = {"oca_group": "pair", "oca_type": oca_type}
    floor.place(1, "BUY", 100, "LMT", "100", **group)
    floor.place(2, "BUY", 100, "STP", "102", **group)
    floor.quote("99", "100", size=30)
    assert floor.orders[2].request.quantity == D(70)
    floor.quote("101.50", "102")
    assert floor.fills == [(1, D(30)), (2, D(70))]
    assert floor.status(1) == "Cancelled"
    assert floor.position == D(100)


def test_oca_type_1_cancels_the_others_on_the_first_fill() -> None:
    floor = Floor()
    floor.quote("99", "101")
    group = {"oca_group": "pair", "oca_type": 1}
    floor.place(1, "BUY", 100, "LMT", "100", **group)
    floor.place(2, "BUY", 100, "LMT", "100", **group)
    floor.quote("99", "100", size=130)
    assert floor.fills == [(1, D(100))]
    assert floor.status(2) == "Cancelled"


def test_oca_members_hit_by_one_quote_do_not_overfill() -> None:
    floor = Floor()
    floor.quote("99", "101")
    group = {"oca_group": "pair", "oca_type": 3}
    floor.place(1, "BUY", 100, "LMT", "100", **group)
    floor.place(2, "BUY", 100, "LMT", "100", **group)
    floor.quote("99", "100")
    assert floor.position == D(100)
