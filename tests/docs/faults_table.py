"""Writes the table of commands in docs/guides/paper-gateway.md from the vocabulary itself.

Run ``python -m tests.docs.faults_table`` after a change to the vocabulary.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from ibelay.model.faults import PERFORMERS, VOCABULARY, Command, Performer, usage

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "paper-gateway.md"
BEGIN, END = "<!-- commands: begin -->", "<!-- commands: end -->"

_SHORT = {
    Performer.GATEWAY: "gateway",
    Performer.PROXY: "proxy",
    Performer.SIMULATION: "simulation",
}


def table() -> str:
    """Return one row a command: how it is written, what it does, who does it, where it was seen."""
    rows = ["| command | what it does | done by | seen in |", "|---|---|---|---|"]
    rows += [_row(kind) for kind in VOCABULARY.values()]
    return "\n".join(rows)


def written() -> str:
    """Return the guide as it should be."""
    text = GUIDE.read_text(encoding="utf-8")
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _row(kind: type[Command]) -> str:
    story, _mark, source = (inspect.getdoc(kind) or "").partition("**Source**:")
    does = " ".join(story.split()).replace("``", "`")
    seen = re.sub(r"shared IB facts", "IB facts", " ".join(source.split()).rstrip("."))
    done_by = ", ".join(_SHORT[one] for one in PERFORMERS[kind])
    return f"| `{usage(kind)}` | {does} | {done_by} | {seen} |"


if __name__ == "__main__":
    GUIDE.write_text(written(), encoding="utf-8")
