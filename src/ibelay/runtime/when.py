"""Broker time in words: session dates and ISO texts."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_NEW_YORK = ZoneInfo("America/New_York")


def session_date(at_ns: int) -> str:
    """Return the US/Eastern date of *at_ns* (UTC, ns since the epoch) as YYYY-MM-DD."""
    return datetime.fromtimestamp(at_ns / 1e9, _NEW_YORK).strftime("%Y-%m-%d")


def iso(at_ns: int) -> str:
    """Return *at_ns* (UTC, ns since the epoch) as ISO 8601 with milliseconds and Z."""
    moment = datetime.fromtimestamp(at_ns / 1e9, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_york_clock(at_ns: int) -> str:
    """Return the New York wall clock at *at_ns* as HH:MM:SS."""
    return datetime.fromtimestamp(at_ns / 1e9, _NEW_YORK).strftime("%H:%M:%S")
