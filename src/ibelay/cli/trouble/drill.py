"""``ibelay chaos --drill``: the rehearsal at the proxy, and its report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ibelay.errors import ConfigurationError

if TYPE_CHECKING:
    from ibelay.proxy.chaos import ChaosProxy
    from ibelay.proxy.drill.report import Report

Guest = Callable[["ChaosProxy", Callable[[], None]], AbstractAsyncContextManager[object]]

MINUTES, WAIT_MINUTES = 30.0, 10.0
_WAIT_AT_MOST = 24 * 60
NOBODY = (
    "no client was answered within {:g} minutes: expected a bot that connects to this port, and a "
    "gateway at --upstream that answers it; --wait MINUTES waits longer"
)


class Drill:
    """One drill, from the options of the command to the exit code.

    Args:
        minutes: How long it lasts.
        wait_minutes: How long it waits for a client.
        scenario: What it plays; the half-hour that comes with ibelay if None.
        report: Where the report is written, as Markdown and as JSON; nowhere if None.

    Raises:
        ConfigurationError: The time makes no sense, the scenario cannot be read, or the report
            could not be written in the end.
    """

    def __init__(
        self, minutes: float, wait_minutes: float, scenario: Path | None, report: Path | None
    ) -> None:
        from rich.console import Console  # noqa: PLC0415  # commands load lazily

        from ibelay.control.scenario import load  # noqa: PLC0415  # the same
        from ibelay.proxy.drill.script import half_hour  # noqa: PLC0415  # the same
        from ibelay.proxy.rehearsal import Plan  # noqa: PLC0415  # the same

        if not 0 < wait_minutes <= _WAIT_AT_MOST:
            raise ConfigurationError(
                f"--wait {wait_minutes:g} is out of range: expected minutes above 0, at most "
                f"{_WAIT_AT_MOST}"
            )
        self._console = Console()
        length_ns = half_hour.span_ns(minutes)
        script = half_hour.half_hour() if scenario is None else load(scenario)
        begin = partial(self._console.print, f"a client is here: {minutes:g} minutes from now")
        self._plan = Plan(
            half_hour.beginning(script, length_ns),
            length_ns,
            begin,
            int(wait_minutes * 60e9),
            partial(self._console.print, NOBODY.format(wait_minutes)),
        )
        self._files = () if report is None else _files(report)

    def run(self, serve: Callable[[Guest], None]) -> int:
        """Run *serve* with the drill as its guest; print and write what came of it.

        Returns:
            0 if the bot passes, else 1.
        """
        from ibelay.proxy.drill.telling.screen import show  # noqa: PLC0415  # commands load lazily
        from ibelay.proxy.rehearsal import Rehearsal  # noqa: PLC0415  # the same

        rehearsals: list[Rehearsal] = []

        def guest(
            proxy: ChaosProxy, stop: Callable[[], None]
        ) -> AbstractAsyncContextManager[object]:
            rehearsals.append(Rehearsal())
            self._console.print("waiting for a client; the drill begins with it")
            return rehearsals[-1].attend(self._plan, proxy, stop)

        serve(guest)
        report = rehearsals[-1].report if rehearsals else None
        if report is None:
            return 1
        show(report, self._console)
        self._write(report)
        return report.exit_code

    def _write(self, report: Report) -> None:
        from ibelay.proxy.drill.telling import written  # noqa: PLC0415  # commands load lazily

        for path in self._files:
            form = written.as_json if path.suffix == ".json" else written.as_markdown
            path.write_text(form(report), encoding="utf-8")
            self._console.print(f"written to {path}", highlight=False)


def drill_of(
    *,
    drill: bool,
    minutes: float | None,
    wait: float | None,
    scenario: Path | None,
    report: Path | None,
) -> Drill | None:
    """Return the drill that the options of the command ask for, None if they ask for none.

    Raises:
        ConfigurationError: Something belongs to a drill, and none is asked for; see ``Drill``.
    """
    if drill:
        length = MINUTES if minutes is None else minutes
        patience = WAIT_MINUTES if wait is None else wait
        return Drill(length, patience, scenario, report)
    for name, given in (("--minutes", minutes), ("--wait", wait), ("--report", report)):
        if given is not None:
            raise ConfigurationError(f"{name} belongs to a drill: add --drill, or leave it out")
    return None


def _files(report: Path) -> tuple[Path, Path]:
    """Return the two files of a report, which can be written.

    Raises:
        ConfigurationError: Their folder is not there.
    """
    if not report.parent.is_dir() or report.is_dir():
        raise ConfigurationError(
            f"the report cannot be written to {report}: expected a file in a folder that exists"
        )
    return report.with_suffix(".md"), report.with_suffix(".json")
