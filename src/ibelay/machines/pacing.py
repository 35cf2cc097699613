"""How fast messages may leave: a token bucket, decided before they enter any queue.

IB accepts (market-data lines / 2) messages a second, 50 with the usual 100 lines; the third
breach ends the session (error 100). Orders and cancels are counted but never wait here: the
bucket keeps a reserve for them.

Source: IB "Pacing Limitations"; shared facts section 4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ibelay.machines.backoff import SECOND_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Tokens, refilled at *rate* per second up to *burst*, as of *at_ns* (monotonic)."""

    at_ns: int
    rate: float = 45.0
    burst: float = 40.0
    tokens: float = 40.0


def take(bucket: Bucket, count: int, now_ns: int) -> tuple[Bucket, int]:
    """Take *count* tokens; return the bucket and how long to wait before sending (ns).

    Tokens may go negative: whoever took them waits, and everybody after them.
    """
    refill = max(0, now_ns - bucket.at_ns) * bucket.rate / SECOND_NS
    tokens = min(bucket.burst, bucket.tokens + refill) - count
    wait = 0 if tokens >= 0 else int(-tokens / bucket.rate * SECOND_NS)
    return replace(bucket, at_ns=max(now_ns, bucket.at_ns), tokens=tokens), wait
