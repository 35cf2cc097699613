"""A TCP forwarder on loopback whose line can be cut, refused and frozen at will.

It knows nothing of the TWS protocol; it stands between any client and any gateway::

    async with LineProxy("127.0.0.1", 4002) as proxy:
        ...                        # the client connects to proxy.port
        await proxy.cut(Cut.RST)   # every line is gone when this returns
        await proxy.refuse()       # connects are refused …
        await proxy.accept()       # … until now, on the same port
        proxy.freeze()             # half-open: sockets stay, nothing passes
        proxy.thaw()
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Coroutine
from functools import partial
from types import TracebackType
from typing import Self

from ibelay.errors import ConfigurationError
from ibelay.proxy.line import Cut, Flow, Line

_LOOPBACK = "127.0.0.1"


class LineProxy:
    """Forwards connections on loopback to a gateway until told to misbehave.

    Args:
        target_host: Where the gateway listens, as an IPv4 address.
        target_port: Its port; may be connectable only later.
        port: Port to listen on; 0 chooses a free one, see :attr:`port`.
    """

    def __init__(self, target_host: str, target_port: int, *, port: int = 0) -> None:
        self._target = (target_host, target_port)
        self.port = port
        self.lines_accepted = 0
        self._flow = Flow()
        self._lines: dict[Line, None] = {}
        self._group = asyncio.TaskGroup()
        self._door: socket.socket | None = None
        self._doorman: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._door = self._bind()
        self.port = self._door.getsockname()[1]
        await self._group.__aenter__()
        await self.accept()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.refuse()
        await self.cut(Cut.RST)
        if self._door is not None:
            self._door.close()
        # The body's own exception goes on as it is; a cancellation may be the group's doing.
        cancelled = isinstance(error, asyncio.CancelledError)
        told = (kind, error, trace) if cancelled else (None, None, None)
        await self._group.__aexit__(*told)

    @property
    def open_lines(self) -> int:
        """Lines accepted and not hung up (after a FIN cut: not yet hung up by both sides)."""
        return len(self._lines)

    @property
    def bytes_to_gateway(self) -> int:
        """Bytes passed from clients to the gateway."""
        return self._flow.to_gateway

    @property
    def bytes_to_client(self) -> int:
        """Bytes passed from the gateway to clients."""
        return self._flow.to_client

    async def cut(self, how: Cut) -> int:
        """Drop all lines; return how many, when both ends of each were told."""
        # A line that ends politely can still be cut hard, not the other way round.
        cut = [
            line
            for line in self._lines
            if line.cut is None or (line.cut is Cut.FIN and how is Cut.RST)
        ]
        for line in cut:
            line.cut = how
            line.told.clear()
            if line.work is not None:
                line.work.cancel()
        for line in cut:
            await line.told.wait()
        return len(cut)

    async def refuse(self) -> None:
        """Refuse new connections; the lines there are stay.

        The port stays bound (not listening), so that nobody else can take it, and so that a
        client retrying on loopback cannot be given it as its own and connect to itself.
        """
        if self._doorman is None:
            return
        self._doorman.cancel()
        await asyncio.wait({self._doorman})
        self._doorman = None
        if self._door is not None:
            self._door.close()
        self._door = self._bind()

    async def accept(self) -> None:
        """Accept connections, again on the same port."""
        if self._doorman is None and self._door is not None:
            self._door.listen()
            self._doorman = self._group.create_task(self._welcome(self._door))

    def freeze(self) -> None:
        """Let nothing pass while all sockets stay open; connects are accepted and not served.

        The one chunk being written in a direction at this moment may still arrive.
        """
        self._flow.gate.clear()

    def thaw(self) -> None:
        """Let bytes pass again; none was lost."""
        self._flow.gate.set()

    def _bind(self) -> socket.socket:
        door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name != "nt":  # elsewhere it means: also with old lines in TIME_WAIT
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.setblocking(False)
        try:
            door.bind((_LOOPBACK, self.port))
        except OSError as error:
            door.close()
            raise ConfigurationError(
                f"the proxy cannot listen on {_LOOPBACK}:{self.port} ({error.strerror}); "
                "expected a free port, give another one or 0"
            ) from error
        return door

    async def _welcome(self, door: socket.socket) -> None:
        while True:
            client, _address = await asyncio.get_running_loop().sock_accept(door)
            self.lines_accepted += 1
            line = Line(client, self._flow)
            self._lines[line] = None
            self._group.create_task(self._serve(line)).add_done_callback(partial(self._gone, line))

    async def _serve(self, line: Line) -> None:
        if line.cut is None:
            await self._do(line, line.carry(*self._target))
        if line.cut is Cut.FIN:
            line.half_close()
            line.told.set()
            await self._do(line, line.drain())

    async def _do(self, line: Line, work: Coroutine[None, None, None]) -> None:
        line.work = self._group.create_task(work)
        await asyncio.wait({line.work})  # a cut cancels the work, not the line

    def _gone(self, line: Line, _serving: asyncio.Task[None]) -> None:
        line.close()
        self._lines.pop(line, None)
        line.told.set()
