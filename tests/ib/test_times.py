"""IB's time texts: every form that was seen in the wild."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ibelay.ib.times import NS_PER_S, ib_time_ns

JANUARY = int(datetime(2026, 1, 9, 20, 30, tzinfo=UTC).timestamp()) * NS_PER_S
JULY = int(datetime(2026, 7, 9, 19, 30, tzinfo=UTC).timestamp()) * NS_PER_S


@pytest.mark.parametrize(
    ("text", "at_ns"),
    [
        ("20260109 15:30:00 US/Eastern", JANUARY),
        ("20260109 15:30:00 America/New_York", JANUARY),
        ("20260109 21:30:00 MET", JANUARY),
        ("20260109 20:30:00 UTC", JANUARY),
        ("20260109-20:30:00", JANUARY),
        ("20260109-15:30:00 US/Eastern", JANUARY),
        ("20260109  15:30:00", JANUARY),
        ("20260109 15:30:00", JANUARY),
        ("2026-01-09 15:30:00.0", JANUARY),
        ("20260709 15:30:00 US/Eastern", JULY),
        ("20260709 15:30:00 EST", JULY),
        ("20260709 12:30:00 PDT", JULY),
        (str(JULY // NS_PER_S), JULY),
        ("20260709", JULY - (15 * 60 + 30) * 60 * NS_PER_S),
    ],
)
def test_a_text_names_its_instant(text: str, at_ns: int) -> None:
    assert ib_time_ns(text) == at_ns


@pytest.mark.parametrize(
    "text", ["", "yesterday", "20260109 15:30", "20261309 15:30:00", "20260109 15:30:00 Mars/Base"]
)
def test_what_is_no_time_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|month"):
        ib_time_ns(text)
