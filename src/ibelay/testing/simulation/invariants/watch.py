"""The watch: gives every observation of a run to the invariants that read its kind."""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import replace

from ibelay.model.ids import ClientId
from ibelay.testing.simulation.invariants import (
    arriving,
    books,
    journal,
    life,
    scripted,
    sending,
)
from ibelay.testing.simulation.invariants.breach import Bounds, Breach, Invariant
from ibelay.testing.simulation.invariants.known import OF_ORDERS, Known
from ibelay.testing.simulation.invariants.risk.cover import Cover
from ibelay.testing.simulation.invariants.risk.exposure import ExposureBounded
from ibelay.testing.simulation.invariants.risk.naked import Covered
from ibelay.testing.simulation.observed import Observation, Told, Truth


class Watch:
    """All invariants over one run.

    Args:
        bot: Name of the bot, the prefix of its order references.
        client_id: Its API client id.
        bounds: How long each duty may take, and what may be at risk.
        drop_in: Whether a script on the drop-in runs, of which other things are claimed.

    Attributes:
        first: The first breach of the run, or None.
        naked: How long positions were without their stop, beside its invariant.
        invariants: In the order in which they are asked.
    """

    def __init__(
        self,
        *,
        bot: str,
        client_id: ClientId,
        bounds: Bounds | None = None,
        drop_in: bool = False,
    ) -> None:
        bounds = bounds or Bounds()
        self._known = known = Known(bot, client_id)
        self._cover = at_broker = Cover(known)
        self.first: Breach | None = None
        self.naked = Covered(known, at_broker, bounds)
        self.invariants = (
            _of_a_script(known, at_broker, bounds) if drop_in else self._of_a_bot(known, bounds)
        )
        self._readers: dict[type, list[Invariant]] = defaultdict(list)
        for invariant in self.invariants:
            for kind in invariant.reads:
                self._readers[kind].append(invariant)

    def _of_a_bot(self, known: Known, bounds: Bounds) -> tuple[Invariant, ...]:
        return (
            sending.IntentFirst(known),
            sending.SentOnce(known),
            books.NothingWithoutIntent(known),
            life.OutcomeKnown(known, bounds),
            sending.NoEntryUnlessReady(known),
            journal.EpochsRise(),
            journal.RowsFollow(),
            journal.ReplayIsLive(known),
            books.FillsOnce(known, bounds),
            books.OverIsOver(known),
            sending.IdsRise(known),
            ExposureBounded(known, bounds),
            books.NothingDropped(known, bounds),
            life.Recovers(known, self._cover, bounds),
            life.ExitsHonoured(known, self._cover, bounds),
            life.OutageTold(known, bounds),
            self.naked,
            sending.NoDuplicate(known, bounds),
            arriving.CancelsArrive(known, bounds),
            arriving.StreamsFlow(known, bounds),
            life.NothingRaised(),
        )

    def see(self, seen: Observation) -> list[Breach]:
        """Return what *seen* breaks, and remember the first breach of the run."""
        if isinstance(seen, Told) and (not seen.fields or seen.fields[0] not in OF_ORDERS):
            return []  # prices, bars and heartbeats: most of what a bot is told
        self._known.take(seen)
        if isinstance(seen, Truth):
            self._cover.take(seen)
        breaches = [
            breach for invariant in self._readers[type(seen)] for breach in invariant.see(seen)
        ]
        if breaches and self.first is None:
            self.first = breaches[0]
        return breaches


def _of_a_script(known: Known, at_broker: Cover, bounds: Bounds) -> tuple[Invariant, ...]:
    """Return what is claimed of a program on the drop-in.

    It puts no order right that the broker has doubled, so of a double nothing is due in time.
    """
    unbounded = replace(bounds, double_ns=sys.maxsize)
    return (
        sending.IntentFirst(known),
        sending.SentOnce(known),
        books.NothingWithoutIntent(known),
        journal.EpochsRise(),
        journal.RowsFollow(),
        sending.IdsRise(known),
        life.Recovers(known, at_broker, bounds),
        sending.NoDuplicate(known, unbounded),
        scripted.FillsTold(known, bounds),
        scripted.ObjectsLive(known, bounds),
        scripted.StreamsAsked(known, bounds),
    )
