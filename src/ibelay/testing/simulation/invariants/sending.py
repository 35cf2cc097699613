"""What may be handed to the socket: I1, I2, I5, I11; and what came of it twice: DUPLICATE.

Rules:
1. An order is known by its reference. The first time it is handed over it is a new order;
   after that it can only be a change of it, under an id the broker has it by.
2. A change says figures that are on disk. An exit may be changed to less than was intended:
   the bot says no more of it than is left to close (``reconcile.amend``).
3. A cancel needs its intent on disk, but for what must not live: a double that the broker made
   of an order (F25), and what lives on of an order that is over.
4. A second order under one reference is the bot's doing unless somebody made the broker do it.
   Even then it must be gone within a bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

from ibelay.gateway.exchange.events import BookOrder, OrderChanged
from ibelay.machines.link_events import LinkState
from ibelay.model.faults import SecondPermId
from ibelay.model.order import BrokerOrderStatus, OrderState, Role
from ibelay.testing.simulation.invariants.breach import Bounds, Breach, seconds
from ibelay.testing.simulation.invariants.known import Known, Ours
from ibelay.testing.simulation.observed import (
    Asked,
    Broke,
    LinkChanged,
    Observation,
    Over,
    Settled,
    Truth,
)
from ibelay.wire.requests import CancelOrder, GlobalCancel, PlaceOrder

LIVE = frozenset(
    {
        BrokerOrderStatus.PENDING_SUBMIT,
        BrokerOrderStatus.PRE_SUBMITTED,
        BrokerOrderStatus.SUBMITTED,
        BrokerOrderStatus.PENDING_CANCEL,
    }
)
_FLOAT_NOISE = Decimal("1e-7")  # ib_async writes prices as floats


class IntentFirst:
    """I1: what leaves is on disk, with the figures it leaves with."""

    number: ClassVar[str] = "I1"
    sentence: ClassVar[str] = "no byte of an order leaves before its intent is durable"
    reads: ClassVar[frozenset[type]] = frozenset({Asked})

    def __init__(self, known: Known) -> None:
        self._known = known

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Judge what is handed to the socket."""
        match seen:
            case Asked(request=PlaceOrder(what_if=False) as order):
                problem = self._placing(order)
            case Asked(request=CancelOrder(order_id=order_id)):
                problem = self._cancelling(order_id)
            case Asked(request=GlobalCancel()):
                problem = "every order of every client was cancelled; no record intends that"
            case _:
                return
        if problem:
            yield Breach(self.number, seen.at_ns, problem)

    def _placing(self, order: PlaceOrder) -> str:
        what = said(order)
        ours = self._known.orders.get(order.order_ref)
        if ours is None:
            return f"{what} left and no intent of it is on disk"
        again = self._known.sends.get(order.order_ref, 0) - 1
        # The drop-in writes an intent for every change; the bot may say a change twice.
        if ours.changes < (again if ours.role is None else min(again, 1)):
            return f"{what} left again and no intent to change it is on disk"
        differs = "" if ours.role is None else _difference(ours, order, changing=again > 0)
        return f"{what} left, but what is on disk of it says {differs}" if differs else ""

    def _cancelling(self, order_id: int) -> str:
        ours = self._known.by_order_id.get(order_id)
        if ours is None:
            return f"a cancel of order id {order_id} left, which no intent on disk has"
        if ours.cancel_intended or ours.state.terminal or len(ours.perm_ids) > 1:
            return ""
        return (
            f"a cancel of {ours.ref} (order id {order_id}, {ours.state}) left and no intent to "
            "cancel it is on disk"
        )


