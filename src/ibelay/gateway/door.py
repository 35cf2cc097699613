"""The door: the port a gateway listens on, shut and opened again at will.

While the door is shut its port stays bound and does not listen: connections are refused, and
a port that was picked as free is not picked by others.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Protocol

from ibelay.control.listening import accept_no_more, reason
from ibelay.errors import ConfigurationError

BACKLOG = 128


class Doorway(Protocol):
    """What a gateway needs of the port it listens on (see ``door``)."""

    port: int

    async def open(self, tasks: asyncio.TaskGroup) -> None:
        """Bind the port and listen."""
        ...

    def shut(self) -> None:
        """Refuse connections from now on."""
        ...

    def reopen(self) -> None:
        """Accept connections."""
        ...

    def move_to(self, port: int) -> int:
        """Listen on another port, and no more on this one; return which."""
        ...

    async def close(self) -> None:
        """Listen no more and give the port back."""
        ...


MakeDoor = Callable[[Callable[[], asyncio.Protocol], str, int], Doorway]


class Door:
    """Listens, or does not.

    Args:
        make: Makes the protocol of a new connection.
        host: Loopback address.
        port: TCP port; 0 picks a free one.

    Attributes:
        port: The port, known once the door is open.
    """

    def __init__(self, make: Callable[[], asyncio.Protocol], host: str, port: int) -> None:
        self._make = make
        self._host = host
        self._tasks: asyncio.TaskGroup | None = None
        self._bound: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._opens: asyncio.Task[None] | None = None
        self.port = port

    async def open(self, tasks: asyncio.TaskGroup) -> None:
        """Bind the port and listen.

        Args:
            tasks: Where later openings run.

        Raises:
            ConfigurationError: The port cannot be bound.
        """
        self._tasks = tasks
        self._bound = self._bind(self.port)
        self._server = await self._listen(self._bound)

    def shut(self) -> None:
        """Refuse connections from now on."""
        if self._bound is not None and self._is_listening():
            self._stop()
            self._bound = self._bind(self.port)

    def reopen(self) -> None:
        """Accept connections again, if the door is shut."""
        if self._bound is not None and self._tasks is not None and not self._is_listening():
            self._bound.listen(BACKLOG)  # who comes now waits a moment and is served
            self._opens = self._tasks.create_task(self._attach(self._bound), name="opening door")

    def move_to(self, port: int) -> int:
        """Listen on another port, and no more on this one; return which.

        Raises:
            ConfigurationError: The port cannot be bound; all stays as it was.
        """
        bound = self._bind(port)
        self._stop()
        self._bound = bound
        self.reopen()
        return self.port

    async def close(self) -> None:
        """Listen no more and give the port back."""
        self._tasks = None
        server = self._server
        if server is not None:
            await accept_no_more(server)
        self._stop()
        if server is not None:
            await server.wait_closed()

    def _is_listening(self) -> bool:
        return self._server is not None or self._opens is not None

    def _stop(self) -> None:
        if self._opens is not None:
            self._opens.cancel()
        if self._server is not None:
            self._server.close()
        if self._bound is not None:
            self._bound.close()
        self._opens = self._server = self._bound = None

    async def _attach(self, bound: socket.socket) -> None:
        self._server = await self._listen(bound)
        self._opens = None

    async def _listen(self, bound: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._make, sock=bound, backlog=BACKLOG)

    def _bind(self, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            if os.name == "posix":  # elsewhere it would let two programs listen on one port
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setblocking(False)
            bound.bind((self._host, port))
        except OSError as error:
            bound.close()
            raise ConfigurationError(
                f"port {port} of {self._host} cannot be used ({reason(error)}): "
                "stop the program that listens there or choose another port"
            ) from error
        self.port = int(bound.getsockname()[1])
        return bound
