"""How much of each position has no stop, and how many exits there are too many.

Theory of cover, from the broker's own book alone: a unit that was given a stop holds what its
entry filled less what its exits did, and all units together no more than the position is. What
of that no living stop and no market exit would close is *naked*. The other way round, more
stops and exits than there is position, or entries that may yet become one, would open the other
side, and so would more targets: that is *excess*. Where somebody else holds the other side, what
leaves gives him back what he has: as much may leave as the units hold together. A bracket's own
child never closes more than the bracket's fills have left open (the broker sees to that, and
knows nothing of what others closed); stops placed by hand on the closing side count as cover,
never as excess.

A unit whose stops somebody else cancelled again and again is given up by design, with an alarm
(``reconcile.protection``, rule 6); it is no longer counted. What others sell of what a unit
holds is the unit's no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from ibelay.gateway.exchange.events import BookOrder, Executed, OrderChanged, PositionChanged
from ibelay.model.execution import Execution
from ibelay.model.ids import ConId, execution_key, supersedes
from ibelay.model.order import Action, BrokerOrderStatus, Role
from ibelay.reconcile.gaps import REFUSALS
from ibelay.testing.simulation.invariants.known import Known, Ours
from ibelay.testing.simulation.invariants.sending import LIVE
from ibelay.testing.simulation.observed import (
    Truth,
)

_ZERO = Decimal(0)
_STOPS = frozenset({"STP", "STP LMT", "TRAIL", "TRAIL LIMIT"})
_NAKED, _EXCESS = "naked", "excess"
_LEAVING = frozenset({Role.STOP, Role.EXIT})
_TARGETS = frozenset({Role.TARGET})


@dataclass(slots=True)
class _Unit:
    """What one unit holds at the broker.

    Attributes:
        closed: What of it others have closed by trades of their own.
        taken_away: How many stops of its own others took away.
        excused: Whether it may have sold more than it held and nobody is to blame: its target
            filled, which can happen while its stop does, or a fill of it was corrected. The bot
            tells of such shares; what becomes of them is for a person to say.
    """

    side: int
    open: Decimal = _ZERO
    closed: Decimal = _ZERO
    taken_away: int = 0
    excused: bool = False

    @property
    def net(self) -> Decimal:
        """What it holds, below 0 if its own exits were more than that (whatever others closed)."""
        return max(self.open, min(_ZERO, self.open + self.closed))


@dataclass(slots=True)
class _Contract:
    """One contract at the broker.

    Attributes:
        others: What others hold of it by their trades, signed.
        traded: What others have just traded in it, signed: its position follows.
        untraded: The same for what a correction says they have not.
    """

    symbol: str = ""
    position: Decimal = _ZERO
    others: Decimal = _ZERO
    traded: Decimal = _ZERO
    untraded: Decimal = _ZERO
    live: dict[int, BookOrder] = field(default_factory=dict)
    units: dict[str, _Unit] = field(default_factory=dict)

    def others_traded(self, more: Decimal, side: Action) -> None:
        """Note *more* shares, signed, of somebody's order on *side*; others take fills back.

        What is taken back and traded again, or the other way round, moves no position.
        """
        if more * side.sign > 0:
            redone = min(max(_ZERO, -self.untraded * side.sign), abs(more)) * side.sign
            self.untraded += redone
            self.traded += more - redone
            return
        pending = max(_ZERO, self.traded * side.sign)
        undone = min(pending, abs(more)) * side.sign
        self.traded -= undone
        self.untraded += more + undone


@dataclass(frozen=True, slots=True)
class Risk:
    """One contract that is not covered as it should be; *said* gives the figures.

    It has been so, more or less, since ``since_ns``.
    """

    naked: Decimal
    excess: Decimal
    said: str
    since_ns: int = 0


class Cover:
    """The broker's book as far as protection goes, kept contract by contract.

    Args:
        known: For what each order is: the broker does not know of roles.

    Attributes:
        risks: Contracts that are naked or in excess now.
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self._contracts: dict[ConId, _Contract] = {}
        self._fills: dict[str, Execution] = {}
        self._sides: dict[int, Action] = {}
        self.risks: dict[ConId, Risk] = {}

    def take(self, seen: Truth) -> None:
        """Take a change of the broker's book into account."""
        match seen.event:
            case OrderChanged(order=order):
                con_id = order.request.contract.con_id
                self._order(self._contract(con_id), order)
            case Executed(execution=execution):
                con_id = execution.contract.con_id
                self._fill(self._contract(con_id), execution)
            case PositionChanged(position=position):
                con_id = position.contract.con_id
                contract = self._contract(con_id)
                contract.symbol = position.contract.symbol
                contract.position = position.quantity
                self._close_by_others(contract)
            case _:
                return
        risk = self._reckon(self._contracts[con_id])
        if risk.naked or risk.excess:
            before = self.risks.get(con_id)
            since_ns = seen.at_ns if before is None else before.since_ns
            self.risks[con_id] = replace(risk, since_ns=since_ns)
        else:
            self.risks.pop(con_id, None)

    def holds(self, unit: str) -> bool:
        """Return whether *unit* holds anything at the broker."""
        return any(
            contract.position and unit in contract.units and contract.units[unit].open > 0
            for contract in self._contracts.values()
        )

    def _contract(self, con_id: ConId) -> _Contract:
        return self._contracts.setdefault(con_id, _Contract())

    def _order(self, contract: _Contract, order: BookOrder) -> None:
        contract.symbol = order.request.contract.symbol
        before = contract.live.pop(order.perm_id, None)
        if order.status in LIVE and order.remaining > 0:
            contract.live[order.perm_id] = order
        ours = self._known.orders.get(order.request.order_ref)
        if ours is None or ours.role is not Role.STOP:
            return
        cancelled = before is not None and order.status is BrokerOrderStatus.CANCELLED
        if cancelled and not (ours.child or ours.cancel_intended or order.filled):
            self._unit(contract, ours).taken_away += 1

    def _fill(self, contract: _Contract, execution: Execution) -> None:
        key = execution_key(execution.exec_id)
        earlier = self._fills.get(key)
        if earlier is not None and not supersedes(execution.exec_id, earlier.exec_id):
            return
        self._fills[key] = execution
        more = _signed(execution) - (_ZERO if earlier is None else _signed(earlier))
        ours = self._known.orders.get(execution.order_ref)
        if ours is None:
            perm_id, side = execution.perm_id, execution.action
            side = self._sides.setdefault(perm_id, side) if perm_id else side
            contract.others += more
            contract.others_traded(more, side)
        elif ours.role is not None:
            unit = self._unit(contract, ours)
            unit.open += more * unit.side
            mended = earlier is not None or execution.action is not ours.action
            unit.excused = unit.excused or mended or ours.role is Role.TARGET

    def _close_by_others(self, contract: _Contract) -> None:
        """Let what others traded close our units, oldest first, and what they did not reopen them.

        It closes no more than the position has lost of what they hold: others may have sold
        shares of their own.
        """
        traded, untraded = contract.traded, contract.untraded
        contract.traded = contract.untraded = _ZERO
        held = sum((unit.open * unit.side for unit in contract.units.values()), _ZERO)
        for unit in contract.units.values():
            if traded * unit.side < 0:
                missing = (held - contract.position) * unit.side
                part = max(_ZERO, min(unit.open, abs(traded), missing))
                traded += part * unit.side
            elif untraded * unit.side > 0:
                part = -min(unit.closed, abs(untraded))
                untraded += part * unit.side
            else:
                continue
            unit.open -= part
            unit.closed += part
            held -= part * unit.side

    def _unit(self, contract: _Contract, ours: Ours) -> _Unit:
        unit = contract.units.get(ours.unit)
        if unit is None:
            action = ours.action or Action.BUY
            side = action.sign if ours.role is Role.ENTRY else -action.sign
            unit = contract.units[ours.unit] = _Unit(side)
        return unit

    def _reckon(self, contract: _Contract) -> Risk:
        self._prune(contract)
        naked = excess = _ZERO
        for side in (1, -1):
            held = max(_ZERO, contract.position * side)
            wanted = self._wants_stop(contract, side, held)
            closing = sum((self._closes(contract, order, side) for order in _all(contract)), _ZERO)
            naked += max(_ZERO, wanted - closing)
            if _open(contract, -side) or self._entering(contract, -side):
                continue  # both sides at once: what is for which nobody can tell
            ours = max(self._all_leave(contract, side, roles) for roles in (_LEAVING, _TARGETS))
            due = max(held, min(held + _lent(contract, side), _holds(contract, side)))
            excess += max(_ZERO, ours - due - self._entering(contract, side))
        return Risk(naked, excess, self._said(contract, naked, excess))

    def _wants_stop(self, contract: _Contract, side: int, held: Decimal) -> Decimal:
        """Return what of *held* belongs to units that were given a stop and are not given up.

        Where the units hold more than that, somebody held the other side before they came: it is
        the oldest that lack it, as of what others close.
        """
        missing = max(_ZERO, _open(contract, side) - held)
        wanted = _ZERO
        for ref, unit in contract.units.items():
            if unit.side != side or unit.open <= 0:
                continue
            lacking = min(missing, unit.open)
            missing -= lacking
            if ref in self._known.stopped and unit.taken_away < REFUSALS:
                wanted += unit.open - lacking
        return wanted

    def _prune(self, contract: _Contract) -> None:
        """Forget units that hold nothing and have no order that lives: most of a year's.

        A correction may fill one of them again: what others did to it still counts then.
        """
        if all(unit.open for unit in contract.units.values()):
            return
        working = {
            ours.unit
            for order in _all(contract)
            if (ours := self._known.orders.get(order.request.order_ref)) is not None
        }
        contract.units = {
            ref: unit
            for ref, unit in contract.units.items()
            if unit.open or unit.closed or unit.taken_away or ref in working
        }

    def _closes(self, contract: _Contract, order: BookOrder, side: int) -> Decimal:
        """Return what of *order* covers a position on *side*."""
        if order.request.action.sign == side:
            return _ZERO
        ours = self._known.orders.get(order.request.order_ref)
        if ours is None:
            by_hand = order.request.client_id in {0, self._known.client_id}
            return order.remaining if by_hand and order.request.order_type in _STOPS else _ZERO
        leaves = self._leaves(contract, order, side, _LEAVING)
        unit = contract.units.get(ours.unit)
        return min(leaves, max(_ZERO, unit.open)) if ours.child and unit is not None else leaves

    def _all_leave(self, contract: _Contract, side: int, roles: frozenset[Role]) -> Decimal:
        """Return what our orders in *roles* would close together on *side*."""
        every = (self._leaves(contract, order, side, roles) for order in _all(contract))
        return sum(every, _ZERO)

    def _leaves(
        self, contract: _Contract, order: BookOrder, side: int, roles: frozenset[Role]
    ) -> Decimal:
        """Return what of *order*, if it is one of ours in one of *roles*, closes on *side*.

        Of a bracket's own the broker lets no more leave than the bracket holds by its own fills;
        what others closed of it the broker does not know.
        """
        ours = self._known.orders.get(order.request.order_ref)
        if ours is None or ours.role not in roles or order.request.action.sign == side:
            return _ZERO
        unit = contract.units.get(ours.unit)
        if not ours.child:
            return order.remaining
        if unit is None:
            return _ZERO
        return min(order.remaining, max(_ZERO, unit.open + unit.closed))

    def _entering(self, contract: _Contract, side: int) -> Decimal:
        entries = (
            order.remaining
            for order in _all(contract)
            if order.request.action.sign == side
            and (ours := self._known.orders.get(order.request.order_ref)) is not None
            and ours.role is Role.ENTRY
        )
        return sum(entries, _ZERO)

    def _said(self, contract: _Contract, naked: Decimal, excess: Decimal) -> str:
        if not (naked or excess):
            return ""
        orders = ", ".join(
            f"{order.request.order_ref or 'somebody'}: {order.request.action} {order.remaining} "
            f"{order.request.order_type} {order.status}"
            for order in _all(contract)
        )
        figure = f"{naked} shares have no stop" if naked else f"{excess} shares too many leave"
        held = f"the position is {contract.position}"
        return f"{contract.symbol}: {figure}; {held}, at the broker work {orders or 'no orders'}"


def _signed(execution: Execution) -> Decimal:
    """Return by how many shares *execution* moves the position."""
    return execution.quantity * execution.action.sign


def _all(contract: _Contract) -> list[BookOrder]:
    return list(contract.live.values())


def _open(contract: _Contract, side: int) -> Decimal:
    """Return what the units on *side* hold."""
    units = (max(_ZERO, unit.open) for unit in contract.units.values() if unit.side == side)
    return sum(units, _ZERO)


def _holds(contract: _Contract, side: int) -> Decimal:
    """Return what the units on *side* hold together: what one sold too much another lacks."""
    units = (unit for unit in contract.units.values() if unit.side == side)
    return sum((max(unit.net, _ZERO) if unit.excused else unit.net for unit in units), _ZERO)


def _lent(contract: _Contract, side: int) -> Decimal:
    """Return what is held against *side* by others, and by no unit's fault."""
    units = (unit for unit in contract.units.values() if unit.side == side and unit.excused)
    return sum((max(_ZERO, -unit.net) for unit in units), max(_ZERO, -contract.others * side))
