"""What the judge is told: facts of a client's connections, in the order of time.

Rules:
1. ``at_ns`` never goes back; which clock it is of does not matter, as long as it is one.
2. A *line* is one connection of a client, numbered by whoever looks on; no number comes twice.
3. ``passed`` is False for a message that its receiver never got, because a fault kept it.
4. A fault is told as the command that makes it. One that lasts is told again when it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ibelay.model.faults import Command
from ibelay.wire.answers import Answer
from ibelay.wire.requests import ClientRequest


class Who(StrEnum):
    """Who ended a connection."""

    CLIENT = "client"
    GATEWAY = "gateway"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Opened:
    """A client was accepted."""

    at_ns: int
    line: int


@dataclass(frozen=True, slots=True)
class Closed:
    """A connection ended."""

    at_ns: int
    line: int
    by: Who


@dataclass(frozen=True, slots=True)
class Asked:
    """A client wrote a request."""

    at_ns: int
    line: int
    request: ClientRequest
    passed: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """The gateway wrote a message."""

    at_ns: int
    line: int
    answer: Answer
    passed: bool = True


@dataclass(frozen=True, slots=True)
class Began:
    """A fault was made."""

    at_ns: int
    command: Command


@dataclass(frozen=True, slots=True)
class Ended:
    """A fault that lasts is over: what it made impossible is possible again."""

    at_ns: int
    command: Command


Fact = Opened | Closed | Asked | Told | Began | Ended
"""Everything the judge is told."""
