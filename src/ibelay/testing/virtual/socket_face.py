"""What a program sees of a socket on the virtual network: its addresses and its options."""

from __future__ import annotations

import socket
import struct

RETRANSMIT_S = 924.0
_LINGER = {8: "ii", 4: "hh"}


class SocketFace:
    """Addresses, and options that are kept and obeyed.

    Args:
        local: Host and port of this end.
        remote: Of the other.
    """

    family = socket.AF_INET
    type = socket.SOCK_STREAM
    proto = socket.IPPROTO_TCP

    def __init__(self, local: tuple[str, int], remote: tuple[str, int]) -> None:
        self._local, self._remote = local, remote
        self._options: dict[tuple[int, int], int | bytes] = {}

    def getsockname(self) -> tuple[str, int]:
        """Return host and port of this end."""
        return self._local

    def getpeername(self) -> tuple[str, int]:
        """Return host and port of the other end."""
        return self._remote

    def fileno(self) -> int:
        """Return -1: no system knows it."""
        return -1

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        """Keep an option."""
        self._options[level, option] = value

    def getsockopt(self, level: int, option: int) -> int | bytes:
        """Return an option, 0 if it was never set."""
        return self._options.get((level, option), 0)

    @property
    def resets(self) -> bool:
        """Whether dropping it resets the connection: SO_LINGER on, of 0 seconds."""
        value = self._options.get((socket.SOL_SOCKET, socket.SO_LINGER))
        if not isinstance(value, bytes) or len(value) not in _LINGER:
            return False
        on, seconds = struct.unpack(_LINGER[len(value)], value)
        return bool(on) and not seconds

    def patience_s(self, *, in_flight: bool) -> float | None:
        """Return after how many seconds without a sign of the other kernel this end gives up.

        Args:
            in_flight: Whether bytes wait to be acknowledged; keepalive counts only if not.
        """
        if in_flight:
            user_ms = self._number(socket.IPPROTO_TCP, "TCP_USER_TIMEOUT")
            return user_ms / 1000 if user_ms else RETRANSMIT_S
        if not self._number(socket.SOL_SOCKET, "SO_KEEPALIVE"):
            return None
        idle = self._number(socket.IPPROTO_TCP, "TCP_KEEPIDLE") or 7200
        interval = self._number(socket.IPPROTO_TCP, "TCP_KEEPINTVL") or 75
        return float(idle + interval * (self._number(socket.IPPROTO_TCP, "TCP_KEEPCNT") or 9))

    @property
    def idle_s(self) -> float | None:
        """After how many idle seconds the other kernel is asked; None for never."""
        if not self._number(socket.SOL_SOCKET, "SO_KEEPALIVE"):
            return None
        return float(self._number(socket.IPPROTO_TCP, "TCP_KEEPIDLE") or 7200)

    def _number(self, level: int, name: str) -> int:
        option = getattr(socket, name, None)
        value = 0 if option is None else self._options.get((level, option), 0)
        return value if isinstance(value, int) else 0
