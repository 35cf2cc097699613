"""Figures of the connection: how soon it was doubted, given up and ready again. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ibelay.journal.records import AnyRecord, ReconciliationDone
from ibelay.machines.link_events import LinkState
from ibelay.model.ids import ClientId
from ibelay.testing.matrix.evidence import Evidence
from ibelay.testing.matrix.figures.troubles import Trouble, first_ns, healed_ns
from ibelay.testing.simulation.observed import (
    Appended,
    Asked,
    Broke,
    Ended,
    LinkChanged,
    Observation,
    Settled,
)
from ibelay.wire import requests as ask

KILLS = frozenset({"kill", "power-cut"})
_CONNECTED = frozenset({LinkState.SYNCING, LinkState.READY, LinkState.SUSPECT, LinkState.ISOLATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFigures:
    """How the connection fared.

    Attributes:
        suspect_ns: From the first trouble until the link was doubted or given up; None never.
        dead_ns: From the first trouble until it was given up; None if it never was.
        ready_ns: From the end of the last trouble until READY for good; 0 if it was READY
            already, None if it never was again.
        outage_ns: The longest time that it was not READY, once it had been.
        attempts: How often it was tried to connect after the first trouble.
        connections: How often a gateway was told who connects, in the whole run.
        client_ids: Under which ids.
        torn_down: How often a link was given up after the first trouble.
        state: Of the machine at the end, empty if there is no machine.
        healthy: Whether the bot called itself healthy at the end.
        early: How often it was READY without a snapshot since the link opened.
        crashes: How often its process ended without having been killed on purpose.
    """

    suspect_ns: int | None
    dead_ns: int | None
    ready_ns: int | None
    outage_ns: int
    attempts: int
    connections: int
    client_ids: frozenset[ClientId]
    torn_down: int
    state: str
    healthy: bool
    early: int
    crashes: int


def link_figures(evidence: Evidence, found: tuple[Trouble, ...]) -> LinkFigures:
    """Measure the connection of one run."""
    seen = evidence.observations
    changes = [one for one in seen if isinstance(one, LinkChanged)]
    starts = [
        (one.at_ns, one.request.client_id)
        for one in seen
        if isinstance(one, Asked) and isinstance(one.request, ask.StartApi)
    ]
    broke = first_ns(found)
    after = [one for one in changes if broke is not None and one.at_ns >= broke]
    lost = [one for one in after if one.before in _CONNECTED and one.after not in _CONNECTED]
    doubted = [one for one in after if one.after in {LinkState.SUSPECT, LinkState.ISOLATED}]
    tried = [one for one in after if one.after is LinkState.CONNECTING]
    settled = [one for one in seen if isinstance(one, Settled)]
    restarts = [at_ns for at_ns, _who in starts if broke is not None and at_ns >= broke]
    return LinkFigures(
        suspect_ns=_since(broke, [one.at_ns for one in (*doubted, *lost)]),
        dead_ns=_since(broke, [one.at_ns for one in lost]),
        ready_ns=_ready_ns(changes, healed_ns(found)),
        outage_ns=_outage_ns(changes, evidence.ended_ns),
        attempts=len(tried) if changes else len(restarts),
        connections=len(starts),
        client_ids=frozenset(who for _at_ns, who in starts),
        torn_down=len(lost) if changes else len(restarts),
        state=str(changes[-1].after) if changes else "",
        healthy=bool(settled) and settled[-1].healthy,
        early=_early(seen),
        crashes=_crashes(seen),
    )


def _since(broke_ns: int | None, moments: Iterable[int]) -> int | None:
    first = min(moments, default=None)
    return None if first is None or broke_ns is None else first - broke_ns


def _ready_ns(changes: list[LinkChanged], healed: int | None) -> int | None:
    """Return how long after *healed* the link became READY and stayed it."""
    if not changes or changes[-1].after is not LinkState.READY or healed is None:
        return None
    return max(0, changes[-1].at_ns - healed)


def _outage_ns(changes: list[LinkChanged], ended_ns: int) -> int:
    longest, since = 0, None
    for change in changes:
        if change.before is LinkState.READY and since is None:
            since = change.at_ns
        if change.after is LinkState.READY and since is not None:
            longest, since = max(longest, change.at_ns - since), None
    return longest if since is None else max(longest, ended_ns - since)


def _early(seen: Iterable[Observation]) -> int:
    """Count how often READY came before anything was reconciled over that link."""
    early, reconciled = 0, False
    for one in seen:
        if isinstance(one, Appended):
            reconciled = reconciled or _has_snapshot(one.records)
        elif isinstance(one, LinkChanged) and one.after is LinkState.READY:
            early += not reconciled
        elif isinstance(one, LinkChanged) and one.after is LinkState.SYNCING:
            reconciled = False
    return early


def _has_snapshot(records: Iterable[AnyRecord]) -> bool:
    return any(isinstance(record, ReconciliationDone) for record in records)


def _crashes(seen: Iterable[Observation]) -> int:
    ends = [one.at_ns for one in seen if isinstance(one, Ended)]
    meant = [one.at_ns for one in seen if isinstance(one, Broke) and one.command.word in KILLS]
    return max(0, len(ends) - len(meant))
