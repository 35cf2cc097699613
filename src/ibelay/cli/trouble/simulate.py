"""``ibelay simulate``."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ibelay.cli.trouble.progress import line, progress
from ibelay.cli.trouble.verdict import explain, tell
from ibelay.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

    from ibelay.testing.simulation.bad_days.plan import Plan
    from ibelay.testing.simulation.campaign import Ran, Tally
    from ibelay.testing.simulation.setting import Subject

Profile = Literal["calm", "nightly", "weekly", "hostile", "broker"]
Bot = Literal["runtime", "dropin"]

SEEDS, HOURS, FIRST = 20, 4.0, 1
PROFILE: Profile = "hostile"
MAX_SEEDS = 1_000_000
MAX_HOURS = 24 * 30
MAX_SEED = 10**17  # and as many more follow as there can be seeds
MAX_JOBS = 61  # as many processes as Windows can wait for
MAX_LINES = 100_000
MAX_PLAN_BYTES = 1 << 20
TRIED_HOURS = 0.25
NOT_REPEATED = (
    "{} does not do the same when it is given the same: two runs of one seed differ, so a failure "
    "may not come again. It takes time, chance or the order of a set from elsewhere; expected all "
    "of it from what it is given."
)
DONE = "{} of {} runs are done, and every invariant held"


def simulate(  # noqa: PLR0913  # an option each
    *,
    seeds: Annotated[int | None, Parameter(show_default=False)] = None,
    hours: Annotated[float | None, Parameter(show_default=False)] = None,
    profile: Annotated[Profile | None, Parameter(show_default=False)] = None,
    bot: Annotated[Bot | None, Parameter(show_default=False)] = None,
    strategy: Annotated[str | None, Parameter(show_default=False)] = None,
    script: Annotated[str | None, Parameter(show_default=False)] = None,
    config: Annotated[Path | None, Parameter(show_default=False)] = None,
    symbols: Annotated[str | None, Parameter(show_default=False)] = None,
    first: Annotated[int | None, Parameter(show_default=False)] = None,
    replay: Annotated[int | None, Parameter(show_default=False)] = None,
    plan: Annotated[Path | None, Parameter(show_default=False)] = None,
    shrink: bool = False,
    save: Annotated[Path | None, Parameter(show_default=False)] = None,
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

        `ibelay simulate --profile weekly --hours 168`

        `ibelay simulate --strategy mybot:make`

        `ibelay simulate --config bot.toml --profile nightly --hours 96`

        `ibelay simulate --replay 4711 --hours 4 --shrink --save failure.plan`

        `ibelay simulate --plan failure.plan`

    Args:
        seeds: How many runs; 20 if not given.
        hours: Virtual hours in which things go wrong, for each; 4 if not given.
        profile: `calm`, `nightly` (the resets and restarts of every night), `weekly` (those and
            the weekend's), `hostile` or `broker` (what a broker and people do to orders); `hostile`
            if not given.
        bot: What is simulated: `runtime`, ibelay's own with a strategy, or `dropin`, a script on
            the drop-in `IB`; `runtime` if neither this nor `--script` is given.
        strategy: Yours, as in `bot.toml`: `package.module:function`; one of ibelay's if not given.
        script: Your script on the drop-in, as `package.module:function`: an `async def` that takes
            `(ib, host, port, client_id)`.
        config: Your `bot.toml`: its strategy, with its timings, limits and watch list. Its
            gateway, account, store and web page are not touched.
        symbols: What the market trades: stocks, separated by commas; what the strategy begins with
            and its watch list names if not given, or SPY.
        first: The first seed, 1 if not given; the others follow.
        replay: Run this seed alone.
        plan: Run the plan in this file, which says its own seed, hours, profile, bot and symbols.
        shrink: Reduce a failure to the fewest things that must go wrong for it.
        save: Write the plan of a failure, or what it was reduced to, into this file.
        jobs: Processes; one for each processor if not given.
        situations: Say which faults have met the bot in which state, and how often.
        lines: How many lines of the last minutes to show of a failure.
    """
    _check(seeds=seeds, hours=hours, first=first, replay=replay, jobs=jobs, lines=lines)
    given = {
        "--seeds": seeds,
        "--first": first,
        "--replay": replay,
        "--hours": hours,
        "--profile": profile,
        "--bot": bot,
        "--strategy": strategy,
        "--script": script,
        "--config": config,
        "--symbols": symbols,
    }
    _agree([name for name, value in given.items() if value is not None], plan)
    if save is not None:
        _can_be_written(save)
    from rich.console import Console  # noqa: PLC0415  # commands load lazily

    from ibelay.testing.simulation.campaign import campaign, play_plan  # noqa: PLC0415  # so
    from ibelay.testing.simulation.programs.own import check  # noqa: PLC0415  # the same

    console = Console()
    ran: Generator[Ran]
    if plan is None:
        played: str = profile or PROFILE
        subject = _subject(bot, strategy, script, config, symbols)
        wanted = _seeds(seeds or SEEDS, FIRST if first is None else first, replay)
        total = len(wanted)
        ran = campaign(wanted, played, hours or HOURS, jobs=_jobs(jobs, total), subject=subject)
    else:
        one = _read(plan)
        total, played, subject = 1, one.profile, one.subject
        check(subject)
        ran = (play_plan(each) for each in [one])
    if subject.own and not _repeats(played, subject):
        line(console, NOT_REPEATED.format(subject.own), style="yellow")
    with closing(ran):
        tally = _follow(console, ran, total)
    tell(console, tally, situations=situations)
    if tally.failed is None:
        return 0
    explain(console, tally.failed, plan, shrink=shrink, save=save, lines=lines)
    return 1


