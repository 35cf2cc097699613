"""The scenario's strategy as a bot's settings name it, in the bot's own process."""

from __future__ import annotations

import os
from pathlib import Path

from ibelay.app.clock import SystemClock
from ibelay.testing.matrix.actors.scripted import Scripted
from ibelay.testing.matrix.fault import load
from ibelay.testing.matrix.real.parts import STRATEGY_VARIABLE, StrategyPart, told

NAMED = f"{__name__}:make"


def make() -> Scripted:
    """Return the strategy that the environment describes."""
    part: StrategyPart = told(os.environ[STRATEGY_VARIABLE], StrategyPart)
    fault, clock, diary = load(Path(part.fault)), SystemClock(), Path(part.diary)

    def saw(symbol: str, began_ns: int) -> None:
        with diary.open("a", encoding="ascii") as lines:
            lines.write(f"{clock.wall_ns()} {symbol} {began_ns}\n")

    return Scripted(
        fault.plan, fault.setting.symbols, began_market_ns=part.began_market_ns, saw=saw
    )
