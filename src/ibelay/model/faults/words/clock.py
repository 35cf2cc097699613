"""What an operator does to the market's clock. No fault, but said in the same language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ibelay.model.faults.values import Length, Speed


@dataclass(frozen=True, slots=True)
class Pause:
    """Market time stands still; requests are answered meanwhile."""

    word: ClassVar[str] = "pause"


@dataclass(frozen=True, slots=True)
class Resume:
    """Market time runs on."""

    word: ClassVar[str] = "resume"


@dataclass(frozen=True, slots=True)
class Step:
    """Market time moves on by a span, paused or not."""

    word: ClassVar[str] = "step"
    by: Length


@dataclass(frozen=True, slots=True)
class SetSpeed:
    """Market time runs so many times as fast as ours."""

    word: ClassVar[str] = "speed"
    speed: Speed
