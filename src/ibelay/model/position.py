"""What is held."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.model.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A holding as the broker reports it; negative quantity is short.

    ``average_cost`` is per share including commission, as IB counts it.
    """

    account: str
    contract: Contract
    quantity: Decimal
    average_cost: Decimal
