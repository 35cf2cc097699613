"""A cable between this machine and a network namespace in which a bot lives.

    root namespace                        the bot's
    gateway, proxy  10.x.y.1 ===veth=== 10.x.y.2, later 10.x.y.3

Rules:
1. The kernel does what a network does; nobody is told.
2. A namespace and its cable are gone when the block is left.

**Source**: ip-netns(8), veth(4).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from types import TracebackType
from typing import Self

_PREFIX, _LAST = 29, 30
_TIMEOUT_S = 10


def missing() -> str:
    """Return what is needed for a cable and not there; empty if one can be laid."""
    if shutil.which("ip") is None:
        return "network namespaces need the command ip (Debian: iproute2)"
    name = f"ibelay-try-{os.getpid()}"
    tried = _ip("netns", "add", name)
    if tried.returncode:
        return f"network namespaces need root or CAP_SYS_ADMIN: {tried.stderr.strip()}"
    _ip("netns", "del", name)
    return ""


class Cable:
    """One cable, laid while it is entered.

    Args:
        number: Tells cables of one process apart, 0 to 30.

    Raises:
        ValueError: There is no such number.
    """

    def __init__(self, number: int) -> None:
        if not 0 <= number <= _LAST:
            raise ValueError(f"cable {number} has no addresses: expected 0 to {_LAST}")
        pid = os.getpid()
        self._namespace = f"ibelay-{pid}-{number}"
        self._ours, self._theirs = f"ib{pid % 10**6}x{number}", f"ib{pid % 10**6}y{number}"
        self._subnet = f"10.{64 + pid // 250 % 128}.{pid % 250}"
        self._first = 8 * number + 1

    def __enter__(self) -> Self:
        """Lay it, or leave nothing behind."""
        try:
            self._lay()
        except OSError:
            self._take_away()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take it away."""
        self._take_away()

    @property
    def host(self) -> str:
        """The address of our end."""
        return self._address(0).partition("/")[0]

    @property
    def within(self) -> tuple[str, ...]:
        """What to put before a command that is to run at the other end."""
        return ("ip", "netns", "exec", self._namespace)

    def pull(self) -> None:
        """Take the cable out."""
        _must("link", "set", self._ours, "down")

    def plug(self) -> None:
        """Put it back."""
        _must("link", "set", self._ours, "up")

    def move(self) -> None:
        """Take the other end's address away, and give it another."""
        self._inside("addr", "del", self._address(1), "dev", self._theirs)
        self._inside("addr", "add", self._address(2), "dev", self._theirs)

    def answer(self) -> None:
        """Let somebody at the old address answer, who knows nothing of connections there."""
        self._inside("addr", "add", self._address(1), "dev", self._theirs)

    def _lay(self) -> None:
        _must("netns", "add", self._namespace)
        _must("link", "add", self._ours, "type", "veth", "peer", "name", self._theirs)
        _must("link", "set", self._theirs, "netns", self._namespace)
        _must("addr", "add", self._address(0), "dev", self._ours)
        _must("link", "set", self._ours, "up")
        self._inside("addr", "add", self._address(1), "dev", self._theirs)
        self._inside("link", "set", "lo", "up")
        self._inside("link", "set", self._theirs, "up")

    def _take_away(self) -> None:
        _ip("link", "del", self._ours)
        _ip("netns", "del", self._namespace)

    def _address(self, which: int) -> str:
        return f"{self._subnet}.{self._first + which}/{_PREFIX}"

    def _inside(self, *words: str) -> None:
        _must("-n", self._namespace, *words)


def _must(*words: str) -> None:
    done = _ip(*words)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def _ip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # the system's own tool
        ["ip", *words],  # noqa: S607  # wherever the system has it
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
