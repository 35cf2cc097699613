"""``ibelay up`` and the commands that talk to a running bot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from ibelay.cli.examples import register

DEFAULT_SETTINGS = Path("bot.toml")
Settings = Annotated[Path, Parameter(name=["--settings", "-s"])]

safe_mode = App(
    name="safe-mode",
    help="Leave safe mode, once its cause is mended.",
    help_epilogue='Example: `ibelay safe-mode clear --cause "logged in to the gateway again"`',
)
worklist = App(
    name="worklist",
    help="Show and change the watch list of a running bot.",
    help_epilogue="Example: `ibelay worklist add AAPL`",
)


def up(settings: Settings = DEFAULT_SETTINGS) -> int:
    """Run a bot under its supervisor, with its status page, until Ctrl-C.

    Examples:
        `ibelay up bot.toml`

    Args:
        settings: The bot's TOML file.
    """
    from ibelay.app.up import up as run  # noqa: PLC0415  # commands load lazily

    return run(settings, lambda line: print(line, flush=True))  # noqa: T201  # for a person


def status(*, settings: Settings = DEFAULT_SETTINGS) -> int:
    """Show what a running bot is doing; exit 1 if it is not healthy.

    Examples:
        `ibelay status --settings bot.toml`

    Args:
        settings: The bot's TOML file, which says where it listens.
    """
    from ibelay.app.remote import show_status  # noqa: PLC0415  # commands load lazily

    return show_status(settings)


def clear(*, cause: str, settings: Settings = DEFAULT_SETTINGS) -> int:
    """Clear safe mode and record who did and why; the bot connects afresh.

    Works on a running bot, and on the store of one that is not running.

    Examples:
        `ibelay safe-mode clear --cause "gateway was logged out, logged in again"`

    Args:
        cause: What was wrong and what was done about it.
        settings: The bot's TOML file.
    """
    from ibelay.app.remote import clear_safe_mode  # noqa: PLC0415  # commands load lazily

    return clear_safe_mode(settings, cause)


def list_symbols(*, settings: Settings = DEFAULT_SETTINGS) -> int:
    """List the watched symbols with their last prices.

    Examples:
        `ibelay worklist list`

    Args:
        settings: The bot's TOML file.
    """
    from ibelay.app.remote import show_worklist  # noqa: PLC0415  # commands load lazily

    return show_worklist(settings)


def add(symbol: str, *, settings: Settings = DEFAULT_SETTINGS) -> int:
    """Add a symbol to the watch list.

    Examples:
        `ibelay worklist add AAPL`

    Args:
        symbol: A stock's symbol.
        settings: The bot's TOML file.
    """
    from ibelay.app.remote import change_worklist  # noqa: PLC0415  # commands load lazily

    return change_worklist(settings, symbol, add=True)


def remove(symbol: str, *, settings: Settings = DEFAULT_SETTINGS) -> int:
    """Remove a symbol from the watch list; a position in it stays managed.

    Examples:
        `ibelay worklist remove AAPL`

    Args:
        symbol: A stock's symbol.
        settings: The bot's TOML file.
    """
    from ibelay.app.remote import change_worklist  # noqa: PLC0415  # commands load lazily

    return change_worklist(settings, symbol, add=False)


register(safe_mode, clear)
register(worklist, list_symbols, "list")
register(worklist, add)
register(worklist, remove)
