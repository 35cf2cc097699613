"""``ibelay simulate``."""

from __future__ import annotations

import os
import shlex
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ibelay.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

    from ibelay.testing.simulation.bad_days.plan import Plan
    from ibelay.testing.simulation.campaign import Ran, Tally
    from ibelay.testing.simulation.setting import Subject

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
NOTHING_SENT = (
    "but no order was sent, so little was tried: expected a strategy or a script that trades what "
    "--symbols names, and hours enough for it"
)


def simulate(  # noqa: PLR0913  # an option each
    *,
    seeds: int = 20,
    hours: float = 4.0,
    profile: Literal["calm", "nightly", "weekly", "hostile", "broker"] = "hostile",
    bot: Literal["runtime", "dropin"] = "runtime",
    strategy: Annotated[str | None, Parameter(show_default=False)] = None,
    script: Annotated[str | None, Parameter(show_default=False)] = None,
    config: Annotated[Path | None, Parameter(show_default=False)] = None,
    symbols: Annotated[str | None, Parameter(show_default=False)] = None,
    first: int = 1,
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
        seeds: How many runs.
        hours: Virtual hours in which things go wrong, for each.
        profile: `calm`, `nightly` (the resets and restarts of every night), `weekly` (those and
            the weekend's), `hostile` or `broker` (what a broker and people do to orders).
        bot: What is simulated: `runtime`, ibelay's own with a strategy, or `dropin`, a script on
            the drop-in `IB`.
        strategy: Yours, as in `bot.toml`: `package.module:function`; one of ibelay's if not given.
        script: Your script on the drop-in, as `package.module:function`: an `async def` that takes
            `(ib, host, port, client_id)`.
        config: Your `bot.toml`: its strategy, with its timings and limits. Its gateway, account,
            store and web page are not touched.
        symbols: What the market trades: stocks, separated by commas; what the strategy begins with
            if not given, or SPY.
        first: The first seed; the others follow.
        replay: Run this seed alone.
        plan: Run the plan in this file, which says its own seed, hours, profile and bot.
        shrink: Reduce a failure to the fewest things that must go wrong for it.
        save: Write the plan of a failure, or what it was reduced to, into this file.
        jobs: Processes; one for each processor if not given.
        situations: Say which faults have met the bot in which state, and how often.
        lines: How many lines of the last minutes to show of a failure.
    """
    _check(seeds=seeds, hours=hours, first=first, replay=replay or 0, jobs=jobs, lines=lines)
    if save is not None:
        _can_be_written(save)
    from rich.console import Console  # noqa: PLC0415  # commands load lazily

    from ibelay.testing.simulation.campaign import campaign, play_plan  # noqa: PLC0415  # so
    from ibelay.testing.simulation.programs.own import check  # noqa: PLC0415  # the same

    console = Console()
    ran: Generator[Ran]
    played: str = profile
    if plan is None:
        subject = _subject(bot, strategy, script, config, symbols)
        wanted = range(first, first + seeds) if replay is None else [replay]
        total = len(wanted)
        ran = campaign(wanted, profile, hours, jobs=_jobs(jobs, total), subject=subject)
    elif any(each is not None for each in (replay, strategy, script, config, symbols)):
        raise ConfigurationError(
            "--plan names its own seed, bot and symbols: expected it without --replay, "
            "--strategy, --script, --config and --symbols"
        )
    else:
        one = _read(plan)
        subject, played = one.subject, one.profile
        check(subject)
        total, ran = 1, (play_plan(each) for each in [one])
    if subject.own and not _repeats(played, subject):
        _line(console, NOT_REPEATED.format(subject.own), style="yellow")
    with closing(ran):
        tally = _follow(console, ran, total)
    _tell(console, tally, situations=situations)
    if tally.failed is None:
        return 0
    _explain(console, tally.failed, plan, shrink=shrink, save=save, lines=lines)
    return 1


def _subject(
    bot: str, strategy: str | None, script: str | None, config: Path | None, symbols: str | None
) -> Subject:
    """Return whom the options mean."""
    from ibelay.gateway.market.symbols import clean_symbols  # noqa: PLC0415  # lazily
    from ibelay.testing.simulation.programs.own import (  # noqa: PLC0415  # the same
        of_script,
        of_settings,
        of_strategy,
    )
    from ibelay.testing.simulation.setting import OURS, Kind, Subject  # noqa: PLC0415  # the same

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
    return Subject(kind=Kind(bot), symbols=traded or OURS.symbols)


def _repeats(profile: str, subject: Subject) -> bool:
    """Return whether a seed is one run, twice, in processes of their own."""
    from ibelay.testing.simulation.campaign import campaign  # noqa: PLC0415  # commands load lazily

    with closing(campaign([1, 1], profile, TRIED_HOURS, jobs=2, subject=subject)) as tried:
        digests = {ran.outcome.digest for ran in tried}
    return len(digests) == 1


def _jobs(asked: int, total: int) -> int:
    """Return how many processes there are to be."""
    return min(asked or os.cpu_count() or 1, MAX_JOBS, total)


def _check(**given: float) -> None:
    for name, low, high in (
        ("seeds", 1, MAX_SEEDS),
        ("hours", 0.01, MAX_HOURS),
        ("first", 0, MAX_SEED),
        ("replay", 0, MAX_SEED),
        ("jobs", 0, MAX_JOBS),
        ("lines", 1, MAX_LINES),
    ):
        if not low <= given[name] <= high:
            raise ConfigurationError(
                f"--{name} {given[name]} is out of range: expected {low} to {high}"
            )


def _follow(console: Console, ran: Generator[Ran], total: int) -> Tally:
    """Show progress up to the first failure."""
    from rich.progress import Progress  # noqa: PLC0415  # commands load lazily

    from ibelay.testing.simulation.campaign import Tally  # noqa: PLC0415  # the same

    tally = Tally()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("bad days", total=total)
        try:
            for one in ran:
                progress.advance(bar)
                if not tally.add(one):
                    break
        except KeyboardInterrupt:
            progress.stop()
            _line(console, f"interrupted after {tally.runs} of {total}, of which none failed")
            raise
    return tally


def _tell(console: Console, tally: Tally, *, situations: bool) -> None:
    """Say what came of it."""
    if situations:
        from ibelay.testing.simulation.situations import table  # noqa: PLC0415  # the same

        for text in table(tally.met.items()):
            _line(console, text)
    _line(
        console,
        f"{_many(tally.runs, 'run')}, {tally.hours:.1f} simulated hours, "
        f"{_many(tally.orders, 'order')}, {_many(tally.faults, 'fault')} in "
        f"{_many(len(tally.met), 'situation')}; "
        f"{tally.hours / max(tally.cpu_s, 1e-9):.2f} simulated hours per second of one processor",
    )
    if tally.failed is None:
        _line(console, "every invariant held, and every bot came back")
        if not tally.orders:
            _line(console, NOTHING_SENT, style="yellow")


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _explain(
    console: Console,
    failed: Ran,
    played: Path | None,
    *,
    shrink: bool,
    save: Path | None,
    lines: int,
) -> None:
    """Show a failure, reduced if that was asked for, and say how it is played again."""
    from ibelay.testing.simulation.bad_days import script  # noqa: PLC0415  # commands load lazily

    before = failed.outcome.plan
    again = _again(before)
    if shrink:  # may take long, and what is known so far must not be lost to a Ctrl-C
        _line(console, f"seed {before.seed} broke {failed.outcome.breach}")
        _line(console, f"again: ibelay simulate {again}")
        failed = _shrink(console, failed)
    outcome = failed.outcome
    text = script.write(outcome.plan)
    for line in outcome.timeline[-lines:]:
        _line(console, line)
    _line(console, f"seed {outcome.plan.seed} broke {outcome.breach}", style="bold red")
    if shrink:
        _line(console, text.rstrip())
    if save is not None:
        _write(save, f"# broke {outcome.breach}\n{text}")
    if save is not None or played is not None:
        again = f"--plan {save or played}"
    _line(console, f"again: ibelay simulate {again}")


def _again(plan: Plan) -> str:
    """Return the options that draw *plan* again, to the last nanosecond of its span."""
    from ibelay.testing.simulation.bad_days.profiles import HOUR_NS  # noqa: PLC0415  # lazily

    hours = repr(plan.span_ns / HOUR_NS).removesuffix(".0")
    return f"--replay {plan.seed} --hours {hours} --profile {plan.profile}{_who(plan.subject)}"


def _who(subject: Subject) -> str:
    """Return the options that mean *subject*."""
    from ibelay.testing.simulation.setting import OURS  # noqa: PLC0415  # commands load lazily

    symbols = shlex.quote(",".join(subject.symbols))
    theirs = not subject.own and subject.symbols == OURS.symbols
    traded = "" if theirs else f" --symbols {symbols}"
    if not subject.own:
        return f"{'' if subject.kind == OURS.kind else f' --bot {subject.kind}'}{traded}"
    if subject.settings:
        return f" --config {shlex.quote(subject.settings)}{traded}"
    return f" --{'strategy' if subject.kind == OURS.kind else 'script'} {subject.own}{traded}"


def _shrink(console: Console, failed: Ran) -> Ran:
    """Reduce *failed* and show progress; return the run of what is left of it."""
    from rich.progress import Progress  # noqa: PLC0415  # commands load lazily

    from ibelay.testing.simulation.bad_days.shrink import MOST_RUNS, shrink  # noqa: PLC0415  # so
    from ibelay.testing.simulation.campaign import moment_of, play_plan  # noqa: PLC0415  # so

    plan, breach = failed.outcome.plan, failed.outcome.breach
    if breach is None:
        return failed
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("shrinking", total=MOST_RUNS)

        def breaks(candidate: Plan) -> int | None:
            progress.advance(bar)
            return moment_of(breach.invariant, candidate)

        shrunk = shrink(plan, breaks)
    end = ", the most it may take" if shrunk.spent else ""
    end = ", when it was interrupted" if shrunk.interrupted else end
    console.print(
        f"{len(plan.steps)} steps shrank to {len(shrunk.plan.steps)} in {shrunk.runs} runs{end}"
    )
    return play_plan(shrunk.plan)


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


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"the plan cannot be saved: {error}") from error


def _line(console: Console, text: str, style: str = "") -> None:
    """Print *text* as it is: what is copied from here must not be broken or coloured in."""
    console.print(text, markup=False, highlight=False, soft_wrap=True, style=style)
