"""Graceful shutdown: named steps, each with a limit, none of which can hold up the next (G1)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ibelay.errors import IbelayError
from ibelay.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Step:
    """One step; *limit_s* is its own bound, the rest of the total is another."""

    name: str
    limit_s: float
    work: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StepDone:
    """How a step went; *problem* is empty when it went well."""

    number: int
    name: str
    duration_ns: int
    problem: str = ""


async def run_steps(
    steps: Sequence[Step], *, total_s: float, clock: Clock, report: Callable[[StepDone], None]
) -> list[StepDone]:
    """Run *steps* in order within *total_s* seconds; report and return how each went.

    A step that overruns is cancelled and named, and the next goes on. When the total is used
    up, the remaining steps still get a moment (0.2 s), because persisting and closing matter
    most and come last.
    """
    began = clock.monotonic_ns()
    done: list[StepDone] = []
    for number, step in enumerate(steps, start=1):
        step_began = clock.monotonic_ns()
        left_s = total_s - (step_began - began) / 1e9
        problem = ""
        try:
            async with asyncio.timeout(max(0.2, min(step.limit_s, left_s))):
                await step.work()
        except TimeoutError:
            problem = "took too long and was abandoned"
        except (IbelayError, OSError) as error:
            problem = f"failed: {error}"
        outcome = StepDone(number, step.name, clock.monotonic_ns() - step_began, problem)
        done.append(outcome)
        report(outcome)
    return done
