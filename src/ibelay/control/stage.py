"""The stage commands act on: the clients of a gateway or a proxy, and what stands around them.

Rules:
1. Acts touch sockets, listeners and clocks only through a ``Shell``.
2. What ends by itself is planned under a name that begins with ``END``, so that ``clear`` can
   take it away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Generic, Protocol, TypeVar

from ibelay.control.line.troubles import Troubles
from ibelay.model.faults import Performer, Span
from ibelay.model.ids import ClientId

END = "end of "


class Session(Protocol):
    """One client, as commands see it."""

    @property
    def client_id(self) -> ClientId | None:
        """Who it is, once it has said so."""
        ...

    def say(self, request_id: int, code: int, text: str) -> None:
        """Say a message with a code; nobody hears it before the handshake."""
        ...

    def charge(self) -> None:
        """Count a breach of pacing that never was; end the session the third time."""
        ...

    def vanish(self) -> None:
        """Let nothing come or go any more; the client id stays in use until ``leave``."""
        ...

    def leave(self) -> None:
        """End it on the side of the book."""
        ...

    def lose_streams(self) -> None:
        """Let every stream fall silent until it is asked for again."""
        ...

    def refuse_streams(self, code: int, text: str) -> None:
        """Say a message with a code about every stream of the client."""
        ...

    def upstream_is_back(self) -> None:
        """Say what waited for IB's servers, and pass on the orders that waited for them."""
        ...


S = TypeVar("S", bound=Session)


class Shell(Protocol[S]):
    """What commands need of the gateway or the proxy around the clients."""

    @property
    def performer(self) -> Performer:
        """What it is."""
        ...

    @property
    def troubles(self) -> Troubles:
        """The faults that stand."""
        ...

    def sessions(self) -> Sequence[S]:
        """Return the sessions of all sockets, in the order in which they came."""
        ...

    def later(self, span: Span, name: str, act: Callable[[], None]) -> None:
        """Do *act* once *span* has gone by on its clock."""
        ...

    def forget(self, beginning: str) -> None:
        """Drop what was planned under a name with this beginning."""
        ...

    def reset(self, session: S) -> None:
        """End a connection with an RST."""
        ...

    def close(self, session: S) -> None:
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

    def start_afresh(self, client_ids: Collection[ClientId], roll_back: int) -> str:
        """Forget what no restart leaves; give ids out again; return what was lost, in words."""
        ...


class Stage(Generic[S]):
    """A shell, with what most acts need.

    Args:
        shell: The gateway or proxy.
    """

    def __init__(self, shell: Shell[S]) -> None:
        self.shell = shell

    @property
    def troubles(self) -> Troubles:
        """The faults that stand."""
        return self.shell.troubles

    def sessions(self, client_id: ClientId | None) -> list[S]:
        """Return the sessions meant: one client's, or (None) all."""
        every = self.shell.sessions()
        return [one for one in every if client_id is None or one.client_id == client_id]

    def later(self, span: Span, name: str, act: Callable[[], None]) -> None:
        """Do *act* once *span* has gone by, unless ``clear`` comes before."""
        self.shell.later(span, END + name, act)

    def surely(self, span: Span, name: str, act: Callable[[], None]) -> None:
        """Do *act* once *span* has gone by, also after ``clear``: it ends what cannot be undone."""
        self.shell.later(span, name, act)

    def say(self, code: int, text: str, *, about: int = -1, client: ClientId | None = None) -> None:
        """Say a message with a code to the clients meant."""
        for session in self.sessions(client):
            session.say(about, code, text)


AnyStage = Stage[Any]
