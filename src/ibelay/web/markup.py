"""Small pieces of HTML: amounts, lists of facts, tables. Pure.

Cells and facts are HTML already; whoever makes them escapes what is not ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape as _e


def gain(text: str) -> str:
    """Return an amount with a sign that does not depend on seeing colours."""
    if text.startswith("-") and text.strip("-0.") != "":
        return f'<span class="bad">▼ {_e(text)}</span>'
    if text.strip("+0.") == "" or text.startswith("-"):
        return _e(text)
    return f'<span class="good">▲ {_e(text)}</span>'


def number(value: float | None, unit: str) -> str:
    """Return a figure with its unit, or a dash where there is none."""
    return "–" if value is None else f"{value:.1f} {unit}"


def fact_list(facts: Mapping[str, str]) -> str:
    """Return names with what is known under them."""
    pairs = "".join(f"<dt>{head}</dt><dd>{value}</dd>" for head, value in facts.items())
    return f"<dl>{pairs}</dl>"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> str:
    """Return a table of cells that are HTML already; on a phone each row becomes a card."""
    if not rows:
        return f"<p class=quiet>{nothing}</p>"
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td data-head="{name}">{cell}</td>' for name, cell in zip(heads, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    whole = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{whole}</div>'
