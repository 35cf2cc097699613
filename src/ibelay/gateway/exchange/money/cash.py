"""Currencies: what they are worth in the account's base currency, and how fills are paid.

Rules:
1. A currency's rate is the last mark of its pair with the base (``EUR.USD``, or one over
   ``USD.JPY``); before the first mark it is a fixed, round one.
2. A currency nobody has a rate for is refused when the account is made, not when it trades.
3. Stocks, options, bonds, funds and coins are paid for in full. A future is not: its gains
   and losses are (``VARIATION``). Forex exchanges one currency for the other.
4. Bonds are quoted in per cent of face value.

**Source**: IB "Account & Portfolio Data" page (ExchangeRate rows are against the base); the
fixed rates are our choice, round figures of 2025.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from types import MappingProxyType

from ibelay.errors import ConfigurationError
from ibelay.model.contract import Contract

ZERO = Decimal(0)
ONE = Decimal(1)
FOREX = "CASH"
VARIATION = frozenset({"FUT"})
CENT = Decimal("0.01")
_HUNDRED = Decimal(100)
_WIDE = Context(prec=60)  # a hostile what-if has more digits than the usual 28
DOLLARS: Mapping[str, Decimal] = MappingProxyType(
    {
        "USD": ONE,
        "EUR": Decimal("1.10"),
        "GBP": Decimal("1.28"),
        "CHF": Decimal("1.15"),
        "JPY": Decimal("0.0068"),
        "AUD": Decimal("0.65"),
        "NZD": Decimal("0.60"),
        "CAD": Decimal("0.72"),
        "HKD": Decimal("0.128"),
        "SGD": Decimal("0.75"),
        "CNH": Decimal("0.14"),
        "SEK": Decimal("0.096"),
        "NOK": Decimal("0.094"),
        "DKK": Decimal("0.147"),
        "MXN": Decimal("0.053"),
        "PLN": Decimal("0.26"),
        "CZK": Decimal("0.044"),
        "HUF": Decimal("0.0028"),
        "ILS": Decimal("0.27"),
        "ZAR": Decimal("0.055"),
        "KRW": Decimal("0.00072"),
        "INR": Decimal("0.0117"),
    }
)


def unit_value(contract: Contract, price: Decimal) -> Decimal:
    """Return what one unit of *contract* is worth at *price*, in its currency."""
    if contract.sec_type == "BOND":
        return price * contract.multiplier / _HUNDRED
    return price * contract.multiplier


def rounded(value: Decimal, step: Decimal = CENT) -> Decimal:
    """Return *value* to *step*, however large it is; never a negative zero."""
    result = value.quantize(step, context=_WIDE)
    return result or abs(result)


class Rates:
    """What one unit of each currency is worth in *base*.

    Args:
        base: The account's currency.
        needed: Currencies that must have a rate.
        fixed: Rates in *base* to begin with, instead of the table's.

    Raises:
        ConfigurationError: A needed currency has no rate.
    """

    def __init__(
        self,
        base: str,
        needed: Iterable[str] = (),
        fixed: Mapping[str, Decimal] | None = None,
    ) -> None:
        self.base = base
        self._known = dict(fixed or {}) | {base: ONE}
        if base in DOLLARS:
            for currency, dollars in DOLLARS.items():
                self._known.setdefault(currency, dollars / DOLLARS[base])
        missing = sorted(set(needed) - self._known.keys())
        if missing:
            raise ConfigurationError(
                f"no exchange rate of {', '.join(missing)} to {base} is known: "
                "trade instruments in other currencies or give the account a rate"
            )

    def follow(self, pair: Contract, price: Decimal) -> None:
        """Take the mark of *pair* as a rate if it is forex against the base (rule 1)."""
        if pair.sec_type != FOREX or price <= 0:
            return
        if pair.currency == self.base:
            self._known[pair.symbol] = price
        elif pair.symbol == self.base:
            self._known[pair.currency] = ONE / price

    def of(self, currency: str) -> Decimal:
        """Return what one unit of *currency* is worth in the base."""
        return self._known[currency]

    def price(self, pair: Contract) -> Decimal:
        """Return the price of a forex *pair* that fits the rates of both its currencies."""
        return self.of(pair.symbol) / self.of(pair.currency)


def currencies(contracts: Iterable[Contract]) -> set[str]:
    """Return the currencies that fills of *contracts* move."""
    found: set[str] = set()
    for contract in contracts:
        found.add(contract.currency)
        if contract.sec_type == FOREX:
            found.add(contract.symbol)
    return found
