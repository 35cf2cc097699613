"""The bars of one contract as one line: in order, each once, and without a hole. Pure.

A live bar that does not follow the one before shows a hole, whatever made it: an outage, a farm,
a stream that died and was asked for again. It waits until the bars between have been fetched.

Rules:
1. What is handed over is newer than all that was handed over before.
2. While bars are missing live ones are held. The fetch is tried again, 5 s after it failed,
   then 10, 20, … up to five minutes, until it succeeds; live bars are held for ``HOLD_NS`` at
   most: a strategy that sees nothing is worse off than one that was told of a gap.
3. History that does not reach a hole lags behind, and is asked ``LAGS`` times more. What is
   fetched fills the holes between held bars too.
4. Some markets have holes of their own. A hole that nothing explains, and that history does not
   fill, is taken for one, and for a while so are those after it: one minute, then two, four, …
   up to an hour. One longer than an hour that nothing explains is a market that was closed.
5. An outage, a refusal, a farm and a silence explain a hole (``doubt``): it is always looked into.
6. Times but those of bars are on the clock of ``stream_life``: it runs while the link is READY.

**Source**: requirement S6; shared IB facts, section 5, F12 to F14 and F46.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from ibelay.machines.backoff import SECOND_NS, Schedule, delay_ns
from ibelay.model.market import Bar

BAR_NS = 5 * SECOND_NS
HOUR_NS = 3_600 * SECOND_NS
HOLD_NS = 300 * SECOND_NS
HELD_MAX = 4096  # while no time runs; what comes after is fetched
LAGS = 2
AGAIN = Schedule(base_ns=5 * SECOND_NS, cap_ns=300 * SECOND_NS, jitter=0)
TRUSTED = Schedule(base_ns=60 * SECOND_NS, cap_ns=HOUR_NS, jitter=0)


class BarLine(Struct, frozen=True, kw_only=True):
    """One contract's bars.

    Attributes:
        last_ns: Beginning of the last bar handed over; 0 before the first.
        missing: Whether bars after it are to be fetched.
        held: Live bars that wait for them, oldest first.
        held_since_ns: Since when, or None.
        due_ns: When the next fetch is due, while bars are missing.
        tries: How often they were asked for.
        doubted: Whether something happened since the last live bar that explains a hole.
        own_holes: How many holes in a row were the market's own.
        trusted_until_ns: Until when a hole that nothing explains is taken for such a one.
    """

    last_ns: int = 0
    missing: bool = False
    held: tuple[Bar, ...] = ()
    held_since_ns: int | None = None
    due_ns: int = 0
    tries: int = 0
    doubted: bool = False
    own_holes: int = 0
    trusted_until_ns: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of the history: bars that are complete, and the beginning of its last bar."""

    bars: Sequence[Bar]
    reached_ns: int


def reopened(line: BarLine, last_ns: int, now_ns: int) -> BarLine:
    """Begin on a new link; bars up to *last_ns* are known to whoever takes them."""
    last_ns = max(line.last_ns, last_ns)
    line = replace(line, last_ns=last_ns, missing=last_ns > 0, due_ns=now_ns, tries=0)
    return replace(line, held=(), held_since_ns=None, doubted=True)


def doubt(line: BarLine) -> BarLine:
    """Note that something happened in which bars may have been lost (rule 5)."""
    return line if line.doubted else replace(line, doubted=True)


def live(line: BarLine, bar: Bar, now_ns: int) -> tuple[BarLine, tuple[Bar, ...]]:
    """Take a live bar; return what is to be handed over."""
    newest_ns = line.held[-1].at_ns if line.held else line.last_ns
    if bar.at_ns <= newest_ns:
        return line, ()
    if line.missing:
        if len(line.held) >= HELD_MAX:
            return line, ()
        since_ns = now_ns if line.held_since_ns is None else line.held_since_ns
        return replace(line, held=(*line.held, bar), held_since_ns=since_ns), ()
    if line.last_ns and bar.at_ns > line.last_ns + BAR_NS and _is_looked_into(line, bar, now_ns):
        missing = replace(line, missing=True, held=(bar,), held_since_ns=now_ns)
        return replace(missing, due_ns=now_ns, tries=0), ()
    return replace(line, last_ns=bar.at_ns, doubted=False), (bar,)


def asked(line: BarLine) -> BarLine:
    """Note that what is missing was asked for."""
    return replace(line, tries=line.tries + 1)


def fetched(line: BarLine, answer: Fetched, now_ns: int) -> tuple[BarLine, tuple[Bar, ...]]:
    """Take history; return what is to be handed over."""
    if not line.missing:
        return line, ()  # it took too long, and the line went on without it
    known = {bar.at_ns: bar for bar in answer.bars if bar.at_ns > line.last_ns}
    merged = known | {bar.at_ns: bar for bar in line.held}
    bars = tuple(merged[at_ns] for at_ns in sorted(merged))
    whole = len(bars) if line.tries > LAGS else _unbroken(line, bars, answer.reached_ns)
    if whole < len(bars):
        ahead = replace(line, last_ns=_last_ns(line, bars[:whole]), held=bars[whole:])
        return failed(ahead, now_ns), bars[:whole]
    if line.held and not line.doubted:
        line = _judged(line, now_ns, own=len(merged) == len(line.held))
    return _on(line, bars)


def failed(line: BarLine, now_ns: int) -> BarLine:
    """Note that no answer came, or a refusal."""
    return replace(line, due_ns=now_ns + delay_ns(AGAIN, max(1, line.tries), 0.0))


def put_off(line: BarLine, due_ns: int) -> BarLine:
    """Ask for what is missing at *due_ns* only."""
    return replace(line, due_ns=due_ns)


def let_go(line: BarLine) -> tuple[BarLine, tuple[Bar, ...]]:
    """Go on without what is missing; return the bars that were held for it."""
    return _on(line, line.held)


def given_up_ns(line: BarLine) -> int | None:
    """Return when live bars have been held for too long (rule 2); None while none are."""
    return None if line.held_since_ns is None else line.held_since_ns + HOLD_NS


def _is_looked_into(line: BarLine, bar: Bar, now_ns: int) -> bool:
    """Rules 4 and 5."""
    return line.doubted or (bar.at_ns - line.last_ns <= HOUR_NS and now_ns >= line.trusted_until_ns)


def _unbroken(line: BarLine, bars: tuple[Bar, ...], reached_ns: int) -> int:
    """Return how many of *bars* come before the first hole that history has not reached."""
    newest_ns = line.last_ns
    for number, bar in enumerate(bars):
        if bar.at_ns > max(newest_ns + BAR_NS, reached_ns):
            return number
        newest_ns = bar.at_ns
    return len(bars)


def _judged(line: BarLine, now_ns: int, *, own: bool) -> BarLine:
    """Rule 4."""
    if not own:
        return replace(line, own_holes=0)
    wait_ns = delay_ns(TRUSTED, line.own_holes + 1, 0.0)
    return replace(line, own_holes=line.own_holes + 1, trusted_until_ns=now_ns + wait_ns)


def _on(line: BarLine, bars: tuple[Bar, ...]) -> tuple[BarLine, tuple[Bar, ...]]:
    """Hand over *bars*; a hole before the first live one is still explained by what made it."""
    line = replace(
        line,
        last_ns=_last_ns(line, bars),
        missing=False,
        held=(),
        held_since_ns=None,
        tries=0,
        doubted=line.doubted and not line.held,
    )
    return line, bars


def _last_ns(line: BarLine, bars: tuple[Bar, ...]) -> int:
    return bars[-1].at_ns if bars else line.last_ns
