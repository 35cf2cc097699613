"""Serve the app from inside the supervisor's event loop, and stop when told to.

uvicorn and the app are imported when the server starts, not before: together they take
longer to import than a bot takes to start.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import structlog

from ibelay.errors import ConfigurationError

if TYPE_CHECKING:
    from fastapi import FastAPI

_log = structlog.get_logger("ibelay.web")
_STOP_GRACE_S = 2
_REQUESTS_AT_ONCE_MAX = 64


def listen(host: str, port: int, *, allow_public: bool = False) -> socket.socket:
    """Return a socket that listens on *host* and *port*; 0 lets the OS choose the port.

    Call it before the bot is started, so that a port in use is said at once.

    Raises:
        ConfigurationError: The port is in use, the address is not ours, or it can be reached
            from other machines and *allow_public* is not set.
    """
    if not allow_public and not _is_loopback(host):
        msg = (
            f"the web address {host} can be reached from other machines; expected 127.0.0.1, "
            "or an explicit permission to listen publicly together with a token"
        )
        raise ConfigurationError(msg)
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=128)
    except (OSError, OverflowError) as error:
        msg = (
            f"the web server cannot listen on {host} port {port} ({error}); "
            "stop what uses the port or choose another"
        )
        raise ConfigurationError(msg) from error


async def serve_web(
    app: FastAPI,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    stop: asyncio.Event,
    listener: socket.socket | None = None,
) -> None:
    """Serve *app* until *stop* is set, then end within two seconds.

    Open live feeds end at once; other requests have two seconds to finish.

    Args:
        app: Made by ``create_app``.
        host: Where to listen, if no *listener* is given; loopback only.
        port: The same.
        stop: Ends the server. Signals are left to the caller.
        listener: A socket made by :func:`listen`.

    Raises:
        ConfigurationError: See :func:`listen`; or the listener is public and reads are open.
    """
    import uvicorn  # noqa: PLC0415 - takes longer to import than a bot takes to start

    class Server(uvicorn.Server):
        """uvicorn without its own signal handlers: the supervisor has the signals."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    listening = listener if listener is not None else listen(host, port)
    bound_host, bound_port = listening.getsockname()[:2]
    if not _is_loopback(bound_host) and app.state.rules.open_reads:
        listening.close()
        msg = f"reading without a token is open and {bound_host} is public; close one of the two"
        raise ConfigurationError(msg)
    server = Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            http="h11",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_REQUESTS_AT_ONCE_MAX,
            timeout_graceful_shutdown=_STOP_GRACE_S,
        )
    )

    async def end_when_told() -> None:
        await stop.wait()
        app.state.closing.set()  # the live feeds watch this
        server.should_exit = True

    _log.info("web_started", host=bound_host, port=bound_port)
    try:
        async with asyncio.TaskGroup() as tasks:
            ender = tasks.create_task(end_when_told())
            await server.serve(sockets=[listening])
            ender.cancel()
    finally:
        app.state.closing.set()
        listening.close()
    _log.info("web_stopped")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
