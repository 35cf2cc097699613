"""Where a proxy listens: shut and opened again at will, by ``loop.create_server`` alone.

Rules:
1. While it is shut its port is free, as a real gateway's is that restarts. Should somebody
   else take it meanwhile, the proxy says so and tries again every second.
2. What is opened again listens a turn of the loop later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ibelay.control.listening import accept_no_more, reason
from ibelay.errors import ConfigurationError

RETRY_S = 1.0
BACKLOG = 128
_log = logging.getLogger(__name__)


class Doorstep:
    """Listens, or does not.

    Args:
        make: Makes the protocol of a new connection.
        host: Address to listen on.
        port: TCP port; 0 picks a free one.

    Attributes:
        port: The port, known once it is open.
    """

    def __init__(self, make: Callable[[], asyncio.Protocol], host: str, port: int) -> None:
        self.port = port
        self._make = make
        self._host = host
        self._tasks: asyncio.TaskGroup | None = None
        self._server: asyncio.AbstractServer | None = None
        self._opens: asyncio.Task[None] | None = None
        self._wanted = False
        self._over = asyncio.Event()

    async def open(self, tasks: asyncio.TaskGroup) -> None:
        """Listen.

        Args:
            tasks: Where later openings run.

        Raises:
            ConfigurationError: The port cannot be bound.
        """
        self._tasks = tasks
        self._wanted = True
        try:
            server = await self._listen()
        except OSError as error:
            raise ConfigurationError(
                f"port {self.port} of {self._host} cannot be used ({reason(error)}): "
                "stop the program that listens there or choose another port"
            ) from error
        self.port = int(server.sockets[0].getsockname()[1])
        self._server = server

    def shut(self) -> None:
        """Refuse connections from now on."""
        self._wanted = False
        if self._server is not None:
            self._server.close()
            self._server = None

    def reopen(self) -> None:
        """Accept connections again, if it is shut."""
        if self._tasks is None:
            return
        self._wanted = True
        if self._server is None and self._opens is None:
            self._opens = self._tasks.create_task(self._serve(), name="opening the proxy's port")

    def move_to(self, port: int) -> int:
        """Listen on another port, and no more on this one; return which.

        Raises:
            ConfigurationError: The port is not named.
        """
        if port == 0:
            raise ConfigurationError("a proxy cannot move to any free port: name one, from 1 on")
        self.shut()
        self.port = port
        self.reopen()
        return port

    async def close(self) -> None:
        """Listen no more, for good."""
        self._tasks = None
        self._over.set()
        if self._server is not None:
            await accept_no_more(self._server)
        self.shut()
        if self._opens is not None:
            await asyncio.wait({self._opens})

    async def _serve(self) -> None:
        """Listen as soon as the port can be had, if that is still wanted then.

        It is never cancelled: a server that is cancelled while it begins would go on listening.
        """
        while self._wanted and self._server is None:
            port = self.port
            try:
                server = await self._listen()
            except OSError as error:
                _log.warning("port %d of %s cannot be used (%s)", port, self._host, reason(error))
                await self._pause()
                continue
            if self._still(port):
                self._server = server
            else:
                server.close()
        self._opens = None

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(RETRY_S):
                await self._over.wait()
        except TimeoutError:
            return

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._make, self._host, self.port, backlog=BACKLOG)

    def _still(self, port: int) -> bool:
        """Return whether *port* is what is wanted."""
        return self._wanted and port == self.port
