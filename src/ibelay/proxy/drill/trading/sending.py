"""Orders that should not have been sent: into a dead link, twice, or for an advisory.

Rules:
1. An order goes into a dead link when it is written while IB's servers are known to be lost, or
   after a silence in which something should have come.
2. The same decision is sent twice when a new order is equal in contract, side and quantity to
   one whose outcome the client cannot know, and the references do not say otherwise; or when it
   has the reference of one from before a loss that the client has not heard the end of.
3. A second order after an advisory about an equal one that still works is a reaction to advice.
4. An order id is used once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ibelay.model.faults import LoseAck, SwallowOrders
from ibelay.proxy.drill.facts import Began, Fact
from ibelay.proxy.drill.findings import Docket, Finding, Heading, span_text
from ibelay.proxy.drill.links.lines import Line
from ibelay.proxy.drill.thresholds import Thresholds
from ibelay.proxy.drill.trading.book import Book, Placement, Watched

MAX_COMPARED = 200
_DEAD = "nobody can say whether it arrives, or when, and it may execute minutes later"
_PROBE = "prove that the line lives right before an order leaves, and send nothing if it does not"
_TWICE = "if both arrive the position is twice what was meant"
_ASK = (
    "never send an order again for want of an answer: ask for open orders and executions, and "
    "give every decision an orderRef of its own"
)


@dataclass(slots=True)
class Sent:
    """Figures about orders sent."""

    orders: int = 0
    changes: int = 0
    into_dead_link: int = 0
    caught_by_fault: int = 0
    duplicates: int = 0
    ids_reused: int = 0
    after_advice: int = 0


class Sending:
    """Watches what leaves."""

    def __init__(self, thresholds: Thresholds, book: Book, docket: Docket) -> None:
        self._limit = thresholds
        self._book = book
        self._docket = docket
        self.figures = Sent()
        self._per_decision: Counter[int] = Counter()
        self._labels: set[str] = set()

    @property
    def most_per_decision(self) -> int:
        """How many broker orders the worst decision led to."""
        doubled = max((len(one.perm_ids) for one in self._book.orders.values()), default=0)
        sent = max(self._per_decision.values(), default=0)
        return max(doubled, sent)

    def see(self, fact: Fact, placement: object, line: Line | None) -> None:
        """Judge what *fact* placed, if it placed something."""
        if isinstance(fact, Began) and isinstance(fact.command, LoseAck | SwallowOrders):
            self._docket.try_out(Heading.DUPLICATES)
        if isinstance(placement, Watched) and placement.advised is not None:
            self._docket.try_out(Heading.ADVISORIES)
        if not isinstance(placement, Placement):
            return
        if placement.new:
            self.figures.orders += 1
        else:
            self.figures.changes += 1
        if line is not None:
            self._dead_link(placement, line, fact.at_ns)
        if placement.reused is not None:
            self._reused(placement.order, placement.reused)
        if placement.new:
            self._compare(placement.order)

    def _dead_link(self, placement: Placement, line: Line, now_ns: int) -> None:
        silent = line.silent_ns(now_ns)
        lost = line.upstream_lost_ns
        if lost is not None and now_ns - lost > self._limit.upstream_grace_ns:
            self._into_dead(
                placement, now_ns, f"{span_text(now_ns - lost)} after IB's servers were lost"
            )
        elif silent > self._limit.silence_ns:
            self._into_dead(
                placement, now_ns, f"{span_text(silent)} after the line had gone silent"
            )
        elif line.held_ns is not None:
            self.figures.caught_by_fault += 1

    def _into_dead(self, placement: Placement, now_ns: int, when: str) -> None:
        self.figures.into_dead_link += 1
        sent = "sent" if placement.new else "changed"
        what = f"{placement.order.text()} was {sent} {when}"
        self._docket.find(Finding(now_ns, Heading.DEAD_LINK, what, _DEAD, _PROBE))

    def _reused(self, order: Watched, old: Watched) -> None:
        self.figures.ids_reused += 1
        what = f"{order.text()} was sent under the id of {old.text()}"
        why = "IB may take it for a change of the old order, or answer 103"
        cure = "keep the highest id that was ever used, also over a restart that rolls ids back"
        self._docket.find(Finding(order.first_ns, Heading.DUPLICATES, what, why, cure))

    def _compare(self, order: Watched) -> None:
        for old in self._alike(order):
            if old.advised is not None and self._advised(order, old, old.advised):
                return
            if self._twin(order, old):
                return
        self._per_decision[order.decision] += 1
        self._forget_single_decisions()

    def _alike(self, order: Watched) -> Iterator[Watched]:
        compared = 0
        for old in reversed(self._book.orders.values()):
            if compared >= MAX_COMPARED:
                return
            if old is order or not old.ours:
                continue
            compared += 1
            named = old.order_ref and order.order_ref
            if named and old.order_ref != order.order_ref:
                continue  # they say themselves that they are two decisions
            if old.terms() == order.terms():
                yield old

    def _advised(self, order: Watched, old: Watched, advised: tuple[int, int]) -> bool:
        at_ns, code = advised
        if old.over or order.first_ns - at_ns > self._limit.advisory_ns:
            return False
        old.advised = None  # one reaction to it is one finding
        self.figures.after_advice += 1
        self._same_decision(order, old)
        after = span_text(order.first_ns - at_ns)
        what = f"{order.text()} was sent {after} after code {code} about {old.text()}, which works"
        why = "that code is advice about a live order, and every further one may fill as well"
        cure = "end an order only on a code that proves its end, and know the advisory ones"
        self._docket.find(Finding(order.first_ns, Heading.ADVISORIES, what, why, cure))
        return True

    def _twin(self, order: Watched, old: Watched) -> bool:
        waited = order.first_ns - old.sent_ns
        named = bool(order.order_ref) and order.order_ref == old.order_ref
        later_line = order.line != old.line
        if old.repeated:
            return False
        if old.unknown and (later_line or waited >= self._limit.acknowledge_ns):
            how = "on another connection" if later_line else "without waiting for an answer"
            self._duplicate(order, old, f"{span_text(waited)} later, {how}")
            return True
        if named and order.losses > old.losses and not old.known_over and not old.cleared:
            self._duplicate(order, old, f"{span_text(waited)} later, after a loss")
            return True
        if named and order.order_ref not in self._labels and len(self._labels) < MAX_COMPARED:
            self._labels.add(order.order_ref)
            what = f"the reference {order.order_ref!r} stands on {old.text()} and on {order.text()}"
            why = "it cannot tell a decision that was repeated from one that was sent twice"
            cure = "give every decision a reference of its own"
            advice = Finding(order.first_ns, Heading.DUPLICATES, what, why, cure, grave=False)
            self._docket.find(advice)
        return False

    def _duplicate(self, order: Watched, old: Watched, when: str) -> None:
        old.repeated = True
        self.figures.duplicates += 1
        self._same_decision(order, old)
        what = f"{order.text()} repeated {old.text()}, whose outcome was unknown, {when}"
        self._docket.find(Finding(order.first_ns, Heading.DUPLICATES, what, _TWICE, _ASK))

    def _same_decision(self, order: Watched, old: Watched) -> None:
        order.decision = old.decision
        self._per_decision[old.decision] = max(self._per_decision[old.decision], 1) + 1

    def _forget_single_decisions(self) -> None:
        """Keep what is remembered bounded: a decision of one order is the usual case."""
        if len(self._per_decision) > MAX_COMPARED * 10:
            worst = self._per_decision.most_common(MAX_COMPARED)
            self._per_decision = Counter(dict(worst))
