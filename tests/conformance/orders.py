"""Orders through a foreign client, from the placing to the end, as the client decodes them.

Each scenario is a row of the matrix. It leaves nothing working and no position behind, so that
the next one begins where this one did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tests.conformance.exercise import ADVISORIES, ANSWER_S, Cell, Verdict, known_contract
from tests.conformance.families import READ_NO_COUPON, SPY
from tests.conformance.remote import Event, Remote

LIMIT: Mapping[str, Any] = MappingProxyType(
    {"action": "BUY", "orderType": "LMT", "totalQuantity": 100, "lmtPrice": 300.0, "tif": "DAY"}
)
WORKING = ("PreSubmitted", "Submitted")
_CONFIRMED_CANCEL = 202


class Placed:
    """One order as its client hears of it.

    Args:
        remote: The client.
        order_id: The order's.
        mark: From where on to listen.
    """

    def __init__(self, remote: Remote, order_id: int, mark: int) -> None:
        self.remote = remote
        self.order_id = order_id
        self.mark = mark

    def statuses(self) -> list[str]:
        """Return its statuses in the order they came."""
        return [str(event.args[1]) for event in self._named("orderStatus")]

    def reached(self, *statuses: str) -> bool:
        """Wait for one of these statuses; return whether it came, and before any refusal."""
        self.remote.until(
            lambda _heard: self.code or set(statuses) & set(self.statuses()),
            mark=self.mark,
            within_s=ANSWER_S,
        )
        return bool(set(statuses) & set(self.statuses()))

    @property
    def code(self) -> int:
        """The code of the error that refused it, 0 if none came."""
        codes = [int(event.args[1]) for event in self._named("error")]
        refusals = [one for one in codes if one not in ADVISORIES and one != _CONFIRMED_CANCEL]
        return refusals[0] if refusals else 0

    def openings(self) -> list[Event]:
        """Return the ``openOrder`` of this order."""
        return self._named("openOrder")

    def executions(self) -> list[dict[str, Any]]:
        """Return its executions, decoded."""
        heard = [e for e in self.remote.since(self.mark) if e.name == "execDetails"]
        return [e.args[2] for e in heard if e.args[2]["orderId"] == self.order_id]

    def commissions(self) -> dict[str, float]:
        """Return what its executions cost, by execution id."""
        ids = {execution["execId"] for execution in self.executions()}
        reports = [
            e.args[0]
            for e in self.remote.since(self.mark)
            if e.name in {"commissionReport", "commissionAndFeesReport"}
        ]
        paid = {r["execId"]: r.get("commission", r.get("commissionAndFees")) for r in reports}
        return {exec_id: float(cost) for exec_id, cost in paid.items() if exec_id in ids}

    def settled(self, shares: float) -> bool:
        """Wait until *shares* are filled with a commission for each execution."""

        def paid() -> bool:
            fills = self.executions()
            return sum(float(fill["shares"]) for fill in fills) == shares and len(
                self.commissions()
            ) == len(fills)

        return self.remote.until(lambda _heard: paid(), mark=self.mark, within_s=ANSWER_S)

    def cancelled(self) -> bool:
        """Cancel it and wait for the end."""
        self.remote.call("cancelOrder", {"orderid": self.order_id})
        return self.reached("Cancelled", "ApiCancelled")

    def changed(self, order: Mapping[str, Any]) -> None:
        """Send it again with other terms."""
        given = {"contract": SPY, "orderid": self.order_id, "order": dict(order)}
        self.remote.call("placeOrder", given)

    def cell(self, *, served: bool) -> Cell:
        """Return what the matrix says of it."""
        heard = tuple(self.remote.since(self.mark))
        if served:
            return Cell(Verdict.SERVED, events=heard)
        if self.code:
            return Cell(Verdict.ERROR, self.code, heard)
        return Cell(Verdict.SILENT, events=heard)

    def _named(self, name: str) -> list[Event]:
        heard = self.remote.since(self.mark)
        return [e for e in heard if e.name == name and e.args[0] == self.order_id]


def place(remote: Remote, *, contract: Mapping[str, Any] = SPY, **order: Any) -> Placed:
    """Place an order, in SPY if not told otherwise."""
    told, mark = remote.call("placeOrder", {"contract": dict(contract), "order": order})
    assert told.name == "called", f"{remote.client.name} would not send it: {told.args}"
    return Placed(remote, int(told.args[0]), mark)


def market(remote: Remote, contract: Mapping[str, Any] = SPY, quantity: float = 100) -> Cell:
    """Buy at the market, and sell again: fills and commissions for both."""
    terms: dict[str, Any] = {
        "orderType": "MKT",
        "totalQuantity": quantity,
        "contract": contract,
        "tif": "DAY",
    }
    bought = place(remote, action="BUY", **terms)
    served = bought.reached("Filled") and bought.settled(quantity)
    if served:
        sold = place(remote, action="SELL", **terms)
        served = sold.reached("Filled") and sold.settled(quantity)
    return bought.cell(served=served)


def traded(sec_type: str, quantity: float = 1) -> Callable[[Remote], Cell]:
    """Return a scenario: buy and sell a contract of that type that was told of before."""
    return lambda remote: market(remote, known_contract(remote, sec_type), quantity)


def bond(remote: Remote) -> Cell:
    """Buy and sell a bond, where the client can be told of one."""
    if remote.client.name in READ_NO_COUPON:
        return Cell(Verdict.UNREAD)
    return market(remote, known_contract(remote, "BOND"), 10)


def coin(remote: Remote) -> Cell:
    """Buy coins for an amount of dollars, as IB has it bought at the market."""
    contract = known_contract(remote, "CRYPTO")
    terms: dict[str, Any] = {"orderType": "MKT", "tif": "IOC", "contract": contract}
    order = place(remote, action="BUY", totalQuantity=0, cashQty=1000.0, **terms)
    filled = order.reached("Filled")
    told = remote.until(lambda _heard: order.commissions(), mark=order.mark, within_s=ANSWER_S)
    return order.cell(served=filled and told)


def combination(remote: Remote) -> Cell:
    """A combination of two stocks, resting until it is cancelled."""
    legs = [
        {"conId": 756733, "ratio": 1, "action": "BUY", "exchange": "SMART"},
        {"conId": 61319701, "ratio": 1, "action": "SELL", "exchange": "SMART"},
    ]
    bag: dict[str, Any] = {
        "symbol": "SPY",
        "secType": "BAG",
        "exchange": "SMART",
        "currency": "USD",
    }
    order = place(remote, **LIMIT, contract={**bag, "comboLegs": legs})
    return order.cell(served=order.reached(*WORKING, "Filled") and order.cancelled())


def one_cancels_all(remote: Remote) -> Cell:
    """Two orders in one group: the fill of one cancels the other."""
    group: dict[str, Any] = {"ocaGroup": f"oca-{remote.mark}", "ocaType": 1}
    resting_one = place(remote, **LIMIT, **group)
    working = resting_one.reached(*WORKING)
    filling = place(remote, **{**LIMIT, "orderType": "MKT"}, **group)
    served = working and filling.settled(100.0) and resting_one.reached("Cancelled")
    place(remote, action="SELL", orderType="MKT", totalQuantity=100).settled(100.0)
    return resting_one.cell(served=served)


def immediate(tif: str) -> Callable[[Remote], Cell]:
    """Return a scenario: an order that cannot fill at once, and so ends at once."""

    def scenario(remote: Remote) -> Cell:
        order = place(remote, **{**LIMIT, "tif": tif})
        return order.cell(served=order.reached("Cancelled", "ApiCancelled", "Inactive"))

    return scenario


def resting(**terms: Any) -> Callable[[Remote], Cell]:
    """Return a scenario: an order that rests until it is cancelled."""

    def scenario(remote: Remote) -> Cell:
        order = place(remote, **{**LIMIT, **terms})
        return order.cell(served=order.reached(*WORKING) and order.cancelled())

    return scenario


def refused(**terms: Any) -> Callable[[Remote], Cell]:
    """Return a scenario: an order that must not be taken."""

    def scenario(remote: Remote) -> Cell:
        order = place(remote, **{**LIMIT, **terms})
        return order.cell(served=order.reached(*WORKING))

    return scenario


def modified(remote: Remote) -> Cell:
    """Change price and size of a resting order; the client is shown both."""
    order = place(remote, **LIMIT)
    resting_first = order.reached(*WORKING)
    order.changed({**LIMIT, "lmtPrice": 301.0, "totalQuantity": 200})

    def shown(_heard: list[Event]) -> bool:
        terms = [event.args[2] for event in order.openings()]
        return any(t["lmtPrice"] == 301.0 and float(t["totalQuantity"]) == 200 for t in terms)

    changed = remote.until(shown, mark=order.mark, within_s=ANSWER_S)
    return order.cell(served=resting_first and changed and order.cancelled())


def bracket(remote: Remote) -> Cell:
    """A resting entry with target and stop, sent as one; cancelling it ends all three."""
    entry = place(remote, **LIMIT, transmit=False)
    exits: dict[str, Any] = {
        "action": "SELL",
        "totalQuantity": 100,
        "parentId": entry.order_id,
        "tif": "GTC",
    }
    target = place(remote, **exits, orderType="LMT", lmtPrice=900.0, transmit=False)
    stop = place(remote, **exits, orderType="STP", auxPrice=100.0, transmit=True)
    working = all(order.reached(*WORKING) for order in (entry, target, stop))
    ended = entry.cancelled() and all(o.reached("Cancelled") for o in (target, stop))
    return entry.cell(served=working and ended)


def what_if(remote: Remote) -> Cell:
    """Ask what an order would cost: margins come, and no order does."""
    order = place(remote, **LIMIT, whatIf=True)

    def told(_heard: list[Event]) -> bool:
        states = [event.args[3] for event in order.openings()]
        return bool(order.code) or any(state["initMarginChange"] for state in states)

    remote.until(told, mark=order.mark, within_s=ANSWER_S)
    return order.cell(served=told([]) and not order.code and not order.statuses())


def globally_cancelled(remote: Remote) -> Cell:
    """Cancel everything while two orders rest."""
    orders = [place(remote, **LIMIT), place(remote, **{**LIMIT, "lmtPrice": 299.0})]
    working = all(order.reached(*WORKING) for order in orders)
    remote.call("reqGlobalCancel")
    return orders[0].cell(served=working and all(order.reached("Cancelled") for order in orders))


def cancelled_twice(remote: Remote) -> Cell:
    """Cancel an order that is cancelled already."""
    order = place(remote, **LIMIT)
    if order.reached(*WORKING) and order.cancelled():
        order.mark = remote.mark
        remote.call("cancelOrder", {"orderid": order.order_id})
        remote.until(lambda _heard: order.code, mark=order.mark, within_s=ANSWER_S)
    return order.cell(served=False)


ORDERS: Mapping[str, Callable[[Remote], Cell]] = MappingProxyType(
    {
        "order: market": market,
        "order: limit, cancelled": resting(),
        "order: stop": resting(action="SELL", orderType="STP", auxPrice=100.0),
        "order: stop limit": resting(
            action="SELL", orderType="STP LMT", auxPrice=100.0, lmtPrice=99.0
        ),
        "order: trailing stop": resting(action="SELL", orderType="TRAIL", auxPrice=50.0),
        "order: market if touched": resting(action="BUY", orderType="MIT", auxPrice=200.0),
        "order: limit if touched": resting(
            action="BUY", orderType="LIT", auxPrice=200.0, lmtPrice=199.0
        ),
        "order: trailing stop limit": resting(
            action="SELL",
            orderType="TRAIL LIMIT",
            auxPrice=50.0,
            trailStopPrice=100.0,
            lmtPriceOffset=0.5,
        ),
        "order: market on close": resting(orderType="MOC"),
        "order: limit on close": resting(orderType="LOC"),
        "order: at the opening": resting(tif="OPG"),
        "order: midprice": resting(orderType="MIDPRICE"),
        "order: adaptive": resting(
            algoStrategy="Adaptive", algoParams=[{"tag": "adaptivePriority", "value": "Normal"}]
        ),
        "order: price condition": resting(
            conditions=[
                {
                    "conId": 756733,
                    "exch": "SMART",
                    "isMore": True,
                    "price": 9999.0,
                    "triggerMethod": 0,
                }
            ]
        ),
        "order: good till date": resting(tif="GTD", goodTillDate="20250602 15:59:00 US/Eastern"),
        "order: immediate or cancel": immediate("IOC"),
        "order: fill or kill": immediate("FOK"),
        "order: one cancels all": one_cancels_all,
        "order: option": traded("OPT"),
        "order: future": traded("FUT"),
        "order: forex": traded("CASH", 25000),
        "order: crypto": coin,
        "order: bond": bond,
        "order: combination": combination,
        "order: good till cancelled": resting(tif="GTC", outsideRth=True),
        "order: modified": modified,
        "order: bracket": bracket,
        "order: what if": what_if,
        "order: cancelled twice": cancelled_twice,
        "order: global cancel of two": globally_cancelled,
        "order: price off the tick": refused(lmtPrice=300.123),
        "order: unknown type": refused(orderType="NOSUCH"),
        "order: nothing to trade": refused(totalQuantity=0),
    }
)
