"""How fast messages may leave: a token bucket, decided before they enter any queue.

IB accepts (market-data lines / 2) messages a second, 50 with the usual 100 lines; the third
breach ends the session (error 100). Streams may use 40 of them in any second, burst and refill
together; the rest is a reserve for what never waits here: orders, cancels, snapshots, the
heartbeat. Of history in small bars IB answers 60 requests in 10 minutes (``Window``).

Source: IB "Pacing Limitations"; shared facts section 4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ibelay.machines.backoff import SECOND_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Tokens, refilled at *rate* per second up to *burst*, as of *at_ns* (monotonic)."""

    at_ns: int
    rate: float = 28.0
    burst: float = 12.0
    tokens: float = 12.0


def take(bucket: Bucket, count: int, now_ns: int) -> tuple[Bucket, int]:
    """Take *count* tokens; return the bucket and how long to wait before sending (ns).

    Tokens may go negative: whoever took them waits, and everybody after them.
    """
    refill = max(0, now_ns - bucket.at_ns) * bucket.rate / SECOND_NS
    tokens = min(bucket.burst, bucket.tokens + refill) - count
    wait = 0 if tokens >= 0 else int(-tokens / bucket.rate * SECOND_NS)
    return replace(bucket, at_ns=max(now_ns, bucket.at_ns), tokens=tokens), wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most *most* requests in any *span_ns*; *sent* is when (monotonic), oldest first."""

    most: int = 57
    span_ns: int = 600 * SECOND_NS
    sent: tuple[int, ...] = ()


def room_ns(window: Window, now_ns: int) -> int:
    """Return how long from *now_ns* there is no room for one request more; 0 if there is."""
    if len(window.sent) < window.most:
        return 0
    return max(0, window.sent[-window.most] + window.span_ns - now_ns)


def enter(window: Window, now_ns: int) -> Window:
    """Count a request that leaves at *now_ns*."""
    return replace(window, sent=(*window.sent, now_ns)[-window.most :])
