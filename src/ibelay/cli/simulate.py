"""``ibelay simulate``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ibelay.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from ibelay.testing.simulation.campaign import Ran, Tally

MAX_SEEDS = 1_000_000
MAX_HOURS = 24 * 30


def simulate(
    *,
    seeds: int = 20,
    hours: float = 4.0,
    profile: Literal["calm", "nightly", "hostile"] = "hostile",
    first: int = 1,
    replay: Annotated[int | None, Parameter(show_default=False)] = None,
    jobs: Annotated[int, Parameter(show_default=False)] = 0,
    situations: bool = False,
    lines: int = 60,
) -> int:
    """Run a whole bot, its gateway and its network through seeded bad days in virtual time.

    Each seed is one run: the bot trades, things go wrong as the profile says, then they stop
    and the bot has minutes to be whole again. Every invariant is asked after every step. The
    same seed is the same run, bit for bit, on every machine. Exits 1 at the first failure and
    says which invariant broke, what happened before, and how to play it again.

    Examples:
        `ibelay simulate --seeds 100 --hours 10`

        `ibelay simulate --profile nightly --hours 96`

        `ibelay simulate --replay 4711 --hours 4`

    Args:
        seeds: How many runs.
        hours: Virtual hours in which things go wrong, for each.
        profile: `calm`, `nightly` (the resets and restarts of every night) or `hostile`.
        first: The first seed; the others follow.
        replay: Run this seed alone.
        jobs: Processes; one for each processor if not given.
        situations: Say which faults have met the bot in which state, and how often.
        lines: How many lines of the last minutes to show of a failure.
    """
    _check(seeds, hours, jobs)
    from rich.console import Console  # noqa: PLC0415  # commands load lazily

    from ibelay.testing.simulation.campaign import campaign  # noqa: PLC0415  # the same

    console = Console()
    wanted = range(first, first + seeds) if replay is None else [replay]
    jobs = min(jobs or os.cpu_count() or 1, len(wanted))
    ran = campaign(wanted, profile, hours, jobs=jobs)
    return _tell(console, _follow(console, ran, len(wanted)), situations=situations, lines=lines)


def _check(seeds: int, hours: float, jobs: int) -> None:
    for name, value, low, high in (
        ("--seeds", seeds, 1, MAX_SEEDS),
        ("--hours", hours, 0.01, MAX_HOURS),
        ("--jobs", jobs, 0, 256),
    ):
        if not low <= value <= high:
            raise ConfigurationError(f"{name} {value} is out of range: expected {low} to {high}")


def _follow(console: Console, ran: Iterable[Ran], total: int) -> Tally:
    """Show progress up to the first failure."""
    from rich.progress import Progress  # noqa: PLC0415  # commands load lazily

    from ibelay.testing.simulation.campaign import Tally  # noqa: PLC0415  # the same

    tally = Tally()
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("bad days", total=total)
        for one in ran:
            progress.advance(bar)
            if not tally.add(one):
                break
    return tally


def _tell(console: Console, tally: Tally, *, situations: bool, lines: int) -> int:
    """Say what came of it; return the exit code."""
    if situations:
        from ibelay.testing.simulation.situations import table  # noqa: PLC0415  # the same

        for text in table(tally.met.items()):
            console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"{tally.runs} runs, {tally.hours:.1f} simulated hours, {tally.faults} faults in "
        f"{len(tally.met)} situations; {tally.hours / max(tally.cpu_s, 1e-9):.2f} simulated hours "
        "per second of one processor"
    )
    if tally.failed is None:
        console.print("every invariant held, and every bot came back")
        return 0
    _show(console, tally.failed, lines)
    return 1


def _show(console: Console, failed: Ran, lines: int) -> None:
    outcome = failed.outcome
    plan = outcome.plan
    hours = plan.span_ns / 3.6e12
    for text in outcome.timeline[-lines:]:
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.print(f"seed {plan.seed} broke {outcome.breach}", markup=False, style="bold red")
    console.print(
        f"again: ibelay simulate --replay {plan.seed} --hours {hours:g} --profile {plan.profile}",
        markup=False,
        highlight=False,
    )
