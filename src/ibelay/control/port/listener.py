"""The control port's sockets: few, short and in the loop of whom they command.

A visitor has ten seconds for a request and to take its answer; at most sixteen are served at
a time, more are cut.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from ibelay.control.controlled import Controlled
from ibelay.control.listening import reason
from ibelay.control.port import http
from ibelay.control.port.reception import serve
from ibelay.control.port.token import make_token, usual_file
from ibelay.errors import ConfigurationError

MAX_VISITORS = 16
PATIENCE_S = 10.0


class _Visitor(asyncio.Protocol):
    """One connection: one request, one answer."""

    def __init__(self, port: ControlPort) -> None:
        self._port = port
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or cut where there are too many."""
        self._transport = cast("asyncio.Transport", transport)
        if len(self._port.visitors) >= MAX_VISITORS:
            self._transport.abort()
            return
        self._port.visitors[self] = None
        self._deadline = asyncio.get_running_loop().call_later(PATIENCE_S, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Answer once the request is there."""
        if self._transport is None or self._transport.is_closing():
            return
        self._data += data
        request = http.read(self._data)
        if request is None:
            return
        reply = serve(request, self._port.whom, token=self._port.token, port=self._port.port)
        self._transport.write(http.answer(reply.status, reply.content))
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's
        """Forget the visitor."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._port.visitors.pop(self, None)

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()


class ControlPort:
    """Listens for commands to one gateway or proxy; an asynchronous context manager.

    Args:
        whom: The gateway or proxy, running already.
        host: Loopback address.
        port: TCP port; 0 picks a free one, see ``port`` after entering.
        token_file: Where the token is kept that visitors must know; None for the usual
            place, which is named for the port and for *kind*.
        kind: What is commanded, in one word.
    """

    def __init__(
        self,
        whom: Controlled,
        *,
        host: str,
        port: int,
        token_file: Path | None = None,
        kind: str = "gateway",
    ) -> None:
        self.whom = whom
        self._kind = kind
        self.port = port
        self.token = ""
        self.token_file = token_file
        self.visitors: dict[_Visitor, None] = {}
        self._host = host
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen; the token is there when this returns.

        Raises:
            ConfigurationError: The port cannot be bound, or the token file not made.
        """
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(lambda: _Visitor(self), self._host, self.port)
        except OSError as error:
            raise ConfigurationError(
                f"control port {self.port} of {self._host} cannot be used "
                f"({reason(error)}): choose another with --control-port"
            ) from error
        self._server = server
        self.port = int(server.sockets[0].getsockname()[1])
        self.token_file = self.token_file or usual_file(self.port, self._kind)
        try:
            self.token = make_token(self.token_file)
        except ConfigurationError:
            server.close()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close, and cut who is there."""
        for visitor in list(self.visitors):
            visitor.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
