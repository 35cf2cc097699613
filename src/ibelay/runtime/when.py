"""Broker time in words: session dates and ISO texts."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_NEW_YORK = ZoneInfo("America/New_York")
_HOUR_S = 3600
_HOUR_NS = _HOUR_S * 1_000_000_000


def session_date(at_ns: int) -> str:
    """Return the US/Eastern date of *at_ns* (UTC, ns since the epoch) as YYYY-MM-DD."""
    return _date_in(at_ns // _HOUR_NS)


@lru_cache(maxsize=64)
def _date_in(hour: int) -> str:
    """Return the date of an hour since the epoch: New York's midnight is a whole hour of UTC."""
    return datetime.fromtimestamp(hour * _HOUR_S, _NEW_YORK).date().isoformat()


def iso(at_ns: int) -> str:
    """Return *at_ns* (UTC, ns since the epoch) as ISO 8601 with milliseconds and Z."""
    moment = datetime.fromtimestamp(at_ns / 1e9, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_york_clock(at_ns: int) -> str:
    """Return the New York wall clock at *at_ns* as HH:MM:SS."""
    return datetime.fromtimestamp(at_ns / 1e9, _NEW_YORK).strftime("%H:%M:%S")
