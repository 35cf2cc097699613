"""How good a bot must be to pass: the one table of limits.

**Source**: TARGETS P2, P3 and N1; the liveness limit of the simulation (ready within 120 s);
IB's 50 messages a second.
"""

from __future__ import annotations

from dataclasses import dataclass

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Limits of a verdict; times in nanoseconds.

    Attributes:
        silence_ns: An order sent after so much silence, while an answer is owed or the line is
            known to be held, went into a dead link.
        upstream_grace_ns: An order may cross a 1100 on its way for so long.
        notice_ns: A dead line has to be given up within this time.
        recover_ns: From the moment the gateway can be reached again until everything is asked
            for and answered again.
        acknowledge_ns: An order without an answer for so long has an unknown outcome.
        advisory_ns: A second order so soon after an advisory is a reaction to it.
        naked_ns: A position may be without its stop for so long while the line works: a stop
            that was lost on its way must not be placed twice, and its absence takes a minute to
            prove.
        doubled_ns: Exits may add up to more than the position for so long, as while a part
            fills.
        fill_ns: A fill has to be received, or asked for, within this time.
        attempts_max: Connection attempts in any ten seconds.
        messages_max: Requests in any second on one connection.
    """

    silence_ns: int = 7 * SECOND_NS
    upstream_grace_ns: int = SECOND_NS
    notice_ns: int = 15 * SECOND_NS
    recover_ns: int = 120 * SECOND_NS
    acknowledge_ns: int = 2 * SECOND_NS
    advisory_ns: int = 120 * SECOND_NS
    naked_ns: int = 90 * SECOND_NS
    doubled_ns: int = 10 * SECOND_NS
    fill_ns: int = 120 * SECOND_NS
    attempts_max: int = 10
    messages_max: int = 50
