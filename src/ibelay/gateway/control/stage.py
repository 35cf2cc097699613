"""The stage commands act on: the floor, and the sockets and clock around it.

Rules:
1. Acts touch sockets, listener and clock only through a ``Shell``.
2. What ends by itself is planned on the clock its span names, under a name that begins with
   ``END``, so that ``clear`` can take it away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ibelay.control.agenda import Agenda
from ibelay.gateway.session.client import Session
from ibelay.gateway.session.floor import Floor
from ibelay.model.faults import Span
from ibelay.model.ids import ClientId

END = "end of "


class Shell(Protocol):
    """What commands need of the gateway around the floor."""

    floor: Floor
    wall_agenda: Agenda

    def monotonic_ns(self) -> int:
        """Return our time."""
        ...

    def sessions(self) -> Sequence[Session]:
        """Return the sessions of all sockets, in the order in which they came."""
        ...

    def reset(self, session: Session) -> None:
        """End a connection with an RST."""
        ...

    def close(self, session: Session) -> None:
        """End a connection with a FIN, after what was said."""
        ...

    def shut(self) -> None:
        """Listen no more."""
        ...

    def reopen(self) -> None:
        """Listen again."""
        ...

    def move_to(self, port: int) -> int:
        """Listen on another port from now on; return which.

        Raises:
            ConfigurationError: It cannot be used.
        """
        ...

    def pause(self) -> int:
        """Stop market time; return where it stands."""
        ...

    def resume(self) -> int:
        """Let market time run; return where it stands."""
        ...

    def step(self, by_ns: int) -> int:
        """Move market time on; return where it will be."""
        ...

    def set_speed(self, speed: float) -> int:
        """Change the speed of market time; return where it stands."""
        ...


class Stage:
    """Floor and shell, with what most acts need.

    Args:
        shell: The gateway.
    """

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.floor = shell.floor
        self.troubles = shell.floor.troubles

    def sessions(self, client_id: ClientId | None) -> list[Session]:
        """Return the sessions meant: one client's, or (None) all."""
        every = self.shell.sessions()
        return [one for one in every if client_id is None or one.client_id == client_id]

    def later(self, span: Span, name: str, act: Callable[[], None]) -> None:
        """Do *act* once *span* has gone by on its clock."""
        if span.wall:
            self.shell.wall_agenda.plan(self.shell.monotonic_ns() + span.ns, act, END + name)
        else:
            self.floor.agenda.plan(self.floor.now_ns + span.ns, act, END + name)

    def say(self, code: int, text: str, *, about: int = -1, client: ClientId | None = None) -> None:
        """Say a message with a code to the clients meant."""
        for session in self.sessions(client):
            session.say(about, code, text)
