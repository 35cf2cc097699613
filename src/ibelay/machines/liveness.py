"""Is there still somebody at the other end? Decided from silence, never from the socket.

Theory: a half-open TCP connection accepts every write (F01), so only an answer proves life.
A probe (reqCurrentTime) goes out every ``interval``; one that is not answered within
``max(floor, srtt + 4·rttvar)`` makes the link *suspect* and is repeated every
``suspect_interval``; ``dead_after`` of complete silence makes it *dead*. A peer that still
streams but answers nothing is given four times as long: what cannot be asked cannot be
reconciled with, and no entry may be sent to it. Smoothing follows RFC 6298 (alpha 1/8, beta
1/4). Time during which our own loop did not run proves nothing
about the peer and is excused.

Source: DESIGN section 4; docs/evidence/ib_async-connection-life.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from ibelay.machines.backoff import SECOND_NS

_WATCH_NS = SECOND_NS // 4  # how often to look while an answer is owed
_STREAMING = 4  # times dead_after for a peer that sends and does not answer


class Verdict(StrEnum):
    """What silence means."""

    ALIVE = "alive"
    SUSPECT = "suspect"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Settings, all in nanoseconds of the monotonic clock."""

    interval_ns: int = 5 * SECOND_NS
    miss_floor_ns: int = 2 * SECOND_NS
    suspect_interval_ns: int = SECOND_NS
    dead_after_ns: int = 15 * SECOND_NS


class Liveness(Struct, frozen=True, kw_only=True):
    """What is known of one link.

    Attributes:
        heard_ns: When the last bytes arrived.
        sent_ns: When the last probe left.
        waiting_since_ns: When the oldest unanswered probe left, or None.
        srtt_ns: Smoothed round trip, or None before the first answer.
        rttvar_ns: Smoothed variation of it.
    """

    heard_ns: int
    sent_ns: int
    waiting_since_ns: int | None = None
    srtt_ns: int | None = None
    rttvar_ns: int = 0


def begin(now_ns: int) -> Liveness:
    """Return the liveness of a link that has just opened."""
    return Liveness(heard_ns=now_ns, sent_ns=now_ns)


def heard(life: Liveness, at_ns: int) -> Liveness:
    """Note that bytes of any kind arrived."""
    if at_ns <= life.heard_ns:
        return life
    return replace(life, heard_ns=at_ns)


def probe_sent(life: Liveness, now_ns: int) -> Liveness:
    """Note that a probe left."""
    waiting = now_ns if life.waiting_since_ns is None else life.waiting_since_ns
    return replace(life, sent_ns=now_ns, waiting_since_ns=waiting)


def probe_answered(life: Liveness, rtt_ns: int, now_ns: int) -> Liveness:
    """Note an answer and learn from its round trip."""
    if life.srtt_ns is None:
        srtt, var = rtt_ns, rtt_ns // 2
    else:
        var = (3 * life.rttvar_ns + abs(life.srtt_ns - rtt_ns)) // 4
        srtt = (7 * life.srtt_ns + rtt_ns) // 8
    return replace(life, heard_ns=now_ns, waiting_since_ns=None, srtt_ns=srtt, rttvar_ns=var)


def excuse(life: Liveness, lag_ns: int) -> Liveness:
    """Forgive the *lag_ns* during which our own event loop did not run."""
    waiting = life.waiting_since_ns
    return replace(
        life,
        heard_ns=life.heard_ns + lag_ns,
        sent_ns=life.sent_ns + lag_ns,
        waiting_since_ns=None if waiting is None else waiting + lag_ns,
    )


def miss_deadline_ns(life: Liveness, beat: Heartbeat) -> int:
    """Return how long an answer may take before the link is suspect."""
    if life.srtt_ns is None:
        return beat.miss_floor_ns
    return max(beat.miss_floor_ns, life.srtt_ns + 4 * life.rttvar_ns)


def verdict(life: Liveness, beat: Heartbeat, now_ns: int) -> Verdict:
    """Return what the silence up to *now_ns* means."""
    waiting = life.waiting_since_ns
    if waiting is None:
        return Verdict.ALIVE
    if now_ns - max(life.heard_ns, waiting) >= beat.dead_after_ns - _head_start(life, beat):
        return Verdict.DEAD
    if now_ns - waiting >= _STREAMING * beat.dead_after_ns:
        return Verdict.DEAD
    if now_ns - waiting >= miss_deadline_ns(life, beat):
        return Verdict.SUSPECT
    return Verdict.ALIVE


def next_probe_ns(life: Liveness, beat: Heartbeat, now_ns: int) -> int:
    """Return when the next probe is due (now or in the future)."""
    if life.waiting_since_ns is None or verdict(life, beat, now_ns) is Verdict.ALIVE:
        return max(now_ns, life.sent_ns + beat.interval_ns)
    return max(now_ns, life.sent_ns + beat.suspect_interval_ns)


def next_look_ns(life: Liveness, beat: Heartbeat, now_ns: int) -> int:
    """Return when there is something to ask or to judge next (now or in the future).

    While nothing is owed that is the next probe: silence means nothing till then. While an
    answer is owed it is soon, so that time in which our own loop did not run is seen as such
    and not taken for the peer's silence; and it is when silence becomes death, not later.
    """
    probe_ns, waiting = next_probe_ns(life, beat, now_ns), life.waiting_since_ns
    if waiting is None:
        return probe_ns
    dead_ns = max(life.heard_ns, waiting) + beat.dead_after_ns - _head_start(life, beat)
    return max(now_ns, min(probe_ns, now_ns + _WATCH_NS, dead_ns))


def _head_start(life: Liveness, beat: Heartbeat) -> int:
    """Silence before the first unanswered probe counts towards death, up to one interval."""
    waiting = life.waiting_since_ns
    if waiting is None or waiting <= life.heard_ns:
        return 0
    return min(waiting - life.heard_ns, beat.interval_ns)
