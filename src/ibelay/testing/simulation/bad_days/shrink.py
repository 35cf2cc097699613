"""Shrinking: from a plan that breaks an invariant to the least that still breaks it.

Theory. A candidate is a plan like the best one so far, less in one respect; it is played as
any plan is, and becomes the best if the same invariant breaks. In their order, and again until
none of it helps any more:

1. Steps are left out, in halves, quarters, … and one by one (delta debugging).
2. The plan ends sooner: at the breach, then as early as still will do.
3. A step happens at once instead of after an event, or sooner.
4. Lengths of time and counts of commands become smaller.

Values are searched by halves on a grid that people can read (whole seconds, tenths of a
millisecond after an event). That a value breaks the invariant does not mean that larger ones
do, so what is found is small, not proven smallest. Everything is deterministic: one plan and one
way of playing it shrink to one plan.

**Source**: A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

from ibelay.model.faults import Command, Span
from ibelay.testing.simulation.bad_days.plan import Plan, Step

SECOND_NS = 1_000_000_000
MOST_RUNS = 400
_MOMENT_GRID_NS = SECOND_NS
_AFTER_GRID_NS = 100_000
_ROUNDS = 4

Breaks = Callable[[Plan], int | None]
"""Plays a plan: when it broke the invariant that is asked about (ns), or None."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The least plan that was found.

    Attributes:
        plan: It breaks the invariant.
        runs: How many plans were played for it.
        spent: Whether it ended because no more runs were allowed.
        interrupted: Whether it ended by Ctrl-C: what was found till then is not lost.
    """

    plan: Plan
    runs: int
    spent: bool
    interrupted: bool = False


class BreaksNothingError(ValueError):
    """A plan does not break what it is said to break."""


class _Spent(Exception):  # noqa: N818  # no error: how a bounded search ends
    """No more runs are allowed."""


def shrink(plan: Plan, breaks: Breaks, *, most_runs: int = MOST_RUNS) -> Shrunk:
    """Return the least plan like *plan* that breaks what it breaks.

    Args:
        plan: Breaks the invariant.
        breaks: Plays candidates.
        most_runs: How many it may play.

    Raises:
        BreaksNothingError: *plan* does not break the invariant.
    """
    search = _Search(plan, breaks, most_runs)
    spent = interrupted = False
    try:
        if not search.accepts(plan):
            raise BreaksNothingError("the plan breaks nothing when it is played: nothing to shrink")
        for _ in range(_ROUNDS):
            before = search.best
            search.leave_out()
            search.end_sooner()
            search.come_sooner()
            search.do_less()
            if search.best == before:
                break
    except _Spent:
        spent = True
    except KeyboardInterrupt:
        interrupted = True
    return Shrunk(search.best, search.runs, spent, interrupted)


class _Search:
    """The best plan so far, and how it becomes a better one."""

    def __init__(self, plan: Plan, breaks: Breaks, most_runs: int) -> None:
        self.best = plan
        self.runs = 0
        self._breaks = breaks
        self._most_runs = most_runs
        self._breach_ns = plan.span_ns
        self._tried: set[Plan] = set()

    def accepts(self, plan: Plan) -> bool:
        """Play *plan*, and take it if it breaks the invariant; what was tried is not again."""
        if plan in self._tried:
            return False
        if self.runs >= self._most_runs:
            raise _Spent
        self._tried.add(plan)
        self.runs += 1
        at_ns = self._breaks(plan)
        if at_ns is None:
            return False
        self.best, self._breach_ns = plan, at_ns
        return True

    def leave_out(self) -> None:
        """Leave out what is not needed: first all that comes after the breach."""
        in_time = tuple(step for step in self.best.steps if step.at_ns <= self._breach_ns)
        if len(in_time) < len(self.best.steps):
            self.accepts(replace(self.best, steps=in_time))
        size = len(self.best.steps)
        while size:
            at = 0
            while at < len(self.best.steps):
                steps = self.best.steps
                if not self.accepts(replace(self.best, steps=steps[:at] + steps[at + size :])):
                    at += size
            size //= 2

    def end_sooner(self) -> None:
        """Let the bad time end at the breach or before it."""
        seconds = -(-self._breach_ns // SECOND_NS)
        if seconds * SECOND_NS < self.best.span_ns:
            self.accepts(replace(self.best, span_ns=seconds * SECOND_NS))
        last = max((step.at_ns for step in self.best.steps), default=0)
        self._lower(
            self.best.span_ns, -(-last // SECOND_NS) * SECOND_NS + SECOND_NS, SECOND_NS, self._span
        )

    def come_sooner(self) -> None:
        """Let each step wait for nothing, or come sooner."""
        for number in range(len(self.best.steps)):
            step = self.best.steps[number]
            if step.on is not None:
                self._put(number, replace(step, on=None, after_ns=0))
            step = self.best.steps[number]
            self._lower(step.at_ns, 0, _MOMENT_GRID_NS, partial(self._at, number))
            if step.on is not None:
                self._lower(step.after_ns, 0, _AFTER_GRID_NS, partial(self._after, number))

    def do_less(self) -> None:
        """Let commands last for a shorter time and strike less often."""
        for number in range(len(self.best.steps)):
            for name, value in _values(self.best.steps[number].command):
                grid = SECOND_NS if isinstance(value, Span) else 1
                size = value.ns if isinstance(value, Span) else value
                self._lower(size, grid, grid, partial(self._less, number, name))

    def _lower(self, value: int, low: int, grid: int, take: Callable[[int], bool]) -> None:
        """Find a smaller value on the grid, not below *low*; *take* says whether it will do."""
        if value <= low or take(low):
            return
        bad, good = low // grid, -(-value // grid)
        while good - bad > 1:
            middle = (bad + good) // 2
            if take(middle * grid):
                good = middle
            else:
                bad = middle

    def _span(self, ns: int) -> bool:
        return self.accepts(replace(self.best, span_ns=ns))

    def _at(self, number: int, ns: int) -> bool:
        """Move a step, but not to before the one before it: order is kept, so numbers hold."""
        earlier = self.best.steps[number - 1].at_ns if number else 0
        return self._put(number, replace(self.best.steps[number], at_ns=max(ns, earlier)))

    def _after(self, number: int, ns: int) -> bool:
        return self._put(number, replace(self.best.steps[number], after_ns=ns))

    def _less(self, number: int, name: str, less: int) -> bool:
        step = self.best.steps[number]
        old = getattr(step.command, name)
        new: Any = replace(old, ns=less) if isinstance(old, Span) else less
        return self._put(number, replace(step, command=replace(step.command, **{name: new})))

    def _put(self, number: int, step: Step) -> bool:
        steps = self.best.steps
        changed = (*steps[:number], step, *steps[number + 1 :])
        return self.accepts(replace(self.best, steps=changed))


def _values(command: Command) -> Iterator[tuple[str, int | Span]]:
    """Yield what of *command* can be less: lengths of time and counts."""
    for part in fields(command):
        value = getattr(command, part.name)
        counts = part.name in {"count", "roll_back"} and isinstance(value, int)
        if isinstance(value, Span) or counts:
            yield part.name, value
