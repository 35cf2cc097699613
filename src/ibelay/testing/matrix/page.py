"""The page of the matrix, ``docs/reference/faults.md``: written from the files and the runs.

Run ``make faults-page`` after a change to a scenario or to what it measures. A page is made of
rows, one a fault and actor; whoever has rows can compose the page without running anything.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ibelay.testing.matrix.fault import Fault, every
from ibelay.testing.matrix.figures.measured import seconds
from ibelay.testing.matrix.owed import OWED
from ibelay.testing.matrix.real import telling
from ibelay.testing.matrix.runner import ACTORS, Result, run

PAGE = Path("docs/reference/faults.md")
Rows = Mapping[tuple[str, str], str]
NAMES = {
    "ibelay": "ibelay",
    "dropin": "script on the drop-in",
    "ib_async": "script on ib_async",
    "watchdog": "the same with its Watchdog",
}
NOT_RUN = frozenset({("F49", "dropin"), ("F49", "ib_async"), ("F49", "watchdog")})
"""ib_async's own throttle waits for a clock to pass a moment that virtual time only reaches."""
_HEAD = """# Faults

<!-- Written by `make faults-page`; change the files in src/ibelay/testing/matrix instead. -->

Fifty failures that people reported from the field, each as a scenario that is run in
[simulation](../guides/simulation.md) with every commit: with ibelay's bot, and for comparison
with a script on [ib_async](../guides/drop-in.md) 2.1 as people write them, with the same script
under ib_async's Watchdog, and on ibelay's drop-in `IB`. All go through the same chaos proxy, in
the same market, in virtual time.

ibelay's bot also goes through them **for real**: gateway, proxy and the supervised bot are
processes that talk over sockets, and the same checks are asked of what they leave behind: the
gateway's book, the messages that passed, the bot's journal, log and status page. Every night
(`make faults-for-real`) at the speed of a clock; some twenty with every commit in a hurry, in a
market at twenty times the speed and judged by what no clock decides: orders, fills, positions,
books. Several processes measure to a tenth of a second and nothing below one: limits of time are
given that much there.

- **noticed**: from the first trouble until the line was doubted or given up; **ready**: from the
  end of the last trouble until it was ready for good.
- **duplicates**: orders that stood at the broker a second time. **lost fills**: fills that the
  program does not know of at the end; **told wrongly**: symbols of which it was told to have
  bought or sold another total than the broker's.
- **naked**: the longest time that something was held without its stop. **into dead line**: orders
  written while nobody heard them. **bars missing**: of those between the first and the end.
- **books**: whether the program believes to hold what the broker holds.

The script connects again five seconds after `disconnectedEvent` and asks for its streams again;
it enters again what the library calls cancelled. The Watchdog's controller restarts the gateway
in 20 seconds. A gateway is ibelay's own; what real ones do is in the sources of each fault.

"""
_COLUMNS = (
    "| | noticed | ready | duplicates | lost fills | told wrongly | naked | into dead line "
    "| bars missing | books |\n|---|---|---|---|---|---|---|---|---|---|"
)


def row(actor: str, result: Result) -> str:
    """Return one actor's row of a fault's table."""
    figures = result.judgement.figures
    link, book = figures.link, figures.book
    noticed = [ns for ns in (link.suspect_ns, link.dead_ns) if ns is not None]
    cells = (
        NAMES[actor],
        seconds(min(noticed)) if noticed else "–",
        "at once" if link.ready_ns == 0 else seconds(link.ready_ns),
        book.duplicates,
        book.lost_fills,
        book.told_twice,
        seconds(book.naked_ns),
        figures.sent.into_dead_link,
        figures.heard.bars_missing,
        "right" if book.books_equal else "wrong",
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def rows_of(text: str) -> dict[tuple[str, str], str]:
    """Return the rows of a page that is written."""
    rows: dict[tuple[str, str], str] = {}
    number = ""
    actors = {name: actor for actor, name in NAMES.items()}
    for line in text.splitlines():
        if heading := re.fullmatch(r"## (F\d\d) .*", line):
            number = heading[1]
        elif (name := line.split("|")[1].strip() if line.startswith("| ") else "") in actors:
            rows[number, actors[name]] = line
    return rows


def compose(rows: Rows) -> str:
    """Return the page made of *rows*."""
    faults = every()
    index = "\n".join(
        f"| [{one.id}](#{_anchor(one)}) | {one.title} | {_state(one)} | {telling.in_short(one)} |"
        for one in faults
    )
    table = f"| fault | | | for real |\n|---|---|---|---|\n{index}\n"
    sections = (_section(fault, rows) for fault in faults)
    return "\n".join([_HEAD + _summary(faults), table, *sections])


def main() -> None:
    """Run everything and write the page."""
    rows = {
        (fault.id, actor): row(actor, run(fault, actor))
        for fault in every()
        for actor in ACTORS
        if (fault.id, actor) not in NOT_RUN
    }
    PAGE.write_text(compose(rows), encoding="utf-8")
    sys.stdout.write(f"{PAGE} is written\n")


def _summary(faults: Sequence[Fault]) -> str:
    owed = sum(fault.id in OWED for fault in faults)
    if not owed:
        return f"ibelay meets **all {len(faults)}**.\n"
    return (
        f"Of {len(faults)} faults ibelay meets **{len(faults) - owed}**. What it owes in the other "
        f"{owed} is said with each,\nand held as a strict expected failure in its tests.\n"
    )


def _section(fault: Fault, rows: Rows) -> str:
    shown = [rows[fault.id, actor] for actor in ACTORS if (fault.id, actor) in rows]
    others = "\n".join(f"- {one}" for one in fault.others)
    debt = OWED.get(fault.id)
    verdict = "**Met.**"
    if debt is not None:
        checks = [*debt.checks, *([f"invariant {debt.invariant}"] if debt.invariant else [])]
        named = ", ".join(f"`{check}`" for check in checks)
        verdict = f"**Owed** by {', '.join(debt.requirement)}: {debt.why} ({named})."
    return (
        f"## {fault.id} {fault.title}\n\n{fault.reported}\n\n"
        f"*Reported in*: {', '.join(fault.sources)}.\n\n*What others do*:\n\n{others}\n\n"
        f"*What a user is owed* ({', '.join(fault.requirement)}): {fault.owed}\n\n{verdict}\n\n"
        f"*For real*: {telling.in_full(fault)}\n\n" + "\n".join([_COLUMNS, *shown]) + "\n"
    )


def _state(fault: Fault) -> str:
    return "owed" if fault.id in OWED else "met"


def _anchor(fault: Fault) -> str:
    heading = f"{fault.id} {fault.title}".lower()
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


if __name__ == "__main__":
    main()
