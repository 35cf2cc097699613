"""Calculations about options."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.model.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculateImpliedVolatility:
    """Which volatility makes *option_price*; prices in dollars, None if not set."""

    request_id: int
    contract: Contract
    option_price: Decimal | None
    under_price: Decimal | None

    @property
    def given(self) -> tuple[str, Decimal | None]:
        """What the calculation starts from, by name."""
        return "option price", self.option_price


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculateOptionPrice:
    """What an option is worth at *volatility* per year (0.2 for 20 %), None if not set."""

    request_id: int
    contract: Contract
    volatility: Decimal | None
    under_price: Decimal | None

    @property
    def given(self) -> tuple[str, Decimal | None]:
        """What the calculation starts from, by name."""
        return "volatility", self.volatility


@dataclass(frozen=True, slots=True)
class CancelCalculation:
    """End of either."""

    request_id: int


Calculation = CalculateImpliedVolatility | CalculateOptionPrice
OptionRequests = Calculation | CancelCalculation
