"""The story of a demo: what happened when, in words, and the outages it measured. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Mood(StrEnum):
    """How a line is coloured."""

    PLAIN = "plain"
    BROKEN = "broken"
    HEALED = "healed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; *at_s* counts from the demo's start."""

    at_s: float
    mood: Mood
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One thing we broke, from the blow to READY."""

    what: str
    held: str
    duration_s: float
    recovered: str


@dataclass(slots=True)
class Story:
    """Lines and outages, in order."""

    lines: list[Line] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    act: str = "setting the stage"

    def tell(self, at_s: float, text: str, mood: Mood = Mood.PLAIN) -> None:
        """Add a line."""
        self.lines.append(Line(at_s=at_s, mood=mood, text=text))
