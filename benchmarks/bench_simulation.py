"""P9: simulated hours per second of one processor, all invariants asked.

Each row is a kind of day of ``ibelay simulate``; the first is a world in which nothing goes
wrong and nobody looks on. It is processor time that counts; how fast the processor is at the
moment, which other processes change as well, is told beside it.
Run: ``python -m benchmarks.bench_simulation [--hours 4] [--seeds 3]``.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from ibelay.testing.simulation.campaign import campaign
from ibelay.testing.simulation.world import World

TARGET = 7.0
HOUR_S = 3600.0
ADDED = 2_000_000
NIGHTS, WEEK = 6, 42  # a row with nights or a weekend in it lasts so many times as long


@dataclass(frozen=True, slots=True)
class Cost:
    """What a stretch of simulated time cost.

    Attributes:
        simulated_s: How long it was.
        cpu_s: Of one processor.
        faults: How much was made to go wrong.
    """

    simulated_s: float
    cpu_s: float
    faults: int


def undisturbed(seeds: int, hours: float) -> Iterator[Cost]:
    """Yield the cost of worlds in which a bot trades and nothing goes wrong."""
    for seed in range(1, seeds + 1):
        began = time.process_time()  # noqa: TID251  # what it costs is what is asked
        with World(seed) as world:
            world.run_for(hours * HOUR_S)
        yield Cost(hours * HOUR_S, time.process_time() - began, 0)  # noqa: TID251  # the same


def profile(name: str, seeds: int, hours: float) -> Iterator[Cost]:
    """Yield the cost of runs of a profile.

    Raises:
        RuntimeError: A run broke an invariant, so it is not as long as it should be.
    """
    for ran in campaign(range(1, seeds + 1), name, hours, jobs=1):
        if ran.outcome.breach is not None:
            raise RuntimeError(f"seed {ran.outcome.plan.seed} of {name}: {ran.outcome.breach}")
        yield Cost(ran.outcome.seconds, ran.cpu_s, ran.outcome.done)


def millions_added() -> float:
    """Return how many million integers this interpreter adds up in a second at present."""
    began, total = time.process_time(), 0  # noqa: TID251  # what it costs is what is asked
    for number in range(ADDED):
        total += number
    return ADDED / 1e6 / (time.process_time() - began)  # noqa: TID251  # the same


def told(name: str, costs: Iterator[Cost]) -> str:
    """Return the line about a row."""
    speed = millions_added()
    every = list(costs)
    speed = (speed + millions_added()) / 2
    simulated = sum(cost.simulated_s for cost in every)
    cpu = sum(cost.cpu_s for cost in every)
    faults = sum(cost.faults for cost in every) / (simulated / HOUR_S)
    hours = simulated / HOUR_S / cpu
    return (
        f"{name:<34} {hours:5.2f} h/s   {cpu / simulated * 1e6:6.0f} us a simulated second   "
        f"{faults:5.1f} faults an hour   {hours / TARGET:4.0%} of the target   "
        f"(adding {speed:.0f} million integers a second)"
    )


def main() -> None:
    """Measure, and print a line for each row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=4.0, help="of each run")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each row")
    asked = parser.parse_args()
    rows: list[tuple[str, Callable[[], Iterator[Cost]]]] = [
        ("undisturbed, nobody looks on", partial(undisturbed, asked.seeds, asked.hours)),
        ("calm", partial(profile, "calm", asked.seeds, asked.hours)),
        ("hostile", partial(profile, "hostile", asked.seeds, asked.hours)),
        ("nightly, around the clock", partial(profile, "nightly", 1, asked.hours * NIGHTS)),
        ("weekly, with its weekend", partial(profile, "weekly", 1, asked.hours * WEEK)),
    ]
    print(f"target: {TARGET:g} simulated hours a second of one processor, with faults")
    print(f"{platform.python_implementation()} {sys.version}")
    for name, measure in rows:
        print(told(name, measure()), flush=True)


if __name__ == "__main__":
    main()
