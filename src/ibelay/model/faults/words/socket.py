"""Faults of a socket, whatever it carries: what toxiproxy calls toxics, under its names.

They stand until ``clear``, or as long as ``lasting`` says; the latest of a kind for the same
client and direction takes the place of the one before. Toxiproxy's reset_peer is ``rst``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ibelay.model.faults.forms import Span
from ibelay.model.faults.values import Length, MaybeLength, Rate, Size, Way, Who


@dataclass(frozen=True, slots=True)
class Latency:
    """What passes arrives later, by up to ``jitter`` more or less; its order stays.

    **Source**: shared IB facts, section 2; F40 (late answers).
    """

    word: ClassVar[str] = "latency"
    span: Length
    jitter: Length = Span(0)  # noqa: RUF009  # frozen, and a literal
    way: Way = "both"
    lasting: MaybeLength = None
    client: Who = None


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """At most so many bytes pass in a second.

    **Source**: issue 4 (the chaos proxy); F19 (a start that takes too long).
    """

    word: ClassVar[str] = "bandwidth"
    rate: Rate
    way: Way = "both"
    lasting: MaybeLength = None
    client: Who = None


@dataclass(frozen=True, slots=True)
class Slicer:
    """What passes arrives in pieces of at most so many bytes, one after the other.

    **Source**: issue 4 (the chaos proxy); a stream has no edges that a client may rely on.
    """

    word: ClassVar[str] = "slicer"
    size: Size
    delay: Length = Span(0)  # noqa: RUF009  # frozen, and a literal
    way: Way = "both"
    lasting: MaybeLength = None
    client: Who = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A connection closes once so many bytes more have passed, in the middle of a message.

    **Source**: issue 4 (the chaos proxy); F02.
    """

    word: ClassVar[str] = "limit"
    size: Size
    way: Way = "to-client"
    lasting: MaybeLength = None
    client: Who = None


@dataclass(frozen=True, slots=True)
class SlowClose:
    """When one side closes, the other hears of it only later.

    **Source**: F04, F05 (the old connection is still there when the next one comes).
    """

    word: ClassVar[str] = "slow-close"
    span: Length
    lasting: MaybeLength = None
    client: Who = None


@dataclass(frozen=True, slots=True)
class Timeout:
    """Nothing passes any more on the connections that stand; after the span they close.

    **Source**: F01.
    """

    word: ClassVar[str] = "timeout"
    span: Length
    client: Who = None


@dataclass(frozen=True, slots=True)
class Down:
    """Every connection closes and nobody listens, for a while or until ``accept``.

    **Source**: F43.
    """

    word: ClassVar[str] = "down"
    span: MaybeLength = None
