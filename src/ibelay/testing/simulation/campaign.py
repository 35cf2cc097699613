"""A campaign: many seeds, several processes, one report.

Rules:
1. Each seed is run by itself, so how many run at a time and in which process changes nothing.
2. No process outlives the campaign: when it is left, by a failure that was found or by Ctrl-C,
   the runs that are still under way are worth nothing, and their processes are ended. Should
   the campaign's own process be ended from outside, the others see it and end themselves.
3. Ctrl-C is a terminal's word to all its processes; only the one that asked for the campaign
   hears it, for the others would each complain of it. Windows lets nobody hear it who waits for
   a lock, and that is how results are waited for: every half a second somebody listens.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from ibelay.testing.simulation.bad_days.plan import Plan
from ibelay.testing.simulation.bad_days.profiles import HOUR_NS, PROFILES, draw
from ibelay.testing.simulation.programs.standstill import watched
from ibelay.testing.simulation.run import Outcome, run
from ibelay.testing.simulation.setting import OURS, Subject
from ibelay.testing.simulation.situations import Situation

_AHEAD = 2
_LISTEN_S = 0.5


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
        orders: Orders and changes of orders that were sent.
        met: How often each situation came.
        failed: The first run that broke an invariant.
    """

    runs: int = 0
    hours: float = 0.0
    cpu_s: float = 0.0
    faults: int = 0
    orders: int = 0
    met: Counter[Situation] = field(default_factory=Counter)
    failed: Ran | None = None

    def add(self, ran: Ran) -> bool:
        """Count *ran*; return whether it was well."""
        outcome = ran.outcome
        self.runs += 1
        self.hours += outcome.seconds / 3600
        self.cpu_s += ran.cpu_s
        self.faults += outcome.done
        self.orders += outcome.orders
        self.met.update(dict(outcome.situations))
        if outcome.breach is not None:
            self.failed = self.failed or ran
        return outcome.breach is None


def play(seed: int, profile: str, hours: float, subject: Subject = OURS) -> Ran:
    """Run one seed."""
    return play_plan(draw(seed, PROFILES[profile], span_ns(hours), subject))


def span_ns(hours: float) -> int:
    """Return how long *hours* are, so that ``span_ns(span_ns(hours) / HOUR_NS)`` is the same."""
    return round(hours * HOUR_NS)


def play_plan(plan: Plan) -> Ran:
    """Run one plan."""
    began = time.process_time()  # noqa: TID251  # what it costs is what is asked
    with quiet(), watched(plan.subject.own, _say):
        outcome = run(plan)
    return Ran(outcome, time.process_time() - began)  # noqa: TID251  # the same


def moment_of(invariant: str, plan: Plan) -> int | None:
    """Return when *plan* breaks *invariant* as the first (virtual ns), or None if it does not."""
    breach = play_plan(plan).outcome.breach
    return breach.at_ns if breach is not None and breach.invariant == invariant else None


def campaign(
    seeds: Sequence[int], profile: str, hours: float, *, jobs: int, subject: Subject = OURS
) -> Generator[Ran]:
    """Yield what came of each seed, as they end.

    Args:
        seeds: Which.
        profile: A name of ``bad_days.profiles.PROFILES``.
        hours: Virtual hours in which things go wrong, for each.
        jobs: How many processes.
        subject: Who goes through them.

    Raises:
        OSError: A process was ended from outside.
    """
    if jobs == 1:
        for seed in seeds:
            yield play(seed, profile, hours, subject)
        return
    others = multiprocessing.active_children()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin) as pool:
        try:
            one = partial(play, profile=profile, hours=hours, subject=subject)
            yield from _in_turn(pool, seeds, one, most=jobs * _AHEAD)
        except BrokenProcessPool as error:
            raise OSError(
                "a process of the simulation was ended from outside, as happens where memory "
                "runs out (fewer --jobs need less of it), or by what it simulates (os._exit)"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                if child not in others:
                    child.terminate()


def _in_turn(
    pool: ProcessPoolExecutor, seeds: Sequence[int], play_one: Callable[[int], Ran], *, most: int
) -> Iterator[Ran]:
    """Yield what came of each seed, with at most *most* handed out at a time."""
    left = iter(seeds)
    running: set[Future[Ran]] = set()
    while True:
        for seed in islice(left, most - len(running)):
            with _deaf_children():
                running.add(pool.submit(play_one, seed))
        if not running:
            return
        done, running = wait(running, _LISTEN_S, return_when=FIRST_COMPLETED)
        yield from sorted((one.result() for one in done), key=lambda ran: ran.outcome.plan.seed)


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Let processes that begin meanwhile be born deaf to Ctrl-C, which waits for us until then.

    A mask is what they inherit; it does not keep the signal from other threads of ours, such as
    those of numerical libraries, so that it is also held back here: a process whose beginning is
    interrupted would complain. Where there are no masks (Windows) it hears Ctrl-C until it has
    begun.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: held.append(number))
    masks = hasattr(signal, "pthread_sigmask")
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if masks else set()
    try:
        yield
    finally:
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
        for number in held[:1]:
            signal.raise_signal(number)


def _say(sentence: str) -> None:
    sys.stderr.write(f"\n{sentence}\n")
    sys.stderr.flush()


def _begin() -> None:
    """Be a process of a campaign (rules 2 and 3)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_campaign, daemon=True).start()


def _end_with_the_campaign() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def quiet() -> Iterator[None]:
    """Let nothing be logged meanwhile: a simulated bot has much to complain of."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
