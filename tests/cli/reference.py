"""Writes docs/reference/cli.md and settings.md from the commands and the settings themselves.

Run it after changing either: ``python -m tests.cli.reference``. A test compares the pages with
what it would write.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import App
from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ibelay.app.settings import BotSettings
from ibelay.cli.examples import examples
from ibelay.cli.main import app

PAGES = Path(__file__).parents[2] / "docs" / "reference"

_CLI_HEAD = """\
# Commands

Written by `python -m tests.cli.reference`; change the commands, not this page.

`python -m ibelay` is the same as `ibelay`. Every command answers `--help`. What goes wrong is
one sentence on standard error, and the exit code says who must act:

| code | meaning |
|---|---|
| 0 | done |
| 1 | a check or a demo failed, or a bot is not healthy |
| 2 | wrong arguments |
| 69 | nothing listens: no gateway or no bot at the address |
| 70 | a bug of ibelay |
| 74 | the system refused a file or a socket |
| 78 | a setting, an option, a file or the store must be mended by a person |
| 130 | interrupted with Ctrl-C |
"""
_SETTINGS_HEAD = """\
# Settings

Written by `python -m tests.cli.reference`; change the settings, not this page.

`ibelay up bot.toml` reads one TOML file. Every setting has a default. A key that does not exist
is refused by name. Relative paths are relative to the file. The environment wins over the file:
`IBELAY__GATEWAY__PORT=4002` overrides `port` in `[gateway]`. Times are seconds.

```toml
[bot]
name = "ps60"
scanner = "scanner.toml"

[gateway]
port = 4002
```
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command as a person calls it."""

    app: App
    function: Callable[..., Any]

    @property
    def examples(self) -> tuple[str, ...]:
        """Its example command lines."""
        return examples(self.function)

    @property
    def story(self) -> str:
        """What it does: its docstring before the examples."""
        return (inspect.getdoc(self.function) or "").partition("\n\nExamples:")[0]


def commands() -> dict[str, Command]:
    """Return every command by its full name, ``ibelay …``."""
    return dict(_commands("ibelay", app))


def _commands(prefix: str, group: App) -> Iterator[tuple[str, Command]]:
    for name in group:
        if name.startswith("-"):
            continue
        inner = group[name]
        if inner.default_command is None:
            yield from _commands(f"{prefix} {name}", inner)
        else:
            yield f"{prefix} {name}", Command(app=inner, function=inner.default_command)


def cli_page() -> str:
    """Return docs/reference/cli.md."""
    return "\n".join([_CLI_HEAD, *(_section(*item) for item in commands().items())])


def _section(name: str, command: Command) -> str:
    lines = [f"## {name}", "", command.story, "", "```", *command.examples, "```", ""]
    lines += ["| option | default | meaning |", "|---|---|---|"]
    for argument in command.app.assemble_argument_collection(parse_docstring=True):
        default = "required" if argument.required else _value(argument.field_info.default)
        called = dict.fromkeys((*argument.names, *argument.negatives))
        names = ", ".join(f"`{one}`" for one in called)
        meaning = " ".join((argument.parameter.help or "").split())  # a row is one line
        lines.append(f"| {names} | {default} | {meaning} |")
    return "\n".join([*lines, ""])


def settings_page() -> str:
    """Return docs/reference/settings.md."""
    return "\n".join([_SETTINGS_HEAD, *(_table(*item) for item in sections().items())])


def sections() -> dict[str, type[BaseModel]]:
    """Return the sections of the settings by name."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in BotSettings.model_fields.items():
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, BaseModel)
        found[name] = field.annotation
    return found


def _table(name: str, section: type[BaseModel]) -> str:
    lines = [f"## [{name}]", "", inspect.getdoc(section) or "", ""]
    lines += ["| key | default | meaning |", "|---|---|---|"]
    for key, field in section.model_fields.items():
        keys = ", ".join(f"`{one}`" for one in (key, *_aliases(key, field)))
        lines.append(f"| {keys} | {_value(field.default)} | {field.description} |")
    return "\n".join([*lines, ""])


def _aliases(key: str, field: FieldInfo) -> list[str]:
    """Return the other names a setting answers to."""
    if not isinstance(field.validation_alias, AliasChoices):
        return []
    return [str(one) for one in field.validation_alias.choices if one != key]


def _value(default: Any) -> str:
    if default is None or default is inspect.Parameter.empty or default is PydanticUndefined:
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    return f"`{default}`" if str(default) and default != () else "none"


def main() -> None:
    """Write both pages."""
    (PAGES / "cli.md").write_text(cli_page(), encoding="utf-8")
    (PAGES / "settings.md").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
