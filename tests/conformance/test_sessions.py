"""A session of each foreign client: it connects, trades, goes, and finds all again."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.environments import ForeignClient
from tests.conformance.orders import LIMIT, WORKING, place
from tests.conformance.remote import Event, Remote, started


def contracts(events: list[Event], name: str, at: int) -> list[str]:
    """Return the symbols of the contracts that callbacks of that name were given."""
    return [event.args[at]["symbol"] for event in events if event.name == name]


@pytest.fixture
def connected(client: ForeignClient, remote: Remote, port: int) -> Remote:
    """The foreign client, connected as client 1."""
    assert remote.connect(port, 1) == client.server_version
    return remote


def test_it_speaks_the_version_and_hears_account_and_order_id(connected: Remote) -> None:
    """What a session begins with, unasked."""
    assert connected.expect("managedAccounts").args[0] in ("DU1234567", ["DU1234567"])
    assert int(connected.expect("nextValidId").args[0]) >= 1
    assert connected.complaints() == []


def test_a_market_order_is_filled_and_paid_for(connected: Remote) -> None:
    """Statuses, executions, commissions and position as the library decodes them."""
    order = place(connected, action="BUY", orderType="MKT", totalQuantity=300)
    assert order.reached("Filled")
    assert order.settled(300.0)
    last = [event for event in connected.since(order.mark) if event.name == "orderStatus"][-1]
    assert (float(last.args[2]), float(last.args[3])) == (300.0, 0.0)
    fills = order.executions()
    paid = sum(float(fill["shares"]) * float(fill["price"]) for fill in fills)
    assert paid / 300 == pytest.approx(float(last.args[4]), abs=0.01)
    costs = order.commissions().values()  # a fill within the minimum already paid costs nothing
    assert min(costs) >= 0
    assert sum(costs) == pytest.approx(1.50)
    assert {fill["side"] for fill in fills} <= {"BOT"}
    _told, mark = connected.call("reqPositions")
    connected.expect("positionEnd", mark=mark)
    held = [event.args for event in connected.since(mark) if event.name == "position"]
    assert {(args[0], args[1]["symbol"], float(args[2])) for args in held} == {
        ("DU1234567", "SPY", 300.0)
    }
    assert connected.complaints() == []


def test_an_entry_that_fills_makes_its_exits_work(connected: Remote) -> None:
    """The children live only after the parent; one exit's fill ends the other."""
    terms: dict[str, Any] = {**LIMIT, "lmtPrice": 900.0, "totalQuantity": 100}
    entry = place(connected, **terms, transmit=False)
    exits: dict[str, Any] = {
        "action": "SELL",
        "totalQuantity": 100,
        "parentId": entry.order_id,
        "tif": "GTC",
    }
    target = place(connected, **exits, orderType="LMT", lmtPrice=899.0, transmit=False)
    stop = place(connected, **exits, orderType="STP", auxPrice=100.0)
    assert entry.reached("Filled")
    assert entry.settled(100.0)
    assert target.reached("Submitted", "Filled")
    assert stop.reached(*WORKING)
    alone = {**exits, "parentId": 0}  # a parent that is gone cannot be named again: 135
    target.changed({**alone, "orderType": "LMT", "lmtPrice": 100.0, "transmit": True})
    assert target.reached("Filled")
    assert target.settled(100.0)
    assert stop.reached("Cancelled")
    assert connected.complaints() == []


def test_what_was_left_is_there_again_after_reconnecting(connected: Remote, port: int) -> None:
    """Open order, position, executions and completed order survive the session."""
    bought = place(connected, action="BUY", orderType="MKT", totalQuantity=100)
    assert bought.settled(100.0)
    ended = place(connected, **{**LIMIT, "lmtPrice": 299.0})
    assert ended.reached(*WORKING)
    assert ended.cancelled()
    left = place(connected, **LIMIT)
    assert left.reached(*WORKING)
    connected.disconnect()
    mark = connected.mark
    connected.connect(port, 1)
    assert int(connected.expect("nextValidId", mark=mark).args[0]) > left.order_id

    mark = connected.mark
    for call, given, end in (
        ("reqOpenOrders", {}, "openOrderEnd"),
        ("reqExecutions", {"filter": {}}, "execDetailsEnd"),
        ("reqCompletedOrders", {"apionly": False}, "completedOrdersEnd"),
        ("reqPositions", {}, "positionEnd"),
    ):
        connected.call(call, given)
        connected.expect(end, mark=mark)
    heard = connected.since(mark)
    opened = [event.args for event in heard if event.name == "openOrder"]
    assert {(args[0], args[2]["lmtPrice"]) for args in opened} == {(left.order_id, 300.0)}
    assert {e.args[2]["execId"] for e in heard if e.name == "execDetails"} == {
        fill["execId"] for fill in bought.executions()
    }
    assert "SPY" in contracts(heard, "completedOrder", 0)
    assert set(contracts(heard, "position", 1)) == {"SPY"}

    again = type(left)(connected, left.order_id, mark)
    assert again.cancelled()
    assert connected.complaints() == []


def test_a_client_id_in_use_is_refused(connected: Remote, client: ForeignClient, port: int) -> None:
    """Code 326, as the same library hears it."""
    with started(client) as second:
        assert 326 in second.try_to_connect(port, 1)
