"""ibelay's runtime as a simulated program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast

from ibelay.app.theirs import line_of
from ibelay.ib.connector import IbConnector
from ibelay.journal.ledger import Ledger
from ibelay.journal.records import Severity
from ibelay.machines.link_events import LinkState
from ibelay.runtime.bot import Bot
from ibelay.runtime.config import BotConfig
from ibelay.runtime.strategy import FUNCTIONS, AnyStrategy
from ibelay.testing.simulation.observed import LinkChanged, Noted, StrategyFailed
from ibelay.testing.simulation.programs.program import Boot, MakeProgram
from ibelay.testing.simulation.programs.standstill import StandstillError


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


class StrategyEndedError(RuntimeError):
    """A strategy asked for the end of its process, or had to be ended."""


class _Watched:
    """A strategy whose mistakes are seen: the runtime survives them, and goes on."""

    def __init__(self, strategy: AnyStrategy, boot: Boot) -> None:
        self._strategy = strategy
        self._boot = boot
        self._ended = ""

    def __getattr__(self, name: str) -> Any:
        """Return what the strategy has, its functions watched."""
        found = getattr(self._strategy, name)
        return partial(self._call, name, found) if name in FUNCTIONS else found

    def _call(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        if self._ended:
            raise StrategyEndedError(self._ended)
        try:
            return function(*args)
        except StandstillError as error:
            self._ended = error.sentence
            self._failed(error.sentence)
            raise StrategyEndedError(error.sentence) from error
        except BaseException as error:
            line = line_of(error, with_folder=False)
            sentence = f"the strategy raised {error!r} in {name}{f' ({line})' if line else ''}"
            self._failed(sentence)
            if isinstance(error, SystemExit):  # it would end the simulation too
                raise StrategyEndedError(sentence) from error
            raise

    def _failed(self, sentence: str) -> None:
        self._boot.see(StrategyFailed(self._boot.now_ns(), sentence))


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
