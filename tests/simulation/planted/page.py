"""docs/reference/planted-faults.md: which mistakes the simulation finds, and how."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tests.simulation.planted.faults import PLANTED, Planted

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "planted-faults.md"
_HEAD = """# Planted faults

Does the [simulation](../guides/simulation.md) find mistakes, or does it only run? Each of these was
planted in a copy of the code, a line or two as people do get it wrong, and hunted with seeded bad
days of `ibelay simulate --profile broker`, from seed 1 on. What was found was shrunk to the few
things that must go wrong for it. `make planted` plants and hunts them all again and writes this
page; `make test` hunts those that are quickly found.

"""
_TABLE = """| mistake | what it does | caught by | seeds needed | at most | steps left |
|---|---|---|---|---|---|
"""


class Shown(Protocol):
    """What the page tells of a mistake that was found."""

    @property
    def seed(self) -> int: ...
    @property
    def invariant(self) -> str: ...
    @property
    def steps(self) -> list[str]: ...


def written(found: Mapping[str, Shown]) -> str:
    """Return the page."""
    rows = [
        f"| [{fault.name}](#{fault.name}) | {fault.mistake} | {one.invariant} | {one.seed} "
        f"| {fault.seeds} | {len(one.steps)} |\n"
        for fault in PLANTED
        if (one := found.get(fault.name)) is not None
    ]
    parts = [_part(fault, found[fault.name]) for fault in PLANTED if fault.name in found]
    return _HEAD + _TABLE + "".join(rows) + "".join(parts)


def _part(fault: Planted, one: Shown) -> str:
    steps = "\n".join(one.steps)
    left = f"```text\n{steps}\n```" if steps else "Nothing has to go wrong for it."
    return f"\n## {fault.name}\n\nIn `{fault.file}`, seed {one.seed}:\n\n{left}\n"
