"""Figures of what the program heard: data that came back, and what it told its operator. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.journal.records import OrderStateChanged, Severity
from ibelay.model.order import OrderState
from ibelay.testing.matrix.evidence import Evidence
from ibelay.testing.matrix.figures.troubles import Trouble, first_ns, healed_ns
from ibelay.testing.simulation.observed import Appended, Noted, Told
from ibelay.wire.times import SECOND_NS

BAR_NS = 5 * SECOND_NS
SLACK_NS = 10 * SECOND_NS
_ERROR = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardFigures:
    """What came back and what was said.

    Attributes:
        streams_ns: From the end of the last trouble until the program had seen a bar of
            every symbol that began later; None if one's never came.
        bars_missing: Bars between the first and the end that the program never saw.
        codes: Codes that the gateway told it, with how often.
        unknown_ns: The longest time that the fate of one order was not known.
        unknown_end: How many orders' is not at the end.
        notes: What it told its operator, with severity.
        alarm_ns: From the first trouble until it called it critical; None if it never did.
    """

    streams_ns: int | None
    bars_missing: int
    codes: dict[int, int]
    unknown_ns: int
    unknown_end: int
    notes: tuple[tuple[Severity, str], ...]
    alarm_ns: int | None


def heard_figures(evidence: Evidence, found: tuple[Trouble, ...]) -> HeardFigures:
    """Measure what one run's program heard and said."""
    seen = evidence.observations
    broke = first_ns(found)
    notes = [one for one in seen if isinstance(one, Noted)]
    alarms = [
        one.at_ns
        for one in notes
        if one.severity is Severity.CRITICAL and broke is not None and one.at_ns >= broke
    ]
    unknown_ns, unknown_end = _unknown(evidence)
    return HeardFigures(
        streams_ns=_streams_ns(evidence, healed_ns(found)),
        bars_missing=_bars_missing(evidence),
        codes=_codes(evidence),
        unknown_ns=unknown_ns,
        unknown_end=unknown_end,
        notes=tuple((one.severity, one.text) for one in notes),
        alarm_ns=alarms[0] - broke if alarms and broke is not None else None,
    )


def _streams_ns(evidence: Evidence, healed: int | None) -> int | None:
    """Return how long after *healed* the last symbol's bars were back."""
    if healed is None:
        return None
    last = 0
    for symbol in evidence.symbols:
        bars = evidence.diary.bars.get(symbol, {})
        healed_market_ns = healed + evidence.began_market_ns
        seen = [at_ns for began_ns, at_ns in bars.items() if began_ns >= healed_market_ns]
        if not seen:
            return None
        last = max(last, min(seen) - healed)
    return last


def _bars_missing(evidence: Evidence) -> int:
    end_ns = evidence.began_market_ns + evidence.ended_ns - SLACK_NS - BAR_NS
    missing = 0
    for symbol in evidence.symbols:
        bars = evidence.diary.bars.get(symbol, {})
        due = range(min(bars), end_ns, BAR_NS) if bars else range(0)
        missing += sum(at_ns not in bars and not _is_still(evidence, at_ns) for at_ns in due)
    return missing


def _is_still(evidence: Evidence, at_ns: int) -> bool:
    return any(begin <= at_ns < end for begin, end in evidence.still)


def _codes(evidence: Evidence) -> dict[int, int]:
    codes: dict[int, int] = {}
    for one in evidence.observations:
        if isinstance(one, Told) and one.fields[0] == _ERROR:
            code = int(one.fields[3])
            codes[code] = codes.get(code, 0) + 1
    return codes


def _unknown(evidence: Evidence) -> tuple[int, int]:
    """Return the longest time an order was UNKNOWN, and how many are at the end."""
    since: dict[str, int] = {}
    longest = 0
    for one in evidence.observations:
        for record in one.records if isinstance(one, Appended) else ():
            if not isinstance(record, OrderStateChanged):
                continue
            if record.state is OrderState.UNKNOWN:
                since.setdefault(record.order_ref, one.at_ns)
            elif record.order_ref in since:
                longest = max(longest, one.at_ns - since.pop(record.order_ref))
    return max([longest, *(evidence.ended_ns - at_ns for at_ns in since.values())]), len(since)
