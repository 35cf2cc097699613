"""Session dates: the day in New York, whatever the time of the year."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ibelay.runtime.when import session_date

NEW_YORK = ZoneInfo("America/New_York")
SECOND_NS = 1_000_000_000


@pytest.mark.parametrize("day", ["2025-01-15", "2025-03-09", "2025-07-04", "2025-11-02"])
def test_the_date_changes_at_midnight_in_new_york(day: str) -> None:
    """Also on the days on which the clocks change."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=NEW_YORK)
    at_ns = int(midnight.timestamp()) * SECOND_NS
    assert session_date(at_ns) == day
    assert session_date(at_ns - 1) < day


@pytest.mark.parametrize("day", ["2025-03-09", "2025-11-02", "2025-06-02"])
def test_every_moment_of_a_day_has_its_date(day: str) -> None:
    begin = int(datetime.fromisoformat(day).replace(tzinfo=NEW_YORK).timestamp())
    for at in range(begin, begin + 25 * 3600, 599):
        expected = datetime.fromtimestamp(at, NEW_YORK).strftime("%Y-%m-%d")
        assert session_date(at * SECOND_NS) == expected
