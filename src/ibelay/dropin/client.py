"""ib_async's client, made to be connected again and again.

The object stays the same for the life of an ``IB``, with the events and options a program has
set on it; only the socket under it is new each time.

1. Ids of requests and orders go on upwards over all connections of one object.
2. What the program subscribed to is remembered as it was asked for, and asked for again under
   the same ids, so that ib_async's tables still find the objects the program holds.
3. A socket that was dropped is no connection from that moment on: nothing is written to it,
   and what the kernel has not delivered is taken back (a stale order would execute when the
   network heals).

Source: docs/evidence/ib_async-connection-life.md.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from inspect import signature
from typing import Any, cast

from ib_async.client import Client
from ib_async.connection import Connection

from ibelay.ib.transport import watch

# Request, and what ends it. Both take the request id first.
_STREAMS = {
    "reqMktData": "cancelMktData",
    "reqTickByTickData": "cancelTickByTickData",
    "reqMktDepth": "cancelMktDepth",
    "reqRealTimeBars": "cancelRealTimeBars",
    "reqHistoricalData": "cancelHistoricalData",
    "reqScannerSubscription": "cancelScannerSubscription",
    "reqPnL": "cancelPnL",
    "reqPnLSingle": "cancelPnLSingle",
}
# Asked once for the whole connection; the last one counts. Sent before the streams.
_MODES = ("reqMarketDataType", "reqAccountSummary", "reqNewsBulletins")
_REQUEST_TIME = b"49\x001\x00"
# Windows reads the two figures of struct linger as shorts.
_TAKE_BACK = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class WatchedConnection(Connection):
    """A connection the kernel watches too, and that can be dropped at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the kernel's watch on a socket that has just opened."""
        watch(transport)

    @property
    def closing(self) -> bool:
        """Whether the socket is being closed, by either end."""
        return self.transport is not None and self.transport.is_closing()

    def abort(self) -> None:
        """Drop the socket and everything that is still on its way out. Idempotent."""
        if self.transport is None:
            return
        peer: socket.socket | None = self.transport.get_extra_info("socket")
        if peer is not None:
            with suppress(OSError):  # closed already
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _TAKE_BACK)
        self.transport.abort()


class KeptClient(Client):
    """A client that can be connected again (see the module).

    Attributes:
        streams: The live subscriptions by request id: what was asked, with its arguments.
    """

    conn: WatchedConnection

    def __init__(self, wrapper: object) -> None:
        self.streams: dict[int, tuple[str, dict[str, Any]]] = {}
        self._modes: dict[str, tuple[Any, ...]] = {}
        self._reqIdSeq = 0
        cast("Any", super()).__init__(wrapper)
        self.renew()
        for request, cancel in _STREAMS.items():
            setattr(self, request, partial(self._begin, request, getattr(self, request)))
            setattr(self, cancel, partial(self._end, getattr(self, cancel)))
        for mode in _MODES:
            setattr(self, mode, partial(self._switch, mode, getattr(self, mode)))

    def reset(self) -> None:
        """Forget the connection, but go on counting."""
        count = self._reqIdSeq
        cast("Any", super()).reset()
        self._reqIdSeq = count

    def isConnected(self) -> bool:  # noqa: N802  # the library's name
        """Return whether a request can be written now."""
        return bool(cast("Any", super()).isConnected()) and not self.conn.closing

    def renew(self) -> None:
        """Drop the socket, if there is one, unheard, and be ready for the next."""
        old = self.conn
        old.hasData -= self._onSocketHasData
        old.disconnected -= self._onSocketDisconnected
        if isinstance(old, WatchedConnection):
            old.abort()
        self.conn = cast("Any", WatchedConnection)()
        self.conn.hasData += self._onSocketHasData
        self.conn.disconnected += self._onSocketDisconnected
        self.reset()

    def drop(self) -> None:
        """Drop the socket; its end is told as usual."""
        self.conn.abort()

    def count_from(self, least: int) -> None:
        """Use no id below *least* any more."""
        self._reqIdSeq = max(self._reqIdSeq, least)

    def probe(self) -> None:
        """Ask for the gateway's time, ahead of what waits in the library's throttle."""
        prefixed = cast("Any", self)._prefix(_REQUEST_TIME)  # noqa: SLF001  # our own base class
        cast("Any", self.conn).sendMsg(prefixed)

    def forget_streams(self) -> None:
        """Ask for nothing again."""
        self.streams.clear()
        self._modes.clear()

    def restore(self) -> None:
        """Ask again for everything that was live."""
        for mode, args in list(self._modes.items()):
            getattr(self, mode)(*args)
        for request_id, (request, arguments) in list(self.streams.items()):
            getattr(self, request)(request_id, **arguments)

    def _begin(self, name: str, send: Callable[..., None], *args: Any, **kwargs: Any) -> None:
        arguments = dict(signature(send).bind(*args, **kwargs).arguments)
        send(*args, **kwargs)
        request_id = arguments.pop("reqId")
        if _lasts(name, arguments):
            self.streams[request_id] = (name, arguments)

    def _end(self, send: Callable[..., None], request_id: int, *args: Any, **kwargs: Any) -> None:
        known = self.streams.pop(request_id, None)
        if known is None or self.isConnected():
            send(request_id, *args, **kwargs)

    def _switch(self, name: str, send: Callable[..., None], *args: Any) -> None:
        send(*args)
        self._modes[name] = args


def _lasts(request: str, arguments: dict[str, Any]) -> bool:
    """Return whether a request goes on after its first answer."""
    if request == "reqMktData":
        return not (arguments["snapshot"] or arguments["regulatorySnapshot"])
    return request != "reqHistoricalData" or bool(arguments["keepUpToDate"])
