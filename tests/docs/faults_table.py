"""Writes the table of commands in docs/guides/paper-gateway.md from the vocabulary itself.

Run ``python -m tests.docs.faults_table`` after a change to the vocabulary.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from ibelay.model.faults import VOCABULARY, Command, usage

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "paper-gateway.md"
BEGIN, END = "<!-- commands: begin -->", "<!-- commands: end -->"


def table() -> str:
    """Return one row a command: how it is written, what it does, where it was seen."""
    rows = ["| command | what it does | seen in |", "|---|---|---|"]
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
    return f"| `{usage(kind)}` | {does} | {seen} |"


if __name__ == "__main__":
    GUIDE.write_text(written(), encoding="utf-8")