class SentOnce:
    """I2: a new order is handed over once, by the epoch that intended it."""

    number: ClassVar[str] = "I2"
    sentence: ClassVar[str] = "at most one new-order send per order_ref, across crashes and epochs"
    reads: ClassVar[frozenset[type]] = frozenset({Asked})

    def __init__(self, known: Known) -> None:
        self._known = known

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Judge what is handed to the socket."""
        match seen:
            case Asked(request=PlaceOrder(what_if=False) as order) if order.order_ref:
                ours = self._known.orders.get(order.order_ref)
                first = self._known.sends.get(order.order_ref) == 1
                problem = self._new(ours) if first else _repeated(ours, order)
                if problem:
                    yield Breach(self.number, seen.at_ns, f"{said(order)} {problem}")
            case _:
                pass

    def _new(self, ours: Ours | None) -> str:
        if ours is None:
            return ""  # I1
        if ours.epoch != self._known.epoch:
            return f"was sent in epoch {self._known.epoch}, but epoch {ours.epoch} intended it"
        if ours.state is not OrderState.INTENDED:
            return f"was sent although it is {ours.state} on disk; only INTENDED orders are sent"
        return ""


class NoEntryUnlessReady:
    """I5: entries leave only while READY, which follows a reconciliation, and out of safe mode."""

    number: ClassVar[str] = "I5"
    sentence: ClassVar[str] = (
        "no new entry while not ready, in safe mode, breaker open or gate closed"
    )
    reads: ClassVar[frozenset[type]] = frozenset({Asked})

    def __init__(self, known: Known) -> None:
        self._known = known

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Judge what is handed to the socket."""
        match seen:
            case Asked(request=PlaceOrder(what_if=False) as order):
                known = self._known
                ours = known.orders.get(order.order_ref)
                if ours is None or ours.role is not Role.ENTRY or known.sends[ours.ref] > 1:
                    return
                if problem := self._refusal():
                    sentence = f"{said(order)}, an entry, left {problem}"
                    yield Breach(self.number, seen.at_ns, sentence)
            case _:
                pass

    def _refusal(self) -> str:
        known = self._known
        if known.link is None:
            return "although no process runs"
        if known.link is not LinkState.READY:
            return f"although the link is {known.link} and not ready"
        if not known.reconciled:
            return "although nothing was reconciled since the link was last not ready"
        return "in safe mode" if known.safe_mode else ""


