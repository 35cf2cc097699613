"""Acts on the market's clock."""

from __future__ import annotations

from ibelay.errors import ConfigurationError
from ibelay.gateway.control.stage import GatewayShell
from ibelay.model.faults import Pause, Resume, SetSpeed, Step


def pause(shell: GatewayShell, _act: Pause) -> None:
    """Stop market time."""
    shell.pause()


def resume(shell: GatewayShell, _act: Resume) -> None:
    """Let market time run on."""
    shell.resume()


def step(shell: GatewayShell, act: Step) -> None:
    """Move market time on."""
    if act.by.wall:
        raise ConfigurationError("a step is market time: write it without wall:, as in step 30s")
    shell.step(act.by.ns)


def speed(shell: GatewayShell, act: SetSpeed) -> None:
    """Change how fast market time runs."""
    shell.set_speed(float(act.speed))
