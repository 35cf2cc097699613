"""IB's time texts as nanoseconds since the epoch, UTC.

Rules:
1. A zone in the text decides; IB's short names mean the zone, not the fixed offset
   ("EST" in July is New York time, as TWS means it).
2. ``YYYYMMDD-HH:MM:SS`` without a zone is UTC.
3. Digits only: eight are a date (its midnight in US/Eastern), more are epoch seconds.
4. Any other text without a zone is the gateway's local time, which nothing in the protocol
   tells us. It is read as US/Eastern, the zone of IB's own day; never order by it.

Source: F36 of the shared facts (ib_async issues 230 and 232, nautilus_trader issue 2359);
a 2023 TWS recording shows ``20230224  12:04:56``, two spaces and no zone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NS_PER_S = 1_000_000_000
EASTERN = ZoneInfo("America/New_York")

_TEXT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:(-|\s+)(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:\s+(\S.*?))?)?\s*"
)
_SHORT_NAMES = {
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "BST": "Europe/London",
    "CEST": "Europe/Berlin",
    "HKT": "Asia/Hong_Kong",
    "JST": "Asia/Tokyo",
}


def ib_time_ns(text: str) -> int:
    """Return the instant that IB's *text* names, in nanoseconds since the epoch, UTC.

    Raises:
        ValueError: The text has none of the known forms, or names an unknown zone.
    """
    if text.isdigit() and len(text) != len("20260109"):
        return int(text) * NS_PER_S
    match = _TEXT.fullmatch(text)
    if match is None:
        message = f"time {text!r} has no form IB is known to send, such as 20260109 15:30:00 MET"
        raise ValueError(message)
    year, month, day, separator, hour, minute, second, zone = match.groups()
    moment = datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        tzinfo=_zone(zone, separator),
    )
    return int(moment.timestamp()) * NS_PER_S


def _zone(name: str | None, separator: str | None) -> tzinfo:
    """Return the zone of a text from its zone name and what stands between date and time."""
    if name:
        return _named_zone(name)
    return UTC if separator == "-" else EASTERN


@lru_cache(maxsize=64)
def _named_zone(name: str) -> tzinfo:
    """Return the zone called *name* by IB.

    Raises:
        ValueError: Neither IB's short names nor the zone database know it.
    """
    try:
        return ZoneInfo(_SHORT_NAMES.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"time zone {name!r} is unknown: expected a name such as US/Eastern or MET"
        raise ValueError(message) from error