class IdsRise:
    """I11: each new order has a higher id than any before it."""

    number: ClassVar[str] = "I11"
    sentence: ClassVar[str] = "order ids strictly increase per client id, across restarts"
    reads: ClassVar[frozenset[type]] = frozenset({Asked})

    def __init__(self, known: Known) -> None:
        self._known = known
        self._highest: dict[int, tuple[int, str]] = {}

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Judge the id of a new order."""
        match seen:
            case Asked(client_id=client_id, request=PlaceOrder(what_if=False) as order):
                if order.order_ref and self._known.sends.get(order.order_ref, 0) > 1:
                    return
                highest, whose = self._highest.get(client_id, (0, ""))
                if order.order_id <= highest:
                    sentence = (
                        f"{said(order)} is new, but client {client_id} has already used id "
                        f"{highest} for {whose or 'an order without a reference'}"
                    )
                    yield Breach(self.number, seen.at_ns, sentence)
                else:
                    self._highest[client_id] = order.order_id, order.order_ref
            case _:
                pass


class NoDuplicate:
    """DUPLICATE: one reference is one order at the broker, filled at most once."""

    number: ClassVar[str] = "DUPLICATE"
    sentence: ClassVar[str] = (
        "one order_ref is one order that lives or fills at the broker, and a double that the "
        "broker made is gone in bounded time"
    )
    reads: ClassVar[frozenset[type]] = frozenset({Truth, Broke, LinkChanged, Settled, Over})

    def __init__(self, known: Known, bounds: Bounds) -> None:
        self._known = known
        self._bounds = bounds
        self._lived: dict[str, dict[int, BookOrder]] = {}
        self._doubted: list[tuple[int, str]] = []
        self._excused_ns: int | None = None
        self._doubled: dict[str, int] = {}

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Count orders by reference; judge a double when its moment is over (rule 4)."""
        yield from self._judge(seen)
        match seen:
            case Truth(at_ns=at_ns, event=OrderChanged(order=order)):
                self._count(order, at_ns)
            case Broke(command=SecondPermId()):
                self._excused_ns = seen.at_ns
            case Settled():
                yield from self._overdue(seen.at_ns)
            case _:
                pass

    def _count(self, order: BookOrder, at_ns: int) -> None:
        ref = order.request.order_ref
        if not self._known.is_ours(order.request.client_id, ref) or not ref:
            return
        lived = self._lived.setdefault(ref, {})
        if order.perm_id not in lived and order.status not in LIVE and not order.filled:
            return
        if lived and order.perm_id not in lived:
            self._doubted.append((at_ns, ref))
        lived[order.perm_id] = order
        if sum(each.status in LIVE for each in lived.values()) > 1:
            self._doubled.setdefault(ref, at_ns)
        else:
            self._doubled.pop(ref, None)

    def _judge(self, seen: Observation) -> Iterator[Breach]:
        while self._doubted and (self._doubted[0][0] < seen.at_ns or isinstance(seen, Over)):
            at_ns, ref = self._doubted.pop(0)
            if at_ns != self._excused_ns:
                yield Breach(self.number, at_ns, f"{self._orders(ref)}; expected one of them")

    def _overdue(self, now_ns: int) -> Iterator[Breach]:
        bound = self._bounds.double_ns
        for ref, since_ns in list(self._doubled.items()):
            if self._known.at_peace_ns(since_ns, now_ns) > bound:
                del self._doubled[ref]
                sentence = (
                    f"{self._orders(ref)}, {seconds(now_ns - since_ns)} after the broker doubled "
                    f"it; expected one of them cancelled within {seconds(bound)} of peace"
                )
                yield Breach(self.number, now_ns, sentence)

    def _orders(self, ref: str) -> str:
        orders = ", ".join(
            f"perm id {perm_id} ({order.status}, {order.filled} of {order.request.quantity})"
            for perm_id, order in self._lived[ref].items()
        )
        return f"{ref} is more than one order at the broker: {orders}"


def said(order: PlaceOrder) -> str:
    """Return how people read *order*: reference, id, side, quantity and kind."""
    prices = "".join(
        f" {name} {price}"
        for name, price in (("limit", order.limit_price), ("stop", order.aux_price))
        if price
    )
    name = order.order_ref or "an order without a reference"
    what = f"{order.action} {order.quantity} {order.contract.symbol} {order.order_type}{prices}"
    return f"{name} (order id {order.order_id}: {what})"


def _repeated(ours: Ours | None, order: PlaceOrder) -> str:
    if ours is None:
        return "was sent again without an intent"
    if order.order_id not in ours.order_ids:
        had = ", ".join(map(str, sorted(ours.order_ids)))
        return f"was sent again under another id; the broker can only have it under {had}"
    if not ours.shown:
        return "was sent again before the broker had shown it: that is a second new order"
    return ""


def _difference(ours: Ours, order: PlaceOrder, *, changing: bool) -> str:
    """Return what of *order* is not as it is on disk; empty if all is."""
    if order.action is not ours.action:
        return f"{ours.action}"
    smaller = changing and ours.role is not Role.ENTRY  # rule 2
    taken = ours.taken
    theirs = (
        (None, None, None)
        if taken is None
        else (taken.quantity, taken.limit_price, taken.stop_price)
    )
    figures = zip(
        ("quantity", "limit price", "stop price"),
        (ours.quantity, ours.limit_price, ours.stop_price),
        (order.quantity, order.limit_price, order.aux_price),
        theirs,
        strict=True,
    )
    for name, wanted, sent, shown in figures:
        if wanted is None or _same(wanted, sent) or _same(shown, sent):
            continue
        if name == "quantity" and smaller and sent is not None and 0 < sent < wanted:
            continue
        return f"{name} {wanted}"
    return ""


def _same(one: Decimal | None, other: Decimal | None) -> bool:
    return one is not None and other is not None and abs(one - other) < _FLOAT_NOISE
