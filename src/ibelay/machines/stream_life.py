"""The life of one stream: asked, flowing, quiet, refused, and when it is to be asked (again). Pure.

Theory: an id of a request proves nothing (F12, F14, F32): a stream lives if something comes. What
is silent or refused is asked for again, cancelled first and under a new id, and waits longer each
time, so that a market that is closed costs a request every five minutes and not a storm.

Rules:
1. Time runs while the link is READY, and only then: silence in an outage says nothing.
2. A stream that is silent for its kind's ``QUIET_NS`` is asked for again; the silence that is
   allowed doubles with every time it was asked in vain, up to ``LONGEST_NS``.
3. A refused one is asked for again after ``FIRST_NS``, doubling likewise; one that was refused
   for good (no permission, no such contract) after ``SELDOM_NS``.
4. A farm that is back gives it ``GRACE_NS`` to flow by itself. Bars that fall silent put the
   quotes of their contract under suspicion. Neither asks more often than every ``OFTEN_NS``.
5. The doubling is taken back by what comes ``SETTLED_NS`` after asking or later, and ``QUIET_NS``
   at most after another answer. What comes at once is the answer (IB says a closed market's last
   prices) and not the flow; what always comes slowly is not asked for each time. Both end a
   refusal all the same.

**Source**: shared IB facts, section 5, F12 to F15 and F32.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from ibelay.machines.backoff import SECOND_NS, Schedule, delay_ns

FIRST_NS = 5 * SECOND_NS
LONGEST_NS = 300 * SECOND_NS
SELDOM_NS = 900 * SECOND_NS
GRACE_NS = 7 * SECOND_NS  # a bar closes every 5 s
OFTEN_NS = 30 * SECOND_NS
SETTLED_NS = 9 * SECOND_NS

REFUSED_AGAIN = Schedule(base_ns=FIRST_NS, cap_ns=LONGEST_NS, jitter=0)


class Kind(StrEnum):
    """What is asked for: the streams of a contract, and its description, which comes first."""

    CONTRACT = "contract"
    QUOTES = "quotes"
    BARS = "bars"


class Phase(StrEnum):
    """How a stream is."""

    WAITING = "waiting"
    ASKED = "asked"
    FLOWING = "flowing"
    QUIET = "quiet"
    REFUSED = "refused"


QUIET_NS = {
    Kind.CONTRACT: 30 * SECOND_NS,
    Kind.QUOTES: LONGEST_NS,
    Kind.BARS: 30 * SECOND_NS,
}
"""Six bars. Quotes come when they change: in a quiet hour only the bars tell whether they live."""


class StreamLife(Struct, frozen=True, kw_only=True):
    """One stream on one link, all times on the clock of rule 1.

    Attributes:
        kind: What streams.
        phase: How it is, as of the last event.
        due_ns: When it is to be asked for, unless something comes before.
        asked_ns: When it was asked for last.
        heard_ns: When something came last.
        tries: How often it was asked for since it flowed.
        lasting: Whether it was refused for good.
        reason: Why it does not flow, for people; empty if nothing is known.
    """

    kind: Kind
    phase: Phase = Phase.WAITING
    due_ns: int = 0
    asked_ns: int = -1
    heard_ns: int = -1
    tries: int = 0
    lasting: bool = False
    reason: str = ""


def begin(kind: Kind, now_ns: int) -> StreamLife:
    """Return the life of a stream that no link knows yet."""
    return StreamLife(kind=kind, due_ns=now_ns)


def asked(life: StreamLife, now_ns: int) -> StreamLife:
    """Note that the stream was asked for."""
    tries = life.tries + 1
    due_ns = now_ns + _allowed_ns(life.kind, tries)
    return replace(life, phase=Phase.ASKED, due_ns=due_ns, asked_ns=now_ns, tries=tries)


def heard(life: StreamLife, at_ns: int) -> StreamLife:
    """Note that something came at *at_ns*; the same time may be told again."""
    if at_ns <= life.heard_ns or at_ns < life.asked_ns:
        return life
    in_a_row = life.heard_ns >= life.asked_ns and at_ns - life.heard_ns <= QUIET_NS[life.kind]
    tries = 0 if in_a_row and at_ns - life.asked_ns >= SETTLED_NS else life.tries
    return replace(
        life,
        phase=Phase.FLOWING,
        due_ns=at_ns + _allowed_ns(life.kind, tries),
        heard_ns=at_ns,
        tries=tries,
        lasting=False,
        reason="",
    )


def refused(life: StreamLife, reason: str, now_ns: int, *, lasting: bool) -> StreamLife:
    """Note that it was refused for *reason*, on arrival or while it flowed."""
    wait_ns = SELDOM_NS if lasting else delay_ns(REFUSED_AGAIN, max(1, life.tries), 0.0)
    return replace(
        life, phase=Phase.REFUSED, due_ns=now_ns + wait_ns, lasting=lasting, reason=reason
    )


def farm_back(life: StreamLife, now_ns: int) -> StreamLife:
    """Note that a farm that was broken is back: what does not flow soon is asked for."""
    if life.lasting:
        return life
    due_ns = max(now_ns + GRACE_NS, life.asked_ns + OFTEN_NS)
    return life if due_ns >= life.due_ns else replace(life, due_ns=due_ns)


def suspect(life: StreamLife, now_ns: int) -> StreamLife:
    """Note that what comes with it has fallen silent: if it is silent too, it is due."""
    silent = now_ns - max(life.asked_ns, life.heard_ns) >= OFTEN_NS
    listening = life.phase in {Phase.ASKED, Phase.FLOWING}
    return replace(life, due_ns=now_ns) if silent and listening else life


def look(life: StreamLife, now_ns: int) -> StreamLife:
    """Return the life with a silence that lasted too long called by its name."""
    if now_ns < life.due_ns or life.phase not in {Phase.ASKED, Phase.FLOWING}:
        return life
    since_ns = max(life.heard_ns, life.asked_ns)
    return replace(
        life, phase=Phase.QUIET, reason=f"silent for {(now_ns - since_ns) // SECOND_NS} s"
    )


def _allowed_ns(kind: Kind, tries: int) -> int:
    """Rule 2."""
    schedule = Schedule(base_ns=QUIET_NS[kind], cap_ns=LONGEST_NS, jitter=0)
    return delay_ns(schedule, max(1, tries), 0.0)
