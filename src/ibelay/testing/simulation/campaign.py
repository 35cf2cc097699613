"""A campaign: many seeds, several processes, one report.

Each seed is run by itself, so how many run at a time and in which process changes nothing.
"""

from __future__ import annotations

import logging
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field

from ibelay.testing.simulation.bad_days.plan import Plan
from ibelay.testing.simulation.bad_days.profiles import HOUR_NS, PROFILES, draw
from ibelay.testing.simulation.run import Outcome, run
from ibelay.testing.simulation.situations import Situation

_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Ran:
    """One seed's run and what it cost.

    Attributes:
        outcome: What came of it.
        cpu_s: Seconds of one processor.
    """

    outcome: Outcome
    cpu_s: float


@dataclass(slots=True)
class Tally:
    """What a campaign has come to so far.

    Attributes:
        runs: How many have ended.
        hours: Virtual hours.
        cpu_s: Seconds of one processor.
        faults: Commands that were done.
        met: How often each situation came.
        failed: The first run that broke an invariant.
    """

    runs: int = 0
    hours: float = 0.0
    cpu_s: float = 0.0
    faults: int = 0
    met: Counter[Situation] = field(default_factory=Counter)
    failed: Ran | None = None

    def add(self, ran: Ran) -> bool:
        """Count *ran*; return whether it was well."""
        outcome = ran.outcome
        self.runs += 1
        self.hours += outcome.seconds / 3600
        self.cpu_s += ran.cpu_s
        self.faults += outcome.done
        self.met.update(dict(outcome.situations))
        if outcome.breach is not None:
            self.failed = self.failed or ran
        return outcome.breach is None


def play(seed: int, profile: str, hours: float) -> Ran:
    """Run one seed."""
    return play_plan(draw(seed, PROFILES[profile], int(hours * HOUR_NS)))


def play_plan(plan: Plan) -> Ran:
    """Run one plan."""
    began = time.process_time()  # noqa: TID251  # what it costs is what is asked
    outcome = run(plan)
    return Ran(outcome, time.process_time() - began)  # noqa: TID251  # the same


def moment_of(invariant: str, plan: Plan) -> int | None:
    """Return when *plan* breaks *invariant* as the first (virtual ns), or None if it does not."""
    breach = run(plan).breach
    return breach.at_ns if breach is not None and breach.invariant == invariant else None


def campaign(seeds: Sequence[int], profile: str, hours: float, *, jobs: int) -> Iterator[Ran]:
    """Yield what came of each seed, as they end.

    Args:
        seeds: Which.
        profile: A name of ``bad_days.profiles.PROFILES``.
        hours: Virtual hours in which things go wrong, for each.
        jobs: How many processes.
    """
    if jobs == 1:
        quiet()
        for seed in seeds:
            yield play(seed, profile, hours)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=quiet) as pool:
        left = iter(seeds)
        running: set[Future[Ran]] = set()
        while True:
            for seed in left:
                running.add(pool.submit(play, seed, profile, hours))
                if len(running) >= jobs * _AHEAD:
                    break
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            try:
                for future in sorted(done, key=lambda one: one.result().outcome.plan.seed):
                    yield future.result()
            except GeneratorExit:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def quiet() -> None:
    """Let nothing be logged: a simulated bot has much to complain of."""
    logging.disable(logging.CRITICAL)
