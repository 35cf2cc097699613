"""Faults of the door: sockets end, new ones are refused or find nobody at home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ibelay.model.faults.forms import Span
from ibelay.model.faults.values import Client, Length, MaybeLength, Number, Port, Who


@dataclass(frozen=True, slots=True)
class Rst:
    """The connection is reset.

    **Source**: F02, F11; shared IB facts, section 2.
    """

    word: ClassVar[str] = "rst"
    client: Who = None


@dataclass(frozen=True, slots=True)
class Fin:
    """The connection is closed in good order, after what was said.

    **Source**: F02, F05.
    """

    word: ClassVar[str] = "fin"
    client: Who = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nobody listens on the port; connections that stand go on.

    **Source**: F43.
    """

    word: ClassVar[str] = "refuse"
    span: MaybeLength = None


@dataclass(frozen=True, slots=True)
class Accept:
    """The gateway listens on its port again."""

    word: ClassVar[str] = "accept"


@dataclass(frozen=True, slots=True)
class Mute:
    """New connections are accepted and their handshake is never answered.

    **Source**: F03.
    """

    word: ClassVar[str] = "mute"
    span: MaybeLength = None


@dataclass(frozen=True, slots=True)
class NoAccounts:
    """Clients that come get an empty account list, as when nobody has logged in.

    **Source**: F27, F50.
    """

    word: ClassVar[str] = "no-accounts"
    span: MaybeLength = None


@dataclass(frozen=True, slots=True)
class ClientIdInUse:
    """A client id is refused with 326 although nobody uses it.

    **Source**: F04.
    """

    word: ClassVar[str] = "client-id-in-use"
    client: Client
    span: MaybeLength = None


@dataclass(frozen=True, slots=True)
class PortChanged:
    """Code 1300, every connection closes, and the gateway listens on another port.

    Port 0 picks a free one.

    **Source**: shared IB facts, section 1a.
    """

    word: ClassVar[str] = "port-changed"
    port: Port


@dataclass(frozen=True, slots=True)
class Restart:
    """The daily auto-restart: all sockets reset, nobody listens, then a fresh session.

    Orders with transmit=False are gone; ``roll-back`` gives out the last ids of every client
    that was connected again.

    **Source**: F07, F29, F43; shared IB facts, section 2.
    """

    word: ClassVar[str] = "restart"
    span: Length = Span(90 * 10**9)  # noqa: RUF009  # frozen, and a literal
    roll_back: Number = 0
