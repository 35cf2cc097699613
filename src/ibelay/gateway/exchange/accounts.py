"""One account: its books, what an order would do to them, and IB's figures of them.

Rules:
1. What fills do: ``money.books``, ``money.cash``, ``money.holding``; margin and funds:
   ``money.margin``; profit and loss: ``money.profit``; the keys of the figures:
   ``money.figures``.
2. What an order would do is found out by booking it on a copy: the effect told is what the
   account shows after that fill, to the last digit.

For the book: ``commission`` charges a fill; ``objection`` says why an order, new or changed,
cannot be paid for (code and sentence); ``effect`` and, for combinations, ``effect_of`` are the
what-if; ``expire`` settles what stopped trading; ``start_day`` begins the next day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from ibelay.gateway.exchange.commissions import charge
from ibelay.gateway.exchange.events import PositionChanged
from ibelay.gateway.exchange.money.books import Books
from ibelay.gateway.exchange.money.cash import ZERO, Rates, currencies
from ibelay.gateway.exchange.money.figures import Row, account_rows, ledger, ledger_rows
from ibelay.gateway.exchange.money.holding import average
from ibelay.gateway.exchange.money.margin import OPTIONS, MarginEffect, MarginState, Shortfall
from ibelay.gateway.exchange.money.profit import PositionProfit, Profit
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.order import Action
from ibelay.model.position import Position

_NO_SHORT_COINS = (201, "Order rejected - reason:cryptocurrencies cannot be sold short")
__all__ = ["Account", "Trade", "average"]


class Trade(NamedTuple):
    """A fill that might be: *quantity* is positive, *price* as quoted."""

    instrument: Instrument
    action: Action
    quantity: Decimal
    price: Decimal


class Account:
    """Books fills and tells the account's figures.

    Args:
        name: Account code, such as ``DU1234567``.
        cash: Starting cash in the base currency.
        instruments: What may be traded: forex pairs among them give the rates of exchange.
        base: The account's own currency.
        rates: Fixed rates of exchange in the base, until a pair is marked.

    Raises:
        ConfigurationError: An instrument trades in a currency without a rate.
    """

    def __init__(
        self,
        name: str,
        cash: Decimal,
        instruments: Sequence[Instrument] = (),
        *,
        base: str = "USD",
        rates: Mapping[str, Decimal] | None = None,
    ) -> None:
        self.name = name
        self.base = base
        needed = currencies(one.contract for one in instruments) | {"USD"}
        self._books = Books(
            rates=Rates(base, needed, rates),
            instruments={one.contract.con_id: one for one in instruments},
            balances={base: cash},
            opening_equity=cash,
        )

    # Fills -------------------------------------------------------------------------

    def mark(self, con_id: ConId, price: Decimal) -> None:
        """Value holdings of *con_id* at *price* from now on."""
        self._books.mark(con_id, price)

    def commission(
        self,
        contract: Contract,
        quantity: Decimal,
        price: Decimal,
        *,
        filled_before: Decimal = ZERO,
        value_before: Decimal = ZERO,
    ) -> Decimal:
        """Return what a fill is charged, in the contract's currency; see ``charge``."""
        rates = self._books.rates
        return charge(
            contract,
            quantity,
            price,
            filled_before=filled_before,
            value_before=value_before,
            per_dollar=rates.of("USD") / rates.of(contract.currency),
        )

    def apply(
        self, contract: Contract, action: Action, quantity: Decimal, price: Decimal, fee: Decimal
    ) -> Decimal | None:
        """Book a fill; return its realized P&L, None if it only opened.

        Args:
            contract: What was traded.
            action: The side.
            quantity: Units, positive.
            price: As quoted.
            fee: The commission; like what is returned in the contract's currency.
        """
        return self._books.book(contract, action.sign * quantity, price, fee)

    def start_day(self, closes: Mapping[ConId, Decimal] | None = None) -> None:
        """Begin a day: pay out futures, forget what was closed, count profits from now.

        Args:
            closes: Previous closes to count from; else the last marks.
        """
        for con_id, price in (closes or {}).items():
            self.mark(con_id, price)
        self._books.start_day()

    # Positions ---------------------------------------------------------------------

    def expire(self, now_ns: int) -> list[PositionChanged]:
        """Settle what has expired by *now_ns*, ns since the epoch; return what that changed."""
        return [self.row(con_id) for con_id in self._books.expire(now_ns)]

    @property
    def expires_ns(self) -> int | None:
        """When the first of what is held expires, ns since the epoch, UTC; None for never."""
        return self._books.next_expiry_ns

    def split(self, con_id: ConId, ratio: Decimal) -> None:
        """Hold *ratio* units of *con_id* for each one, at the same cost and value."""
        self._books.split(con_id, ratio)

    def quantity(self, con_id: ConId) -> Decimal:
        """Return the signed quantity held of *con_id*."""
        holding = self._books.holdings.get(con_id)
        return holding.quantity if holding else ZERO

    def opening(self, con_id: ConId, action: Action, quantity: Decimal) -> Decimal:
        """Return how much of an order would open or add rather than close."""
        closable = max(ZERO, -self.quantity(con_id) * action.sign)
        return max(ZERO, quantity - closable)

    def row(self, con_id: ConId) -> PositionChanged:
        """Return the holding of *con_id* as the broker reports it."""
        holding = self._books.holdings[con_id]
        position = Position(
            account=self.name,
            contract=holding.contract,
            quantity=holding.quantity,
            average_cost=average(holding.cost, holding.quantity),
        )
        return PositionChanged(
            position=position,
            market_price=self._books.marks[con_id],
            realized_pnl=holding.realized,
        )

    def rows(self) -> list[PositionChanged]:
        """Return every holding of the day; those closed today have quantity 0.

        **Source**: IB_FACTS section 3, reqPositions: zero rows only for closed today.
        """
        return [self.row(con_id) for con_id in self._books.holdings]

    def profit_of(self, con_id: ConId) -> PositionProfit | None:
        """Return today's profit and loss of one position, None if it was not held today."""
        return self._books.profit_of(con_id)

    # Figures, in the base currency -------------------------------------------------

    @property
    def balances(self) -> Mapping[str, Decimal]:
        """Cash by currency."""
        return self._books.balances

    @property
    def cash(self) -> Decimal:
        """All balances."""
        return self._books.cash

    @property
    def net_liquidation(self) -> Decimal:
        """Cash and the value of everything held."""
        return self._books.net_liquidation

    @property
    def gross_position_value(self) -> Decimal:
        """Value of longs plus that of shorts, without futures and forex."""
        return self._books.gross_position_value

    @property
    def unrealized(self) -> Decimal:
        """Value less cost of everything held."""
        return self.profit().unrealized

    @property
    def realized(self) -> Decimal:
        """P&L of everything closed today, commissions included."""
        return self.profit().realized

    @property
    def buying_power(self) -> Decimal:
        """The value of stocks the account may still buy."""
        return self.margin().buying_power

    @property
    def cushion(self) -> Decimal | None:
        """Excess liquidity as a share of net liquidation; None if there is nothing left."""
        net = self.net_liquidation
        return self.margin().excess_liquidity / net if net > 0 else None

    def profit(self) -> Profit:
        """Return today's profit and loss."""
        return self._books.profit()

    def margin(self) -> MarginState:
        """Return what positions and balances bind, and the equity that carries them."""
        return self._books.margin()

    def values(self) -> list[tuple[str, str, str]]:
        """Return the account's totals, then its ledger (IB's key, value, currency or empty)."""
        return [*self.totals(), *self.ledger()]

    def totals(self) -> list[Row]:
        """Return the figures of the account as a whole."""
        return account_rows(self._books, self.name)

    def ledger(self) -> list[Row]:
        """Return the figures by currency, those of BASE first."""
        return ledger_rows(ledger(self._books), self.name)

    # What an order would do --------------------------------------------------------

    def effect(
        self, action: Action, instrument: Instrument, quantity: Decimal, price: Decimal
    ) -> MarginEffect:
        """Return what filling an order at *price* would do to margin and equity."""
        return self.effect_of([Trade(instrument, action, quantity, price)])

    def effect_of(self, trades: Sequence[Trade]) -> MarginEffect:
        """Return what filling all of *trades* would do: a combination's legs, or one order.

        Its commission is in the currency of the first, which there must be.
        """
        before = self.margin()
        after, fees = self._after(trades)
        return MarginEffect(
            before=before,
            after=after,
            commission=fees,
            commission_currency=trades[0].instrument.contract.currency,
        )

    def _after(self, trades: Sequence[Trade]) -> tuple[MarginState, Decimal]:
        """Return the account after *trades*, and their commission."""
        rates = self._books.rates
        twin = self._books.trial(one.instrument for one in trades)
        fees = ZERO
        currency = trades[0].instrument.contract.currency
        for instrument, action, quantity, price in trades:
            contract = instrument.contract
            fee = self.commission(contract, quantity, price)
            twin.book(contract, action.sign * quantity, price, fee)
            same = contract.currency == currency
            fees += fee if same else fee * rates.of(contract.currency) / rates.of(currency)
        return twin.margin(), fees

    def objection(
        self, action: Action, instrument: Instrument, quantity: Decimal, price: Decimal | None
    ) -> tuple[int, str] | None:
        """Return IB's code and sentence for an order that cannot be paid for, or None.

        Args:
            action: The side.
            instrument: What is traded.
            quantity: What is still to fill, positive.
            price: What it may fill at; None for "at the mark". Where there is neither,
                nothing is objected to.
        """
        contract = instrument.contract
        if not self.opening(contract.con_id, action, quantity):
            return None
        buys = action is Action.BUY
        if contract.sec_type == "CRYPTO" and not buys:
            return _NO_SHORT_COINS
        mark = self._books.marks.get(contract.con_id)
        known = [one for one in (price, mark) if one is not None]
        if not known:
            return None
        worst = max(known) if buys else min(known)
        paid = known[0] if buys and contract.sec_type in OPTIONS else worst
        return self.objection_to([Trade(instrument, action, quantity, paid)])

    def objection_to(self, trades: Sequence[Trade]) -> tuple[int, str] | None:
        """Return the same for all of *trades* together, at their prices."""
        if not any(self.opening(one[0].contract.con_id, one[1], one[2]) for one in trades):
            return None
        after, _ = self._after(trades)
        if after.available_funds >= 0:
            return None
        short = Shortfall(after.equity_with_loan, after.initial, self.base)
        return short.code, short.text
