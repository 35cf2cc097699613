"""What a long command says: whole lines, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

TENTHS = 10


@contextmanager
def progress(console: Console, doing: str, total: int, said: str) -> Iterator[Callable[[], None]]:
    """Show how far it is meanwhile: a bar at a terminal, else a line with each tenth of it.

    Args:
        console: Where.
        doing: What is done, beside the bar.
        total: How many parts it has.
        said: A line, with places for how many parts are done and for *total*. There is none
            after the last: what came of it is said then.

    Yields:
        What is to be called after each part.
    """
    from rich.progress import Progress  # noqa: PLC0415  # commands load lazily

    done = 0
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task(doing, total=total)

        def advance() -> None:
            nonlocal done
            before, done = done, done + 1
            bars.advance(bar)
            tenth = before * TENTHS // total < done * TENTHS // total
            if tenth and done < total and not console.is_terminal:
                line(console, said.format(done, total))

        yield advance


def line(console: Console, text: str, style: str = "") -> None:
    """Print *text* as it is: what is copied from here must not be broken or coloured in."""
    console.print(text, markup=False, highlight=False, soft_wrap=True, style=style)
