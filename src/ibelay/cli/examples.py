"""Shows a command's examples, which stand once, in its docstring, below its help.

cyclopts leaves a docstring's Examples section out of the help it prints.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from cyclopts import App


def register(group: App, command: Callable[..., int], name: str | None = None) -> None:
    """Make *command* a command of *group*, with its examples at the end of its help."""
    given: dict[str, Any] = {} if name is None else {"name": name}
    shown = "\n\n".join(f"Example: `{line}`" for line in examples(command))
    group.command(command, help_epilogue=shown, **given)


def examples(command: Callable[..., int]) -> tuple[str, ...]:
    """Return the command lines in the Examples section of *command*'s docstring."""
    _before, _title, after = (inspect.getdoc(command) or "").partition("\nExamples:\n")
    section = after.partition("\n\nArgs:\n")[0]
    return tuple(line.strip().strip("`") for line in section.splitlines() if line.strip())
