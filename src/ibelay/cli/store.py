"""``ibelay store``: what a person does with a journal by hand."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from ibelay.cli.bots import DEFAULT_SETTINGS, Settings
from ibelay.cli.examples import register

store = App(
    name="store",
    help="Back the journal up, or set a damaged one aside.",
    help_epilogue="Example: `ibelay store backup ibelay-backup.db`",
)


def set_aside(*, settings: Settings = DEFAULT_SETTINGS) -> int:
    """Rename a damaged journal, so that the bot can recover from the broker alone.

    Nothing is deleted. The next start adopts the positions of watched symbols from the broker;
    levels, attempts and reasons are gone with the journal unless a backup is put in its place.

    Examples:
        `ibelay store set-aside --settings bot.toml`

    Args:
        settings: The bot's TOML file.
    """
    from ibelay.app.stores import set_store_aside  # noqa: PLC0415  # commands load lazily

    return set_store_aside(settings)


def backup(to: Path, *, settings: Settings = DEFAULT_SETTINGS) -> int:
    """Copy the journal while the bot may be running, and prove the copy.

    Examples:
        `ibelay store backup ibelay-backup.db`

    Args:
        to: The file to copy to; an earlier backup there is replaced.
        settings: The bot's TOML file.
    """
    from ibelay.app.stores import back_store_up  # noqa: PLC0415  # commands load lazily

    return back_store_up(settings, to)


register(store, set_aside, "set-aside")
register(store, backup)
