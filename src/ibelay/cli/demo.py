"""``ibelay demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ibelay.errors import ConfigurationError


def demo(
    *,
    market: str = "synthetic",
    date: Annotated[str, Parameter(show_default=False)] = "",
    symbols: Annotated[str, Parameter(show_default=False)] = "",
    seed: int = 7,
    speed: float = 30.0,
    keep: Path | None = None,
) -> int:
    """Watch a bot trade, lose its line, get killed, and come back with its books intact.

    Starts a paper gateway and a bot as separate processes; no account, no network. Exits 0
    only if the bot's book and the broker's book agree in the end.

    Examples:
        `ibelay demo`

        `ibelay demo --market lean:PATH --date 2013-10-08 --symbols SPY,AIG,BAC,IBM`

    Args:
        market: `synthetic`, or `lean:PATH` with a folder of LEAN-format data.
        date: Market day as YYYY-MM-DD; needed with `lean:PATH`.
        symbols: Symbols, separated by commas; four of the synthetic market if not given.
        seed: Chooses the synthetic day.
        speed: Market seconds per real second, 1 to 200.
        keep: Folder to keep the store and the logs in.
    """
    if keep is not None:
        _make(keep)
    from rich.console import Console  # noqa: PLC0415  # commands load lazily

    from ibelay.app.demo.options import DemoOptions  # noqa: PLC0415  # the same
    from ibelay.app.demo.run import run  # noqa: PLC0415  # the same

    options = DemoOptions(
        market=market,
        date=date,
        symbols=tuple(part.strip().upper() for part in symbols.split(",") if part.strip()),
        seed=seed,
        speed=speed,
        keep=keep,
    )
    return run(options, Console())


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the folder {folder} cannot be made ({error.strerror}); choose another with --keep"
        raise ConfigurationError(msg) from error
