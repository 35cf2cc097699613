"""What a demo can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ibelay.errors import ConfigurationError
from ibelay.gateway.market import lean, synthetic
from ibelay.gateway.market.api import Market

SYNTHETIC = "synthetic"
_LEAN = "lean:"
_DEFAULT_SYMBOLS = ("SPY", "AAPL", "MSFT", "NVDA")
_DEFAULT_DATE = "2026-03-10"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """One demo.

    Attributes:
        market: ``synthetic`` or ``lean:FOLDER``.
        date: Market day, YYYY-MM-DD; required with a LEAN folder.
        symbols: What is traded; empty takes four of the synthetic market.
        seed: Of the synthetic market.
        speed: Market seconds per real second.
        keep: Folder for the store, the logs and the files; None uses one that is removed.
    """

    market: str = SYNTHETIC
    date: str = ""
    symbols: tuple[str, ...] = ()
    seed: int = 7
    speed: float = 30.0
    keep: Path | None = None

    def resolved(self) -> DemoOptions:
        """Return the options with every default filled in.

        Raises:
            ConfigurationError: The market is neither of the two kinds, a LEAN market has no
                date, or the speed is not between 1 and 200.
        """
        if not 1 <= self.speed <= 200:
            msg = f"the demo's speed is {self.speed:g}; expected 1 to 200 market seconds a second"
            raise ConfigurationError(msg)
        if self.market != SYNTHETIC and not self.market.startswith(_LEAN):
            msg = f"market {self.market!r} is not known; expected 'synthetic' or 'lean:FOLDER'"
            raise ConfigurationError(msg)
        if self.market != SYNTHETIC and not self.date:
            msg = "a replay needs a day: add --date YYYY-MM-DD"
            raise ConfigurationError(msg)
        return DemoOptions(
            market=self.market,
            date=self.date or _DEFAULT_DATE,
            symbols=self.symbols or _DEFAULT_SYMBOLS,
            seed=self.seed,
            speed=self.speed,
            keep=self.keep,
        )

    @property
    def replay(self) -> bool:
        """Whether the prices are real ones."""
        return self.market != SYNTHETIC

    def load_market(self) -> Market:
        """Return the market, the same one the gateway process will load.

        Raises:
            ConfigurationError: The folder, the day or a symbol is not there.
        """
        if self.replay:
            folder = Path(self.market.removeprefix(_LEAN))
            return lean(folder, self.date, self.symbols)
        return synthetic(self.seed, self.symbols, self.date)
