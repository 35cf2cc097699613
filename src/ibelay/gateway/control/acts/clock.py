"""Acts on the market's clock."""

from __future__ import annotations

from ibelay.errors import ConfigurationError
from ibelay.gateway.control.stage import Stage
from ibelay.model.faults import Pause, Resume, SetSpeed, Step


def pause(stage: Stage, _act: Pause) -> None:
    """Stop market time."""
    stage.shell.pause()


def resume(stage: Stage, _act: Resume) -> None:
    """Let market time run on."""
    stage.shell.resume()


def step(stage: Stage, act: Step) -> None:
    """Move market time on."""
    if act.by.wall:
        raise ConfigurationError("a step is market time: write it without wall:, as in step 30s")
    stage.shell.step(act.by.ns)


def speed(stage: Stage, act: SetSpeed) -> None:
    """Change how fast market time runs."""
    stage.shell.set_speed(float(act.speed))
