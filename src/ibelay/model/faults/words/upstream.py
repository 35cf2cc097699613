"""Faults behind the gateway: IB's servers, its farms, its other sessions, and its messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ibelay.model.faults.forms import Span
from ibelay.model.faults.values import (
    Code,
    Farm,
    Late,
    Length,
    Number,
    Text,
    Who,
    YesNo,
)


@dataclass(frozen=True, slots=True)
class Reset:
    """1100 again and again, data stops, reports wait; then 1102, or 1101 with the data lost.

    Orders sent meanwhile reach the book when IB is back (``resubmit``) or never (``lose``).

    **Source**: F09, F12, F26, F28; shared IB facts, section 2.
    """

    word: ClassVar[str] = "reset"
    span: Length = Span(30 * 10**9)  # noqa: RUF009  # frozen, and a literal
    data_lost: YesNo = False
    every: Length = Span(5 * 10**9)  # noqa: RUF009  # the same
    orders: Late = "resubmit"


@dataclass(frozen=True, slots=True)
class FarmDown:
    """A farm breaks and comes back: 2103, 2105 or 2157, then 2104, 2106 or 2158.

    Streams stop meanwhile; with ``kill`` they never resume unless asked for again.

    **Source**: F13, F14.
    """

    word: ClassVar[str] = "farm"
    farm: Farm = "market"
    span: Length = Span(10 * 10**9)  # noqa: RUF009  # frozen, and a literal
    kill: YesNo = False


@dataclass(frozen=True, slots=True)
class StopStreams:
    """Streams that run say nothing more until they are asked for again, and nobody says so.

    **Source**: F12, F14, F15.
    """

    word: ClassVar[str] = "stop-streams"
    client: Who = None


@dataclass(frozen=True, slots=True)
class Competing:
    """A live session elsewhere takes the market data: 10197 in bursts, streams stop.

    **Source**: shared IB facts, sections 1c and 2.
    """

    word: ClassVar[str] = "competing"
    span: Length = Span(30 * 10**9)  # noqa: RUF009  # frozen, and a literal
    burst: Number = 3


@dataclass(frozen=True, slots=True)
class Notice:
    """Any message with a code, about any id; -1 is the connection.

    **Source**: shared IB facts, section 1; F20 (an advisory about a live order).
    """

    word: ClassVar[str] = "notice"
    code: Code
    text: Text
    id: Number = -1
    client: Who = None


@dataclass(frozen=True, slots=True)
class Midnight:
    """The day changes: earlier executions and completed orders are forgotten.

    **Source**: shared IB facts, section 3 (reqExecutions of a Gateway reaches back to midnight).
    """

    word: ClassVar[str] = "daily-midnight"


@dataclass(frozen=True, slots=True)
class Clear:
    """Everything that goes wrong on purpose ends, and nothing more is to follow.

    What has ended cannot be taken back: sockets stay closed, lost messages lost.
    """

    word: ClassVar[str] = "clear"
