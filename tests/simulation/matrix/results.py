"""Results of the matrix, each run once for all tests of a process."""

from __future__ import annotations

from functools import cache

from ibelay.testing.matrix.fault import every
from ibelay.testing.matrix.runner import Result, run

FAULTS = {fault.id: fault for fault in every()}


@cache
def result(number: str, actor: str = "ibelay") -> Result:
    """Return what came of a run; it is the same however often it is asked for."""
    return run(FAULTS[number], actor)
