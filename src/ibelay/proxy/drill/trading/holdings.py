"""What is held, from positions and executions as the gateway tells them.

Rules:
1. A position message says what is held; a live execution changes it by its quantity.
2. One fill is told by both, in either order. The part of a position message that is not
   explained by executions waits for them, and an execution that finds it changes nothing.
3. An execution that is told because somebody asked is history. It counts only while no
   complete list of positions has come on that connection, and once.
4. A complete list of positions without a contract says that it is not held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.ids import execution_key
from ibelay.proxy.drill.facts import Asked, Closed, Fact, Told
from ibelay.proxy.drill.thresholds import SECOND_NS
from ibelay.proxy.drill.trading.instruments import Instruments
from ibelay.wire import requests as ask
from ibelay.wire.answers import EndTold, ExecutionTold, PositionTold
from ibelay.wire.answers.values import LIVE

MAX_HOLDINGS = 1_000
MAX_EXECUTIONS = 20_000
_EXPLAINED_WITHIN_NS = 5 * SECOND_NS
_ZERO = Decimal(0)
Place = tuple[str, str]


@dataclass(slots=True)
class Holding:
    """What an account holds of one instrument."""

    quantity: Decimal = _ZERO
    unexplained: Decimal = _ZERO
    told_ns: int = 0


@dataclass(slots=True)
class _Listing:
    """A list of positions that is being told on one connection."""

    complete: bool = False
    asked: bool = False
    seen: set[Place] = field(default_factory=set)


class Holdings:
    """Positions by account and instrument; what is zero is forgotten."""

    def __init__(self, instruments: Instruments) -> None:
        self.held: dict[Place, Holding] = {}
        self._instruments = instruments
        self._executions: dict[str, None] = {}
        self._listings: dict[int, _Listing] = {}

    def see(self, fact: Fact) -> set[str]:
        """Take in *fact*; return the instruments of which something else is held now."""
        match fact:
            case Asked(request=ask.RequestPositions()):
                self._listing(fact.line).asked = True
                self._listing(fact.line).seen.clear()
            case Told(answer=PositionTold() as said):
                return self._position(fact, said)
            case Told(answer=EndTold(name="positionEnd")):
                return self._listed(fact.line)
            case Told(answer=ExecutionTold() as said):
                return self._executed(fact, said)
            case Closed(line=line):
                self._listings.pop(line, None)
            case _:
                pass
        return set()

    def quantity(self, instrument: str) -> Decimal:
        """Return what is held of an instrument, over all accounts."""
        return sum(
            (one.quantity for (_account, name), one in self.held.items() if name == instrument),
            _ZERO,
        )

    def _position(self, fact: Told, said: PositionTold) -> set[str]:
        place = (said.account, self._instruments.name(said.contract))
        listing = self._listing(fact.line)
        if listing.asked and len(listing.seen) < MAX_HOLDINGS:
            listing.seen.add(place)
        holding = self._holding(place)
        if holding is None:
            return set()
        if fact.at_ns - holding.told_ns > _EXPLAINED_WITHIN_NS:
            holding.unexplained = _ZERO
        holding.unexplained += said.quantity - holding.quantity
        holding.quantity, holding.told_ns = said.quantity, fact.at_ns
        self._forget_if_empty(place)
        return {place[1]}

    def _listed(self, line: int) -> set[str]:
        listing = self._listing(line)
        if not listing.asked:
            return set()
        listing.complete, listing.asked = True, False
        gone = [place for place in self.held if place not in listing.seen]
        for place in gone:
            del self.held[place]
        listing.seen.clear()
        return {name for _account, name in gone}

    def _executed(self, fact: Told, said: ExecutionTold) -> set[str]:
        key = execution_key(said.exec_id)
        if key in self._executions:
            return set()
        if len(self._executions) >= MAX_EXECUTIONS:
            del self._executions[next(iter(self._executions))]
        self._executions[key] = None
        if said.request_id != LIVE and self._listing(fact.line).complete:
            return set()
        place = (said.account, self._instruments.name(said.contract))
        holding = self._holding(place)
        if holding is None:
            return set()
        change = said.quantity * said.action.sign
        fresh = said.request_id != LIVE or fact.at_ns - holding.told_ns <= _EXPLAINED_WITHIN_NS
        if fresh and holding.unexplained * change > 0 and abs(holding.unexplained) >= abs(change):
            holding.unexplained -= change
        else:
            holding.quantity += change
            self._forget_if_empty(place)
        return {place[1]}

    def _listing(self, line: int) -> _Listing:
        if line not in self._listings and len(self._listings) >= MAX_HOLDINGS:
            del self._listings[next(iter(self._listings))]
        return self._listings.setdefault(line, _Listing())

    def _holding(self, place: Place) -> Holding | None:
        if place not in self.held and len(self.held) >= MAX_HOLDINGS:
            return None
        return self.held.setdefault(place, Holding())

    def _forget_if_empty(self, place: Place) -> None:
        holding = self.held[place]
        if not holding.quantity and not holding.unexplained:
            del self.held[place]
