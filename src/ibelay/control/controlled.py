"""Whoever can be commanded, and what was done. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from ibelay.model.faults import VOCABULARY, Command, usage

MAX_LOG = 500
Json = dict[str, Any]
Views = Mapping[str, Callable[[], Json]]


class Done(NamedTuple):
    """A command that was done.

    Attributes:
        at_ns: When, on the clock of whoever did it.
        command: As it is written.
        said: What was done, in words.
    """

    at_ns: int
    command: str
    said: str


class Controlled(Protocol):
    """A gateway, a proxy: what a control port serves."""

    @property
    def views(self) -> Views:
        """What can be looked at, by path; looking changes nothing."""
        ...

    @property
    def log(self) -> Iterable[Done]:
        """What was done, the last ``MAX_LOG`` commands."""
        ...

    def do(self, command: Command) -> str:
        """Do what *command* says; return what was done, in words.

        Raises:
            ConfigurationError: It cannot be done, here or as things stand.
        """
        ...

    def flush(self) -> None:
        """Send what the commands led to; called once after several."""
        ...


def vocabulary(words: Iterable[type[Command]] | None = None) -> Json:
    """Return every command, or these, with how it is written and what it does."""
    known = VOCABULARY.values() if words is None else words
    return {
        kind.word: {"usage": usage(kind), "does": (kind.__doc__ or "").partition("\n")[0]}
        for kind in known
    }
