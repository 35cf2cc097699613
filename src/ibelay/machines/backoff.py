"""How long to wait before the next connection attempt.

Theory: exponential growth bounds the load on a gateway that is busy coming up, a cap bounds
how late we notice that it is back, jitter keeps several bots from arriving together
(full jitter, in the sense of the AWS architecture blog, draws from the whole interval).
"""

from __future__ import annotations

from dataclasses import dataclass

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A back-off schedule; every schedule of C1 can be written with it.

    Attributes:
        base_ns: Wait before attempt 1, before jitter.
        factor: Growth per attempt; 1.0 is a fixed wait.
        cap_ns: No wait is longer.
        jitter: Share of the wait that chance may take off: 0 none, 1 all of it (full jitter).
        max_attempts: Attempts before the policy for exhaustion applies; None is no limit.
    """

    base_ns: int = SECOND_NS
    factor: float = 2.0
    cap_ns: int = 30 * SECOND_NS
    jitter: float = 1.0
    max_attempts: int | None = None

    def __post_init__(self) -> None:
        """Refuse a schedule that could spin or shrink."""
        if self.base_ns < 0 or self.cap_ns < 0:
            msg = "a back-off's base and cap must not be negative"
            raise ValueError(msg)
        if self.factor < 1.0:
            msg = f"a back-off's factor must be at least 1, not {self.factor}"
            raise ValueError(msg)
        if not 0.0 <= self.jitter <= 1.0:
            msg = f"a back-off's jitter must be between 0 and 1, not {self.jitter}"
            raise ValueError(msg)
        if self.max_attempts is not None and self.max_attempts < 1:
            msg = "a back-off's max_attempts must be at least 1, or none at all"
            raise ValueError(msg)

    def exhausted(self, attempts: int) -> bool:
        """Return whether *attempts* failed attempts use the schedule up."""
        return self.max_attempts is not None and attempts >= self.max_attempts


def delay_ns(schedule: Schedule, attempt: int, draw: float) -> int:
    """Return how long to wait before attempt *attempt*.

    ``min(base · factor^(attempt-1), cap) · (1 - jitter · draw)``

    Args:
        schedule: The shape of the waits.
        attempt: 1 for the first retry; must be positive.
        draw: From 0 up to but excluding 1; drawn by the caller.

    Returns:
        Nanoseconds on the monotonic clock, never more than the cap.

    Raises:
        ValueError: *attempt* is not positive or *draw* is out of range.
    """
    if attempt < 1:
        msg = f"attempt must be positive, not {attempt}"
        raise ValueError(msg)
    if not 0.0 <= draw < 1.0:
        msg = f"draw must be in [0, 1), not {draw}"
        raise ValueError(msg)
    wait = float(schedule.base_ns)
    for _ in range(attempt - 1):
        wait *= schedule.factor
        if wait >= schedule.cap_ns:
            break
    wait = min(wait, float(schedule.cap_ns))
    return int(wait * (1.0 - schedule.jitter * draw))
