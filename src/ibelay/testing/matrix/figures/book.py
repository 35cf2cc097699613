"""Figures of the book: what the broker has of the program's, beside what the program knows. Pure.

Rules:
1. The broker is right. An order counts as sent twice if the broker has two under one reference,
   unless the scenario itself made the second.
2. A fill is known by its id without the last part; a correction replaces.
3. Naked is a holding of the program's beside no living stop of at least its size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.gateway.exchange.events import (
    BookOrder,
    CommissionCharged,
    Executed,
    OrderChanged,
    PositionChanged,
)
from ibelay.model.ids import execution_key
from ibelay.model.order import BrokerOrderStatus
from ibelay.testing.matrix.evidence import Evidence
from ibelay.testing.simulation.observed import Broke, Truth

_OVER = frozenset(
    {
        BrokerOrderStatus.CANCELLED,
        BrokerOrderStatus.API_CANCELLED,
        BrokerOrderStatus.FILLED,
        BrokerOrderStatus.INACTIVE,
    }
)
_STOPS = ("STP", "TRAIL")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookFigures:
    """What the broker has.

    Attributes:
        orders: Orders of the program's that ever reached the book, previews left out.
        duplicates: Those that stood there a second time (rule 1).
        working: Those that work at the end.
        working_twice: References with more than one order at work at the end.
        executions: Fills of the program's orders.
        lost_fills: Those the program does not know of at the end.
        told_twice: Symbols of which it was told to have bought or sold another figure.
        position: The broker's, by symbol; what is zero is left out.
        open_orders: Those that the program holds to be at work at the end.
        believes: The program's, by symbol.
        books_equal: Whether both are the same.
        commissions_sane: Whether what the program holds to have paid is not below nothing and
            not above what the broker charged.
        naked_ns: The longest time that something was held without its stop.
        naked_end: Whether something is at the end.
    """

    orders: int
    duplicates: int
    working: int
    working_twice: int
    executions: int
    lost_fills: int
    told_twice: int
    position: dict[str, Decimal]
    open_orders: int
    believes: dict[str, Decimal]
    books_equal: bool
    commissions_sane: bool
    naked_ns: int
    naked_end: bool


@dataclass(slots=True)
class _Broker:
    """The broker's side, event by event."""

    orders: dict[int, BookOrder] = field(default_factory=dict)
    fills: dict[str, tuple[str, Decimal]] = field(default_factory=dict)
    position: dict[str, Decimal] = field(default_factory=dict)
    charged: Decimal = Decimal(0)
    naked_since_ns: int | None = None
    naked_ns: int = 0

    def naked(self) -> bool:
        """Whether rule 3 finds a holding without its stop."""
        held: dict[str, Decimal] = {}
        for symbol, quantity in self.fills.values():
            held[symbol] = held.get(symbol, Decimal(0)) + quantity
        return any(
            abs(self._covered(symbol, quantity)) < abs(quantity)
            for symbol, quantity in held.items()
        )

    def _covered(self, symbol: str, held: Decimal) -> Decimal:
        stops = (
            order.remaining
            for order in self.orders.values()
            if order.request.contract.symbol == symbol
            and order.request.order_type.startswith(_STOPS)
            and order.status not in _OVER
            and order.request.action.sign * held < 0
        )
        return sum(stops, Decimal(0))


def book_figures(evidence: Evidence) -> BookFigures:
    """Measure the book of one run."""
    broker = _follow(evidence)
    refs = [order.request.order_ref or f"#{perm_id}" for perm_id, order in broker.orders.items()]
    living = [
        order.request.order_ref for order in broker.orders.values() if order.status not in _OVER
    ]
    position = {symbol: held for symbol, held in broker.position.items() if held}
    return BookFigures(
        orders=len(refs),
        duplicates=max(0, len(refs) - len(set(refs)) - _made_twice(evidence)),
        working=len(living),
        working_twice=len(living) - len(set(living)),
        executions=len(broker.fills),
        lost_fills=len(set(broker.fills) - evidence.diary.executions),
        told_twice=_told_wrongly(broker, evidence),
        position=position,
        open_orders=evidence.diary.open_orders,
        believes=evidence.diary.believes,
        books_equal=evidence.diary.believes == position,
        commissions_sane=0 <= evidence.diary.commissions <= broker.charged,
        naked_ns=broker.naked_ns,
        naked_end=broker.naked_since_ns is not None,
    )


def _follow(evidence: Evidence) -> _Broker:
    broker = _Broker()
    moments = [one for one in evidence.observations if isinstance(one, Truth)]
    for number, one in enumerate(moments):
        match one.event:
            case OrderChanged(order=order) if order.request.client_id == evidence.client_id:
                if not order.request.what_if:
                    broker.orders[order.perm_id] = order
            case Executed(execution=done) if done.client_id == evidence.client_id:
                signed = done.quantity * done.action.sign
                broker.fills[execution_key(done.exec_id)] = (done.contract.symbol, signed)
            case CommissionCharged(client_id=evidence.client_id, report=report):
                broker.charged += report.commission
            case PositionChanged(position=held):
                broker.position[held.contract.symbol] = held.quantity
            case _:
                pass
        last_of_moment = number + 1 == len(moments) or moments[number + 1].at_ns > one.at_ns
        if last_of_moment:
            _measure_naked(broker, one.at_ns)
    if broker.naked_since_ns is not None:
        broker.naked_ns = max(broker.naked_ns, evidence.ended_ns - broker.naked_since_ns)
    return broker


def _measure_naked(broker: _Broker, at_ns: int) -> None:
    if broker.naked():
        broker.naked_since_ns = at_ns if broker.naked_since_ns is None else broker.naked_since_ns
    elif broker.naked_since_ns is not None:
        broker.naked_ns = max(broker.naked_ns, at_ns - broker.naked_since_ns)
        broker.naked_since_ns = None


def _made_twice(evidence: Evidence) -> int:
    return sum(
        isinstance(one, Broke) and one.command.word == "second-perm-id"
        for one in evidence.observations
    )


def _told_wrongly(broker: _Broker, evidence: Evidence) -> int:
    """Count symbols of which the program was told another total than the broker's."""
    true = _totals(broker.fills.values())
    told = {symbol: total for symbol, total in evidence.diary.fills.items() if total}
    return sum(true.get(symbol) != told.get(symbol) for symbol in true.keys() | told.keys())


def _totals(fills: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for symbol, quantity in fills:
        totals[symbol] = totals.get(symbol, Decimal(0)) + quantity
    return {symbol: total for symbol, total in totals.items() if total}
