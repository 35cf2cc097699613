"""Messages about prices of the past."""

from __future__ import annotations

from collections.abc import Sequence

from ibelay.model.market import Bar
from ibelay.wire.encode.data import bar_figures
from ibelay.wire.encode.message import message


def historical_data(
    request_id: int, start: str, end: str, bars: Sequence[tuple[str, Bar]]
) -> bytes:
    """Return historicalData; each bar comes with its date as text."""
    rows = [field for date, bar in bars for field in (date, *bar_figures(bar))]
    return message(17, request_id, start, end, len(bars), *rows)
