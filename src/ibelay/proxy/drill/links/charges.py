"""What is said of a client that came back late, under another name, or not whole."""

from __future__ import annotations

from collections.abc import Iterable

from ibelay.model.ids import ClientId
from ibelay.proxy.drill.findings import Finding, Heading, span_text


def unnoticed(at_ns: int, limit_ns: int) -> Finding:
    """Return that a dead line was not given up within *limit_ns*."""
    return Finding(
        at_ns,
        Heading.NOTICING,
        f"the bot still held a dead line after {span_text(limit_ns)}",
        "orders it sends there are lost or late, and it sees no price, fill or cancel",
        "ask for the time every few seconds of silence, and hang up if no answer comes",
    )


def overdue(at_ns: int, late_ns: int, missing: Iterable[str]) -> Finding:
    """Return that a client was not whole *late_ns* after it could have begun."""
    lacks = ", ".join(sorted(missing))
    return Finding(
        at_ns,
        Heading.RECOVERY,
        f"{span_text(late_ns)} after the gateway was back the bot had not got {lacks}",
        "it acts on a book that the broker may have changed meanwhile",
        "after every loss ask for positions, open orders and executions, and trade only then",
    )


def executions_not_asked_for(at_ns: int, live: int) -> Finding:
    """Return that a client with *live* orders did not ask what filled of them."""
    return Finding(
        at_ns,
        Heading.FILLS,
        f"executions were not asked for after a loss with {live} live orders",
        "whatever filled meanwhile is told to nobody else",
        "send reqExecutions after every loss, and book each fill by its id",
    )


def another_id(at_ns: int, old: ClientId, new: ClientId, live: int) -> Finding:
    """Return that a client with *live* orders came back under another id."""
    return Finding(
        at_ns,
        Heading.RECONNECTS,
        f"the bot came back as client {new} instead of {old}",
        f"orders of the old id, {live} of them live, can be neither changed nor cancelled",
        "after 326 wait and try the same id again: the gateway still holds the old line",
        grave=live > 0,
    )
