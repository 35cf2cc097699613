"""What commands need of a gateway beyond what gateway and proxy have in common."""

from __future__ import annotations

from typing import Protocol

from ibelay.control.stage import Shell
from ibelay.gateway.session.client import Session
from ibelay.gateway.session.floor import Floor


class GatewayShell(Shell[Session], Protocol):
    """The gateway around the floor."""

    floor: Floor

    def pause(self) -> int:
        """Stop market time; return where it stands."""
        ...

    def resume(self) -> int:
        """Let market time run; return where it stands."""
        ...

    def step(self, by_ns: int) -> int:
        """Move market time on; return where it will be."""
        ...

    def set_speed(self, speed: float) -> int:
        """Change the speed of market time; return where it stands."""
        ...
