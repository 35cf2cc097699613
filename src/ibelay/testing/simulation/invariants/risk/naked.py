"""NAKED: what is held has a living stop of the right size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ibelay.model.ids import ConId
from ibelay.testing.simulation.invariants.breach import Bounds, Breach, seconds
from ibelay.testing.simulation.invariants.known import Known
from ibelay.testing.simulation.invariants.risk.cover import Cover
from ibelay.testing.simulation.observed import (
    Ended,
    LinkChanged,
    Observation,
    Over,
    Settled,
    Truth,
)

_NAKED, _EXCESS = "naked", "excess"


class Covered:
    """NAKED: what is held has a living stop of the right size.

    Attributes:
        total_ns: Virtual time for which anything was naked, so far.
        worst_ns: The longest such time without a break.
    """

    number: ClassVar[str] = "NAKED"
    sentence: ClassVar[str] = (
        "a position that should have a stop has a live one of its size at the broker, never more"
    )
    reads: ClassVar[frozenset[type]] = frozenset({Truth, LinkChanged, Ended, Settled, Over})

    def __init__(self, known: Known, cover: Cover, bounds: Bounds) -> None:
        self._known = known
        self._cover = cover
        self._bounds = bounds
        self._since: dict[tuple[ConId, str], int] = {}
        self._said: set[tuple[ConId, str]] = set()
        self._naked_ns: int | None = None
        self.total_ns = 0
        self.worst_ns = 0

    def see(self, seen: Observation) -> Iterator[Breach]:
        """Count the time, and judge it where the bot could do something about it."""
        self._measure(seen.at_ns)
        bound = self._bounds.naked_ns
        for matter, since_ns in self._since.items():
            if matter in self._said or self._known.at_peace_ns(since_ns, seen.at_ns) <= bound:
                continue
            self._said.add(matter)
            sentence = (
                f"{self._cover.risks[matter[0]].said}; so for {seconds(seen.at_ns - since_ns)}, "
                f"expected to end within {seconds(bound)} of peace"
            )
            yield Breach(self.number, seen.at_ns, sentence)

    def _measure(self, now_ns: int) -> None:
        risks = self._cover.risks
        if not risks and not self._since:
            return
        for (_con_id, what), since_ns in self._since.items():
            if what == _NAKED:
                self.worst_ns = max(self.worst_ns, now_ns - since_ns)
        if self._naked_ns is not None:
            self.total_ns += now_ns - self._naked_ns
        naked = {(con_id, _NAKED) for con_id, risk in risks.items() if risk.naked}
        wrong = naked | {(con_id, _EXCESS) for con_id, risk in risks.items() if risk.excess}
        self._since = {matter: self._since.get(matter, now_ns) for matter in sorted(wrong)}
        self._said &= wrong
        self._naked_ns = now_ns if naked else None
