"""One direction of a connection: bytes on their way from one kernel to another.

Rules:
1. Bytes arrive in order, never lost and never twice, after the network's latency, whole or in
   pieces. While the cable is out they wait, as retransmission has it.
2. What the other end has not read counts against a window; what does not fit stays behind.
3. A FIN comes after the last byte, a reset after what is in flight already.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context
from enum import Enum
from typing import Protocol

from ibelay.testing.virtual.host import Timer
from ibelay.testing.virtual.loop import VirtualLoop

WINDOW_BYTES = 256 * 1024


class Sign(Enum):
    """What travels beside bytes."""

    FIN = "fin"
    RST = "rst"


Item = bytes | Sign


class Cable(Protocol):
    """What a way needs of the network."""

    loop: VirtualLoop

    @property
    def out(self) -> Mapping[frozenset[str], object]:
        """The cables that are out: hardly ever one."""
        ...

    def passes(self, one: str, other: str) -> bool:
        """Return whether anything gets from one host to the other."""
        ...

    def way_s(self) -> float:
        """Return how long something sent now is under way."""
        ...

    def pieces(self, data: bytes) -> Iterable[bytes]:
        """Return *data* in the pieces in which it travels."""
        ...


class Way:
    """Carries bytes from one host to another.

    Args:
        cable: The network.
        hosts: From where, and to where.
        context: Whose code takes what arrives.
        arrive: Takes what arrives.

    Attributes:
        unsent_bytes: What waits for the window.
        fin_sent: Whether everything has left, the FIN too.
    """

    def __init__(
        self,
        cable: Cable,
        hosts: tuple[str, str],
        context: Context,
        arrive: Callable[[Item], None],
    ) -> None:
        self.unsent_bytes = 0
        self.fin_sent = False
        self._cable = cable
        self._hosts = hosts
        self._take = arrive
        self._arrival = Timer(0.0, self._arrive, (), cable.loop, context)
        self._unsent: deque[bytes] = deque()
        self._flight: deque[Item] = deque()
        self._due = 0.0
        self._window = WINDOW_BYTES
        self._finishing = False
        self._dead = False

    @property
    def open(self) -> bool:
        """Whether the cable carries anything."""
        return self._cable.passes(*self._hosts)

    @property
    def waits(self) -> bool:
        """Whether the other kernel has not said that it has everything."""
        return bool(self._flight or self._unsent)

    def send(self, data: bytes) -> None:
        """Let *data* leave as soon as the window lets it."""
        for piece in self._cable.pieces(data):
            if self._window > 0 and not self._unsent:
                self._window -= len(piece)
                self._fly(piece)
            else:
                self._unsent.append(piece)
                self.unsent_bytes += len(piece)

    def finish(self) -> None:
        """Send a FIN after the last byte."""
        self._finishing = True
        self._push()

    def reset(self) -> None:
        """Forget what has not left and send a reset."""
        self.keep(0)
        self._fly(Sign.RST)

    def keep(self, size: int) -> None:
        """Forget what has not left but for its first *size* bytes."""
        kept, left = deque[bytes](), min(size, self.unsent_bytes)
        self.unsent_bytes = left
        for piece in self._unsent:
            if not left:
                break
            kept.append(piece[:left])
            left -= len(kept[-1])
        self._unsent = kept

    def die(self, *, silently: bool) -> None:
        """Send nothing more, but for a FIN unless *silently*."""
        self.keep(0)
        if not silently and not self.fin_sent:
            self._fly(Sign.FIN)
        elif silently:
            self._flight.clear()
        self._dead = True

    def was_read(self, size: int) -> bool:
        """Take note that the other end has read *size* bytes; return whether more may leave."""
        self._window += size
        if self._unsent or self._finishing:
            self._push()
            return True
        return False

    def plugged(self) -> None:
        """Send again what waited for the cable."""
        self._due = 0.0
        for _item in self._flight:
            self._plan()

    def _push(self) -> None:
        while self._unsent and self._window > 0:
            piece = self._unsent.popleft()
            self.unsent_bytes -= len(piece)
            self._window -= len(piece)
            self._fly(piece)
        if self._finishing and not self.fin_sent and not self._unsent:
            self.fin_sent = True
            self._fly(Sign.FIN)

    def _fly(self, item: Item) -> None:
        if not self._dead:
            self._flight.append(item)
            if not self._cable.out or self.open:
                self._plan()

    def _plan(self) -> None:
        cable = self._cable
        self._due = cable.loop.again(cable.way_s(), self._arrival, earliest=self._due)

    def _arrive(self) -> None:
        """Let the oldest thing in flight arrive; each has planned one arrival."""
        if self._flight and (not self._cable.out or self.open):
            self._take(self._flight.popleft())


class Patience:
    """How long an end waits for a sign of the other kernel.

    Args:
        loop: Whose time counts.
        give_up: Called when it is over.
        context: Whose code that is.
    """

    def __init__(self, loop: VirtualLoop, give_up: Callable[[], None], context: Context) -> None:
        self._loop = loop
        self._give_up = give_up
        self._context = context
        self._timer: asyncio.TimerHandle | None = None

    def lose(self, seconds: float | None) -> None:
        """Give up in *seconds* (None: never), unless that was begun already."""
        if self._timer is None and seconds is not None:
            self._timer = self._loop.call_later(seconds, self._give_up, context=self._context)

    def regain(self) -> None:
        """Give up no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
