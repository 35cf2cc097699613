"""ibelay's runtime as a simulated program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast

from ibelay.ib.connector import IbConnector
from ibelay.journal.ledger import Ledger
from ibelay.journal.records import Severity
from ibelay.machines.link_events import LinkState
from ibelay.runtime.bot import Bot
from ibelay.runtime.config import BotConfig
from ibelay.runtime.strategy import FUNCTIONS, AnyStrategy
from ibelay.testing.simulation.observed import LinkChanged, Noted, StrategyFailed
from ibelay.testing.simulation.programs.program import Boot, MakeProgram


def runtime(config: BotConfig, strategy: Callable[[], AnyStrategy]) -> MakeProgram:
    """Return what makes a bot.

    Args:
        config: Of every boot.
        strategy: Makes a strategy for each boot.
    """

    def make(boot: Boot) -> Bot:
        ledger, journal = Ledger(), boot.open_journal()
        for entry in journal.replay():
            ledger.apply(entry.record)
        bot = Bot(
            replace(config, safe_mode_reason=boot.safe_mode_reason),
            strategy=cast("AnyStrategy", _Watched(strategy(), boot)),
            ledger=ledger,
            journal=journal,
            connector=IbConnector(boot.clock),
            clock=boot.clock,
            chance=boot.chance,
        )
        bot.chronicle.readers.append(_Reader(boot))
        return bot

    return make


class _Watched:
    """A strategy whose mistakes are seen: the runtime survives them, and goes on."""

    def __init__(self, strategy: AnyStrategy, boot: Boot) -> None:
        self._strategy = strategy
        self._boot = boot

    def __getattr__(self, name: str) -> Any:
        """Return what the strategy has, its functions watched."""
        found = getattr(self._strategy, name)
        return partial(self._call, name, found) if name in FUNCTIONS else found

    def _call(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        try:
            return function(*args)
        except BaseException as error:
            self._boot.see(StrategyFailed(self._boot.now_ns(), name, repr(error)))
            raise


class _Reader:
    """Reads one boot's chronicle."""

    def __init__(self, boot: Boot) -> None:
        self._boot = boot

    def noted(self, severity: Severity, text: str) -> None:
        """See what it tells its operator."""
        self._boot.see(Noted(self._boot.now_ns(), severity, text))

    def changed(self, before: LinkState, after: LinkState, reason: str) -> None:
        """See what becomes of its connection."""
        self._boot.see(LinkChanged(self._boot.now_ns(), before, after, reason))