def _subject(
    bot: str | None,
    strategy: str | None,
    script: str | None,
    config: Path | None,
    symbols: str | None,
) -> Subject:
    """Return whom the options mean."""
    from ibelay.gateway.market.symbols import clean_symbols  # noqa: PLC0415  # lazily
    from ibelay.testing.simulation.programs.own import (  # noqa: PLC0415  # the same
        of_script,
        of_settings,
        of_strategy,
    )
    from ibelay.testing.simulation.setting import OURS, Kind, Subject  # noqa: PLC0415  # the same

    if script is not None and bot == Kind.RUNTIME:
        raise ConfigurationError(
            "--script is for the drop-in IB: expected it without --bot runtime, or --strategy in "
            "its place, which names a strategy for ibelay's runtime"
        )
    other = script is not None or bot == Kind.DROP_IN
    if strategy is not None and other:
        raise ConfigurationError(
            "--strategy is for ibelay's runtime: expected it without --script and --bot dropin"
        )
    if config is not None and (strategy is not None or other):
        raise ConfigurationError(
            "--config names a strategy for ibelay's runtime: expected it without --strategy, "
            "--script and --bot dropin"
        )
    traded = () if symbols is None else tuple(clean_symbols(symbols.split(",")))
    if config is not None:
        return of_settings(str(config), traded)
    if strategy is not None:
        return of_strategy(strategy, traded)
    if script is not None:
        return of_script(script, traded)
    return Subject(kind=Kind(bot or Kind.RUNTIME), symbols=traded or OURS.symbols)


def _repeats(profile: str, subject: Subject) -> bool:
    """Return whether a seed is one run, twice, in processes of their own."""
    from ibelay.testing.simulation.campaign import campaign  # noqa: PLC0415  # commands load lazily

    with closing(campaign([1, 1], profile, TRIED_HOURS, jobs=2, subject=subject)) as tried:
        digests = {ran.outcome.digest for ran in tried}
    return len(digests) == 1


def _jobs(asked: int, total: int) -> int:
    """Return how many processes there are to be."""
    return min(asked or os.cpu_count() or 1, MAX_JOBS, total)


def _seeds(many: int, first: int, alone: int | None) -> Sequence[int]:
    """Return the seeds to be run."""
    return range(first, first + many) if alone is None else [alone]


def _agree(given: Sequence[str], plan: Path | None) -> None:
    """Refuse options that would not be heard beside another."""
    if plan is not None and given:
        raise ConfigurationError(
            f"--plan says its own seed, hours, profile, bot and symbols: expected it without "
            f"{', '.join(given)} (change {plan} for another run)"
        )
    many = [name for name in ("--seeds", "--first") if name in given]
    if "--replay" in given and many:
        raise ConfigurationError(
            f"--replay is one seed: expected it without {' and '.join(many)}, which mean many"
        )


def _check(**given: float | None) -> None:
    for name, low, high in (
        ("seeds", 1, MAX_SEEDS),
        ("hours", 0.01, MAX_HOURS),
        ("first", 0, MAX_SEED),
        ("replay", 0, MAX_SEED),
        ("jobs", 0, MAX_JOBS),
        ("lines", 1, MAX_LINES),
    ):
        value = given[name]
        if value is not None and not low <= value <= high:
            raise ConfigurationError(f"--{name} {value} is out of range: expected {low} to {high}")


def _follow(console: Console, ran: Generator[Ran], total: int) -> Tally:
    """Show progress up to the first failure."""
    from ibelay.testing.simulation.campaign import Tally  # noqa: PLC0415  # the same

    tally = Tally()
    try:
        with progress(console, "bad days", total, DONE) as advance:
            for one in ran:
                if not tally.add(one):
                    break
                advance()
    except KeyboardInterrupt:
        line(console, f"interrupted after {tally.runs} of {total}, of which none failed")
        raise
    return tally


def _read(path: Path) -> Plan:
    from ibelay.testing.simulation.bad_days import script  # noqa: PLC0415  # commands load lazily
    from ibelay.testing.simulation.bad_days.profiles import PROFILES  # noqa: PLC0415  # the same

    try:
        with path.open("rb") as file:
            text = file.read(MAX_PLAN_BYTES).decode("utf-8-sig")  # as editors on Windows write it
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text in UTF-8"
        raise ConfigurationError(
            f"{path} cannot be read as a plan ({why}): expected what --save has written"
        ) from error
    plan = script.read(text)
    if plan.profile not in PROFILES:
        known = ", ".join(PROFILES)
        raise ConfigurationError(f"{path} names profile {plan.profile!r}: expected one of {known}")
    return plan


def _can_be_written(path: Path) -> None:
    """Say now, and not after hours of simulation, that a plan cannot be kept in *path*."""
    there = path.exists()
    if path.is_dir() or not os.access(path if there else path.parent, os.W_OK):
        raise ConfigurationError(
            f"a plan cannot be saved to {path}: expected a file in a folder that exists and can "
            "be written"
        )
