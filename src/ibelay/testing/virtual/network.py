"""The network between hosts: who listens, how long things take, which cables are out.

Rules:
1. Latency and the pieces in which bytes travel are drawn by *chance*; without it everything
   takes the least time and travels whole.
2. Connecting to a port where nobody listens is refused; over a cable that is out it waits for
   the cable, and gives up after two minutes, as kernels do.
3. A host that dies is forgotten at once: its listeners are gone, its ends are dead.
"""

from __future__ import annotations

import asyncio
import errno
import os
import random
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any

from ibelay.testing.virtual.host import HOST
from ibelay.testing.virtual.loop import VirtualLoop
from ibelay.testing.virtual.stream import End

SYN_TIMEOUT_S = 127.0
FIRST_PORT = 40_000
NOWHERE = "elsewhere"
Make = Callable[[], asyncio.BaseProtocol]


@dataclass(frozen=True, slots=True)
class Pace:
    """How the network carries: seconds each way, and how often bytes are cut in two.

    Attributes:
        least_s: Shortest way.
        most_s: Longest way.
        cut: Share of writes that arrive in two pieces.
    """

    least_s: float = 0.0001
    most_s: float = 0.0004
    cut: float = 0.02


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who accepts connections."""

    make: Make
    context: Context


class Network:
    """Cables, listeners and connections on one loop.

    Args:
        loop: Its ``create_connection`` and ``create_server`` come here from now on.
        chance: See rule 1.
        pace: How fast it is.

    Attributes:
        on_write: Told what an application writes: the end and the bytes.
        on_read: Told what an application is about to be given.
        out: The cables that are out, and who waits for them to connect.
    """

    def __init__(
        self, loop: VirtualLoop, chance: random.Random | None = None, pace: Pace | None = None
    ) -> None:
        self.loop = loop
        loop.network = self
        self.pace = pace or Pace()
        self.on_write: list[Callable[[End, bytes], None]] = []
        self.on_read: list[Callable[[End, bytes], None]] = []
        self._chance = chance
        self._listeners: dict[tuple[str, int], Listener] = {}
        self._ends: dict[End, None] = {}
        self._powerless: list[End] = []
        self.out: dict[frozenset[str], list[asyncio.Future[None]]] = {}
        self._ports = FIRST_PORT

    # -- connections -------------------------------------------------------------------------

    def listen(self, make: Make, host: str, port: int) -> int:
        """Accept connections to *port* of *host* from now on; return the port.

        Args:
            make: Makes the protocol of a connection; its code belongs to the caller's host.
            host: Name.
            port: 0 picks a free one.

        Raises:
            OSError: Somebody listens there.
        """
        port = port or self._free_port()
        if (host, port) in self._listeners:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        self._listeners[host, port] = Listener(make, copy_context())
        return port

    def stop_listening(self, host: str, port: int) -> None:
        """Refuse connections from now on."""
        self._listeners.pop((host, port), None)

    def serve(self, make: Make, host: str, port: int) -> VirtualServer:
        """Listen, as ``loop.create_server`` does."""
        return VirtualServer(self, host, self.listen(make, host, port))

    async def connect(
        self, make: Make, host: str, port: int
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect, as ``loop.create_connection`` does.

        Raises:
            OSError: Refused, or no answer in two minutes.
        """
        caller = HOST.get()
        here = caller.name if caller else NOWHERE
        if caller is not None and caller.dead:
            raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))
        await self._passage(here, host)
        await asyncio.sleep(self.way_s())
        listener = self._listeners.get((host, port))
        if listener is None:
            raise ConnectionRefusedError(
                errno.ECONNREFUSED, f"Connect call failed ({host!r}, {port})"
            )
        ours, theirs = self._pair((here, self._free_port()), (host, port), listener.context)
        self.loop.call_soon(_accept, theirs, listener.make, context=listener.context)
        made = False
        try:
            await self._passage(here, host)
            await asyncio.sleep(self.way_s())
            protocol = make()
            ours.begin(protocol)
            made = True
        finally:
            if not made:
                ours.abort()
        return ours, protocol

    def _pair(
        self, local: tuple[str, int], remote: tuple[str, int], theirs: Context
    ) -> tuple[End, End]:
        one = End(self, copy_context(), local, remote)
        other = End(self, theirs, remote, local)
        one.paired(other)
        other.paired(one)
        self._ends[one] = self._ends[other] = None
        return one, other

    def ends(self, host: str) -> list[End]:
        """Return the open ends of *host*, oldest first."""
        return [end for end in self._ends if end.local[0] == host]

    # -- what goes wrong -----------------------------------------------------------------------

    def unplug(self, one: str, other: str) -> None:
        """Let nothing pass between two hosts; nobody is told."""
        if self.passes(one, other):
            self.out[frozenset((one, other))] = []
            for end in self._between(one, other):
                end.unplugged()

    def plug(self, one: str, other: str) -> None:
        """Let everything pass again."""
        waiting = self.out.pop(frozenset((one, other)), None)
        if waiting is None:
            return
        for future in waiting:
            if not future.done():
                future.set_result(None)
        for end in self._between(one, other):
            end.plugged()

    def cut(self, one: str, other: str, *, reset: bool) -> int:
        """End all connections between two hosts from both sides; return how many ends."""
        ends = self._between(one, other)
        for end in ends:
            if reset:
                end.fail(ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))
            else:
                end.close()
        return len(ends)

    def sever(self, host: str, *, silently: bool) -> None:
        """Let *host* be gone (rule 3).

        Args:
            host: Name.
            silently: Its power is out: the others hear nothing. Else its kernel says FIN.
        """
        for end in self.ends(host):
            end.die(silently=silently)
            if silently:
                self._powerless.append(end)
        for address in [known for known in self._listeners if known[0] == host]:
            del self._listeners[address]

    def power_up(self, host: str) -> None:
        """Let the kernel of *host* answer again after a power cut."""
        for end in [one for one in self._powerless if one.local[0] == host]:
            end.power_up()
            self._powerless.remove(end)

    # -- the cable of the ends -----------------------------------------------------------------

    def passes(self, one: str, other: str) -> bool:
        """Return whether anything gets from one host to the other."""
        return frozenset((one, other)) not in self.out

    def way_s(self) -> float:
        """Return how long something sent now is under way (rule 1)."""
        if self._chance is None:
            return self.pace.least_s
        least_s = self.pace.least_s
        return least_s + (self.pace.most_s - least_s) * self._chance.random()

    def pieces(self, data: bytes) -> Iterable[bytes]:
        """Return *data* in the pieces in which it travels (rule 1)."""
        if self._chance is None or len(data) < 2 or self._chance.random() >= self.pace.cut:
            return (data,)
        at = self._chance.randrange(1, len(data))
        return data[:at], data[at:]

    def gone(self, end: End) -> None:
        """Forget an end."""
        self._ends.pop(end, None)

    def _between(self, one: str, other: str) -> list[End]:
        hosts = {one, other}
        return [end for end in self._ends if {end.local[0], end.remote[0]} == hosts]

    def _free_port(self) -> int:
        self._ports += 1
        return self._ports

    async def _passage(self, one: str, other: str) -> None:
        """Wait for the cable (rule 2)."""
        waiting = self.out.get(frozenset((one, other)))
        if waiting is None:
            return
        future = self.loop.create_future()
        waiting.append(future)
        try:
            async with asyncio.timeout(SYN_TIMEOUT_S):
                await future
        except TimeoutError as error:
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from error


def _accept(end: End, make: Make) -> None:
    end.begin(make())


class VirtualServer(asyncio.AbstractServer):
    """A listening port, as ``loop.create_server`` returns it."""

    def __init__(self, network: Network, host: str, port: int) -> None:
        self._network = network
        self._address = (host, port)
        self._serving = True

    @property
    def sockets(self) -> tuple[Any, ...]:
        """The port, as a socket would tell it."""
        return (_Name(self._address),) if self._serving else ()

    def get_loop(self) -> VirtualLoop:
        """Return the loop."""
        return self._network.loop

    def is_serving(self) -> bool:
        """Return whether connections are accepted."""
        return self._serving

    async def start_serving(self) -> None:
        """Do nothing: it serves from the beginning."""

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        try:
            await self._network.loop.create_future()
        finally:
            self.close()

    def close(self) -> None:
        """Refuse connections from now on; those that stand go on."""
        if self._serving:
            self._serving = False
            self._network.stop_listening(*self._address)

    async def wait_closed(self) -> None:
        """Return at once."""


class _Name:
    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address

    def getsockname(self) -> tuple[str, int]:
        return self._address

    def fileno(self) -> int:
        return -1
