"""IB's ways to write a moment.

The gateway's own zone is New York's, written ``US/Eastern`` after every time of day, as
servers do since version 174 or so; clients then need no setting to read the right instant.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ibelay.errors import WireError

ZONE_NAME = "US/Eastern"
ZONE = ZoneInfo(ZONE_NAME)
SECOND_NS = 1_000_000_000
_MOMENT = re.compile(
    r"(\d{4})(\d\d)(\d\d)(?P<sep> {1,2}|-)(\d\d):(\d\d)(?::(\d\d))?"
    r"(?: (?P<zone>[A-Za-z0-9_/+\-]{2,40}))?"
)


def local(at_ns: int) -> datetime:
    """Return *at_ns* (ns since the epoch, UTC) on New York's clock, whole seconds."""
    return datetime.fromtimestamp(at_ns // SECOND_NS, ZONE)


def moment(at_ns: int) -> str:
    """Return ``20131008 09:30:00 US/Eastern``."""
    return f"{local(at_ns):%Y%m%d %H:%M:%S} {ZONE_NAME}"


def utc_moment(at_ns: int) -> str:
    """Return ``20131008-13:30:00``, the form in which IB writes UTC."""
    return f"{datetime.fromtimestamp(at_ns // SECOND_NS, UTC):%Y%m%d-%H:%M:%S}"


def local_moment(at_ns: int) -> str:
    """Return ``20131008-09:30:00`` in New York, where the zone stands in another field."""
    return f"{local(at_ns):%Y%m%d-%H:%M:%S}"


def day(at_ns: int) -> str:
    """Return ``20131008``, the date in New York."""
    return f"{local(at_ns):%Y%m%d}"


def minute(at_ns: int) -> str:
    """Return ``09:30``, as account update times are written."""
    return f"{local(at_ns):%H:%M}"


def parse_moment(text: str) -> int:
    """Return the instant of *text*, ns since the epoch, UTC.

    Takes ``YYYYMMDD HH:MM:SS``, one or two spaces, with or without a zone (New York's
    without), and ``YYYYMMDD-HH:MM:SS``, which is UTC.

    Raises:
        WireError: It is none of these, or no such moment exists.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise WireError(f"time {text[:40]!r} not understood, expected YYYYMMDD HH:MM:SS US/Eastern")
    year, month, date, _sep, hours, minutes, seconds, name = match.groups()
    try:
        default = UTC if match["sep"] == "-" else ZONE
        zone = ZoneInfo(name) if name else default
        value = datetime(
            int(year),
            int(month),
            int(date),
            int(hours),
            int(minutes),
            int(seconds or 0),
            tzinfo=zone,
        )
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise WireError(f"time {text[:40]!r} does not exist: {error}") from error
    return int(value.timestamp()) * SECOND_NS
