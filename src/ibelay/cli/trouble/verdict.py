"""What ``ibelay simulate`` says in the end: what came of it, and how a failure is played again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ibelay.cli.trouble.progress import line, progress
from ibelay.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

    from ibelay.testing.simulation.bad_days.plan import Plan
    from ibelay.testing.simulation.campaign import Ran, Tally
    from ibelay.testing.simulation.setting import Subject

NOT_AGAIN = (
    "played again, it did not fail again: what is simulated takes time or chance from elsewhere; "
    "the failure is shown as it was first met"
)
SHRINKING = "shrinking: {} of at most {} runs"
NOTHING_SENT = (
    "but no order was sent, so little was tried: expected a strategy or a script that trades what "
    "--symbols names, and hours enough for it"
)


def tell(console: Console, tally: Tally, *, situations: bool) -> None:
    """Say what came of it."""
    if situations:
        from ibelay.testing.simulation.situations import table  # noqa: PLC0415  # lazily

        for text in table(tally.met.items()):
            line(console, text)
    line(
        console,
        f"{_many(tally.runs, 'run')}, {tally.hours:.1f} simulated hours, "
        f"{_many(tally.orders, 'order')}, {_many(tally.faults, 'fault')} in "
        f"{_many(len(tally.met), 'situation')}; "
        f"{tally.hours / max(tally.cpu_s, 1e-9):.2f} simulated hours per second of one processor",
    )
    if tally.failed is None:
        line(console, "every invariant held, and every bot came back")
        if not tally.orders:
            line(console, NOTHING_SENT, style="yellow")


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def explain(
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
    again = again_of(before)
    if shrink:  # may take long, and what is known so far must not be lost to a Ctrl-C
        line(console, f"seed {before.seed} broke {failed.outcome.breach}")
        line(console, f"again: ibelay simulate {again}")
        failed = _shrink(console, failed)
    outcome = failed.outcome
    text = script.write(outcome.plan)
    for shown in outcome.timeline[-lines:]:
        line(console, shown)
    line(console, f"seed {outcome.plan.seed} broke {outcome.breach}", style="bold red")
    if shrink:
        line(console, text.rstrip())
    if save is not None:
        keep(save, f"# broke {outcome.breach}\n{text}")
    if save is not None or played is not None:
        again = f"--plan {shlex.quote(str(save or played))}"
    line(console, f"again: ibelay simulate {again}")


def again_of(plan: Plan) -> str:
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
    from ibelay.testing.simulation.bad_days.shrink import (  # noqa: PLC0415  # commands load lazily
        MOST_RUNS,
        BreaksNothingError,
        shrink,
    )
    from ibelay.testing.simulation.campaign import moment_of, play_plan  # noqa: PLC0415  # so

    plan, breach = failed.outcome.plan, failed.outcome.breach
    if breach is None:
        return failed
    try:
        with progress(console, "shrinking", MOST_RUNS, SHRINKING) as advance:

            def breaks(candidate: Plan) -> int | None:
                advance()
                return moment_of(breach.invariant, candidate)

            shrunk = shrink(plan, breaks)
    except BreaksNothingError:
        line(console, NOT_AGAIN, style="yellow")
        return failed
    end = ", the most it may take" if shrunk.spent else ""
    end = ", when it was interrupted" if shrunk.interrupted else end
    console.print(
        f"{len(plan.steps)} steps shrank to {len(shrunk.plan.steps)} in {shrunk.runs} runs{end}"
    )
    least = play_plan(shrunk.plan)
    if least.outcome.breach is None:
        line(console, NOT_AGAIN, style="yellow")
        return failed
    return least


def keep(path: Path, text: str) -> None:
    """Write the plan *text* into the file at *path*."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"the plan cannot be saved: {error}") from error
