"""Margin: what a position binds, and what an order would do to the account.

Rules, per unit of the contract and in its currency:
1. Stocks, funds: long 25 % of the value. Short 30 %, but at least 5.00 a share, or the whole
   price where it is below 5.00, and never less than 2.50 a share.
2. Options bought bind nothing: they are paid for, and lend nothing (see rule 7).
3. Options sold: see ``option_margin``.
4. Futures: what the exchange asks (``Instrument.initial_margin``, ``maintenance_margin``),
   long or short; 10 % and 8 % of the notional where it is not known.
5. Coins bind their whole value. Bonds 25 % and 20 %. Anything else its whole value.
6. Balances in other currencies bind 3 % of their value, long or short; that is the margin of
   forex, whose positions bind nothing by themselves.
7. Equity with loan is net liquidation without the value of options. Available funds are
   equity less initial margin, excess liquidity equity less maintenance margin, buying power
   four times the available funds. Cushion is excess liquidity as a share of net liquidation.
8. An order that opens is refused when, filled at its own price or at the mark, whichever is
   worse for the account (options bought at their own), it would leave negative available
   funds. What only closes never is.

**Source**: 1 IBKR's margin page for US stocks; 4 exchange figures as the
instrument tells; 7 IB "Account & Portfolio Data" page. 2.50, 5, 6, the unknown futures of 4
and the pricing in 8 are our choice. Regulation T at the close of the day, SMA, pattern day
trading, portfolio margin and liquidation are not modelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.gateway.exchange.money.cash import FOREX, ZERO, unit_value
from ibelay.gateway.market.api import Instrument

LEVERAGE = 4
OPTIONS = frozenset({"OPT", "FOP", "WAR"})
CURRENCY_SHARE = Decimal("0.03")
_LONG, _SHORT = Decimal("0.25"), Decimal("0.30")
_SHORT_FLOOR, _SHORT_LEAST = Decimal(5), Decimal("2.50")
_FUTURE, _FUTURE_KEPT = Decimal("0.10"), Decimal("0.08")
_BOND, _BOND_KEPT = Decimal("0.25"), Decimal("0.20")
_STOCKS = frozenset({"STK", "ETF", "FUND"})


@dataclass(frozen=True, slots=True)
class Requirement:
    """Money bound: to open a position, and to keep it."""

    initial: Decimal = ZERO
    maintenance: Decimal = ZERO

    def __add__(self, other: Requirement) -> Requirement:
        return Requirement(self.initial + other.initial, self.maintenance + other.maintenance)

    def __mul__(self, factor: Decimal) -> Requirement:
        return Requirement(self.initial * factor, self.maintenance * factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginState:
    """Where an account stands, in its base currency (rule 7)."""

    initial: Decimal
    maintenance: Decimal
    equity_with_loan: Decimal

    @property
    def available_funds(self) -> Decimal:
        """What is free for new positions."""
        return self.equity_with_loan - self.initial

    @property
    def excess_liquidity(self) -> Decimal:
        """What may be lost before positions cannot be kept."""
        return self.equity_with_loan - self.maintenance

    @property
    def buying_power(self) -> Decimal:
        """The value of stocks the available funds would open, 0 if none."""
        return max(ZERO, LEVERAGE * self.available_funds)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginEffect:
    """What a fill would do to an account: the figures of IB's what-if.

    Attributes:
        before: As the account stands.
        after: As it would stand after the fill and its commission, at today's marks.
        commission: Of the fill, in *commission_currency*.
    """

    before: MarginState
    after: MarginState
    commission: Decimal
    commission_currency: str

    @property
    def change(self) -> MarginState:
        """After less before."""
        return MarginState(
            initial=self.after.initial - self.before.initial,
            maintenance=self.after.maintenance - self.before.maintenance,
            equity_with_loan=self.after.equity_with_loan - self.before.equity_with_loan,
        )

    def figures(self) -> dict[str, Decimal]:
        """Return IB's nine margin fields of openOrder by name, and the commission."""
        found = {"commission": self.commission}
        for when, state in (
            ("Before", self.before),
            ("Change", self.change),
            ("After", self.after),
        ):
            found["initMargin" + when] = state.initial
            found["maintMargin" + when] = state.maintenance
            found["equityWithLoan" + when] = state.equity_with_loan
        return found


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why an order cannot be paid for (rule 8), in *currency*."""

    equity_with_loan: Decimal
    initial: Decimal
    currency: str
    code: int = 201

    @property
    def text(self) -> str:
        """The sentence of code 201, with both amounts as IB brackets them."""
        return (
            "Order rejected - reason:the account cannot carry this order. "
            f"EQUITY WITH LOAN VALUE [{self.equity_with_loan:.2f} {self.currency}] must exceed "
            f"INITIAL MARGIN [{self.initial:.2f} {self.currency}]"
        )


def requirement(instrument: Instrument, quantity: Decimal, price: Decimal) -> Requirement:
    """Return what a position that is no option binds in its contract's currency.

    It is never negative (rules 1, 4 and 5).

    Args:
        instrument: What is held.
        quantity: Signed units; 0 binds nothing.
        price: The mark of one unit, as quoted.
    """
    contract, size = instrument.contract, abs(quantity)
    value = abs(unit_value(contract, price))
    if not size or contract.sec_type in OPTIONS | {FOREX}:
        return Requirement()
    if contract.sec_type in _STOCKS:
        each = _LONG * value if quantity > 0 else _short_stock(value)
        return Requirement(each, each) * size
    if contract.sec_type == "FUT":
        return _future(instrument, value) * size
    if contract.sec_type == "BOND":
        return Requirement(_BOND * value, _BOND_KEPT * value) * size
    return Requirement(value, value) * size


def _short_stock(value: Decimal) -> Decimal:
    return max(_SHORT * value, min(value, _SHORT_FLOOR), _SHORT_LEAST)


def _future(instrument: Instrument, value: Decimal) -> Requirement:
    initial = instrument.initial_margin
    kept = instrument.maintenance_margin
    if initial is None:
        return Requirement(_FUTURE * value, _FUTURE_KEPT * value if kept is None else kept)
    return Requirement(initial, initial if kept is None else kept)
