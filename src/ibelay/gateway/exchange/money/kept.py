"""What holdings are worth and bind, kept until what it follows from has changed.

An account is asked whether it can carry an order at every order, and hundreds of positions
stand as they did at the order before.

Rules:
1. A holding's ``Share`` follows from its quantity, its mark, what of a future was settled,
   and its currency's rate.
2. What options sold bind follows from all options of one underlying, from the shares held of
   it, and from all their marks; it is kept in the contracts' own currencies.
3. Whoever changes one of these says so: ``forget``, ``forget_rates``, ``forget_all``.
   Nothing is remembered that could not be worked out again to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from ibelay.gateway.market.api import Instrument
from ibelay.model.ids import ConId


class Share(NamedTuple):
    """What one holding contributes, in the account's base currency.

    Attributes:
        initial: Bound to open it; 0 for options, which bind together.
        maintenance: Bound to keep it.
        asset: What it adds to net liquidation beside cash.
        unlent: The part of *asset* that is no equity with loan: all of an option's.
        underlying: Of an option, 0 for all else.
        currency: The contract's.
    """

    initial: Decimal
    maintenance: Decimal
    asset: Decimal
    unlent: Decimal
    underlying: ConId
    currency: str


@dataclass(slots=True)
class Kept:
    """Shares by contract, and what options bind by underlying and currency."""

    shares: dict[ConId, Share] = field(default_factory=dict)
    options: dict[ConId, Mapping[str, Decimal]] = field(default_factory=dict)

    def copy(self) -> Kept:
        """Return the same, to be changed apart."""
        return Kept(dict(self.shares), dict(self.options))

    def forget(self, con_id: ConId, instrument: Instrument | None) -> None:
        """Forget what follows from the quantity or the mark of *con_id*."""
        self.shares.pop(con_id, None)
        self.options.pop(con_id, None)
        if instrument is not None:
            self.options.pop(instrument.under_con_id, None)

    def forget_rates(self, base: str) -> None:
        """Forget what follows from rates of exchange: all that is not in *base*."""
        self.shares = {con_id: one for con_id, one in self.shares.items() if one.currency == base}

    def forget_all(self) -> None:
        """Forget everything."""
        self.shares.clear()
        self.options.clear()
