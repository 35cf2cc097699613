"""A plan in the making: what is found is written down in one way. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ibelay.journal.records import AnyRecord, DiscrepancyFound
from ibelay.model.ids import OrderId, OrderRef, PermId
from ibelay.reconcile.discrepancies import Discrepancy, Kind

NO_INTENT = OrderRef("")


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """An order that must not live.

    ``order_ref`` is ``NO_INTENT`` for what outlives an order that is over in the books: what
    is said of that one must not hold the cancel back.
    """

    order_ref: OrderRef
    order_id: OrderId
    reason: str
    perm_id: PermId = PermId(0)


@dataclass(slots=True)
class Draft:
    """What one call of ``plan`` has decided so far.

    Attributes:
        now_ns: Broker time for the records.
        told_before: What an earlier plan told of and nobody could put right from here.
        told: The same for the next plan: what still stands.
    """

    now_ns: int
    told_before: frozenset[str] = frozenset()
    told: set[str] = field(default_factory=set)
    records: list[AnyRecord] = field(default_factory=list)
    findings: list[Discrepancy] = field(default_factory=list)
    cancels: list[CancelOrder] = field(default_factory=list)
    report: list[str] = field(default_factory=list)

    def find(self, kind: Kind, symbol: str, before: str, after: str, action: str) -> None:
        """Note a finding and its line for people."""
        found = Discrepancy(kind=kind, symbol=symbol, before=before, after=after, action=action)
        self.findings.append(found)
        self.report.append(found.line)

    def is_first_sight(self, matter: str) -> bool:
        """Return whether *matter* was not told before; it will have been from now on.

        What stays as it is must not be alarmed about at every snapshot.
        """
        self.told.add(matter)
        return matter not in self.told_before

    def discrepancy_records(self) -> Iterator[DiscrepancyFound]:
        """Yield a record for every finding."""
        for finding in self.findings:
            yield DiscrepancyFound(
                at_ns=self.now_ns,
                name=finding.kind.value,
                symbol=finding.symbol,
                before=finding.before,
                after=finding.after,
                action=finding.action,
            )
