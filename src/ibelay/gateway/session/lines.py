"""The market data lines of one client: which request ids stream, and how many.

Rules:
1. A request id is one stream, whatever its kind; a second use while it lives is refused
   with 102.
2. At most 100 streams per client (101), IB's default number of lines.

**Source**: IB "Market Data" page; shared IB facts, section 1b.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_LINES = 100


class NoLine(NamedTuple):
    """Why a stream cannot begin: IB's code and sentence."""

    code: int
    text: str


class Lines:
    """Counts the streams of one client."""

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def take(self, request_id: int) -> NoLine | None:
        """Begin a stream under *request_id*, or return why not."""
        if request_id in self._taken:
            return NoLine(102, "Duplicate ticker ID.")
        if len(self._taken) >= MAX_LINES:
            return NoLine(101, "Max number of tickers has been reached.")
        self._taken.add(request_id)
        return None

    def request_ids(self) -> list[int]:
        """Return under which request ids streams live, lowest first."""
        return sorted(self._taken)

    def free(self, request_id: int) -> None:
        """End the stream under *request_id*, if there is one."""
        self._taken.discard(request_id)
