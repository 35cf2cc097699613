"""Faults in the line of a client: what it says and hears is lost, late or twice.

Without ``client`` every client is meant, also those that come later. ``count`` is in all,
over the clients meant. A message is the server's or the client's, by its name; a gateway can
only lose what it says itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ibelay.model.faults.forms import Span
from ibelay.model.faults.values import (
    Code,
    Count,
    Kind,
    Length,
    MaybeLength,
    Number,
    Text,
    TimeForm,
    Who,
)


@dataclass(frozen=True, slots=True)
class Delay:
    """Messages of one kind arrive later; their own order stays.

    **Source**: F35 (commission long after the fill), F40.
    """

    word: ClassVar[str] = "delay"
    message: Kind
    span: Length
    count: Count = None
    client: Who = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Messages of one kind are lost.

    **Source**: F10, F18 (an end that never comes), F35 (a commission that never comes).
    """

    word: ClassVar[str] = "drop"
    message: Kind
    count: Count = 1
    client: Who = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Messages of one kind arrive twice.

    **Source**: shared IB facts, section 3 (repeated statuses are normal).
    """

    word: ClassVar[str] = "duplicate"
    message: Kind
    count: Count = 1
    client: Who = None


@dataclass(frozen=True, slots=True)
class Reorder:
    """Messages of one kind wait until the next one of another kind has gone out.

    **Source**: shared IB facts, section 3 (execDetails can precede openOrder).
    """

    word: ClassVar[str] = "reorder"
    message: Kind
    behind: Kind
    count: Count = 1
    client: Who = None


@dataclass(frozen=True, slots=True)
class Truncate:
    """Messages of one kind arrive without their second half, in a frame that fits.

    **Source**: shared IB facts, section 1a (508, a message that cannot be read).
    """

    word: ClassVar[str] = "truncate"
    message: Kind
    count: Count = 1
    client: Who = None


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A field of messages of one kind says something else; one past the last is added.

    Fields are counted from the message's number as 0.

    **Source**: F35 (commissions of 1.7976931348623157E308), F37 and F38 (a field too many),
    F48 (a status that never changes).
    """

    word: ClassVar[str] = "rewrite"
    message: Kind
    field: Number
    text: Text
    count: Count = 1
    client: Who = None


@dataclass(frozen=True, slots=True)
class Retime:
    """Times of executions are written another way, for the same moment.

    With UTC's hyphen, in a zone by IB's name for it, or without a word of the zone.

    **Source**: F36.
    """

    word: ClassVar[str] = "retime"
    form: TimeForm
    count: Count = None
    client: Who = None


@dataclass(frozen=True, slots=True)
class RejectData:
    """The next requests for data are refused on arrival with a code.

    **Source**: F15 (one of many fails), F32 (322 after a reconnect).
    """

    word: ClassVar[str] = "reject-data"
    code: Code
    text: Text = "refused on purpose"
    count: Count = 1
    client: Who = None


@dataclass(frozen=True, slots=True)
class Dialog:
    """The gateway asks a person something: orders and cancels wait unanswered for the click.

    **Source**: F42; F08 (a cause of it).
    """

    word: ClassVar[str] = "dialog"
    span: Length


@dataclass(frozen=True, slots=True)
class LoseAck:
    """The next orders reach the book, and nothing is ever said of them unless asked.

    **Source**: F07, F08.
    """

    word: ClassVar[str] = "lose-ack"
    count: Count = 1
    client: Who = None


@dataclass(frozen=True, slots=True)
class SwallowOrders:
    """placeOrder and cancelOrder are read and never answered; the book sees nothing of them.

    **Source**: F08.
    """

    word: ClassVar[str] = "swallow-orders"
    count: Count = None
    client: Who = None


@dataclass(frozen=True, slots=True)
class Freeze:
    """The gateway reads nothing and writes nothing; the sockets stay open.

    **Source**: F01, F03.
    """

    word: ClassVar[str] = "freeze"
    span: MaybeLength = None
    client: Who = None


@dataclass(frozen=True, slots=True)
class Thaw:
    """The gateway reads and writes again, from where it stopped."""

    word: ClassVar[str] = "thaw"
    client: Who = None


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """What either side writes vanishes, with no FIN; the client id stays in use until reaped.

    **Source**: F01, F04.
    """

    word: ClassVar[str] = "half-open"
    reap: Length = Span(60 * 10**9)  # noqa: RUF009  # frozen, and a literal
    client: Who = None


@dataclass(frozen=True, slots=True)
class Pacing:
    """Code 100; the third breach of a connection ends it.

    **Source**: F49; shared IB facts, section 4.
    """

    word: ClassVar[str] = "pacing"
    client: Who = None
