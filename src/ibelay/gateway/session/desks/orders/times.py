"""When an order begins and ends, as clients write it.

Forms: ``YYYYMMDD HH:MM:SS`` with or without a zone, ``YYYYMMDD-HH:MM:SS`` in UTC, a time of
day alone (today), a day alone (its end, for an end only).

**Source**: the text of code 391, as a real server sent it (erdewit/ib_insync issue 660).
"""

from __future__ import annotations

import re
from dataclasses import replace

from ibelay.errors import WireError
from ibelay.model.conditions import Condition, TimeCondition
from ibelay.wire.times import day, parse_moment

CODE_BAD_TIME = 391
_TIME_OF_DAY = re.compile(r"\d\d?:\d\d")
_DAY = re.compile(r"\d{8}")


class BadTimeError(WireError):
    """A time that cannot be read; the message is IB's."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}: The date, time, or time-zone entered is invalid. The correct format is "
            "yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional. "
            "E.g.: 20031126 15:59:00 US/Eastern"
        )


def end_ns(text: str, now_ns: int) -> int:
    """Return the end of a GTD order, ns since the epoch, UTC.

    Raises:
        BadTimeError: *text* is empty or no time.
    """
    text = text.strip()
    return _moment(f"{text} 23:59:59" if _DAY.fullmatch(text) else text, now_ns, "End Time")


def begin_ns(text: str, now_ns: int) -> int:
    """Return when an order may begin to work, ns since the epoch, UTC.

    Raises:
        BadTimeError: *text* is no time.
    """
    return _moment(text.strip(), now_ns, "Start Time")


def dated(conditions: tuple[Condition, ...], now_ns: int) -> tuple[Condition, ...]:
    """Return *conditions* with today's date where a time of day alone was given.

    Raises:
        BadTimeError: A time that is waited for cannot be read.
    """
    return tuple(_dated(condition, now_ns) for condition in conditions)


def _dated(condition: Condition, now_ns: int) -> Condition:
    if not isinstance(condition, TimeCondition):
        return condition
    text = condition.time.strip()
    _moment(text, now_ns, "Condition Time")
    return replace(condition, time=_whole(text, now_ns))


def _whole(text: str, now_ns: int) -> str:
    return f"{day(now_ns)} {text}" if _TIME_OF_DAY.match(text) else text


def _moment(text: str, now_ns: int, what: str) -> int:
    try:
        return parse_moment(_whole(text, now_ns))
    except WireError as error:
        raise BadTimeError(what) from error
