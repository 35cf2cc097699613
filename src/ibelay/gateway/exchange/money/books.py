"""The books of an account: balances, holdings and marks, and what they come to.

Rules:
1. Balances change by fills, commissions and the settlement of futures only (``cash``).
2. Net liquidation less starting cash = realized + unrealized, all in the base currency and
   at unchanged rates of exchange, from the beginning of the first day to its end.
3. Forex is held as two balances; its position is a record of the trades, worth what the
   rates of its currencies say, and adds nothing to net liquidation by itself.
4. All totals are in the base currency, nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ibelay.gateway.exchange.money import option_margin
from ibelay.gateway.exchange.money.cash import FOREX, VARIATION, ZERO, Rates, unit_value
from ibelay.gateway.exchange.money.expiry import settled
from ibelay.gateway.exchange.money.holding import Holding
from ibelay.gateway.exchange.money.margin import (
    CURRENCY_SHARE,
    OPTIONS,
    MarginState,
    Requirement,
    requirement,
)
from ibelay.gateway.exchange.money.profit import PositionProfit, Profit, position_profit, total
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId


@dataclass(slots=True)
class Books:
    """What an account owns and owes.

    Attributes:
        rates: What currencies are worth.
        instruments: What may be traded.
        balances: Cash by currency; negative where it is owed.
        holdings: What is held, or was today.
        marks: Last prices, as quoted.
        opening_equity: Equity with loan when the day began.
        next_expiry_ns: When the first of what is held expires, ns since the epoch, UTC; None
            for never.
    """

    rates: Rates
    instruments: Mapping[ConId, Instrument]
    balances: dict[str, Decimal]
    holdings: dict[ConId, Holding] = field(default_factory=dict)
    marks: dict[ConId, Decimal] = field(default_factory=dict)
    opening_equity: Decimal = ZERO
    next_expiry_ns: int | None = None

    def copy(self, more: Mapping[ConId, Instrument]) -> Books:
        """Return books to try something in, that may also hold *more* instruments."""
        known = self.instruments
        return Books(
            rates=self.rates.copy(),
            instruments=known if more.keys() <= known.keys() else {**more, **known},
            balances=dict(self.balances),
            holdings={con_id: replace(one) for con_id, one in self.holdings.items()},
            marks=dict(self.marks),
        )

    def mark(self, con_id: ConId, price: Decimal) -> None:
        """Value *con_id* at *price* from now on; a forex pair gives its rate."""
        self.marks[con_id] = price
        instrument = self.instruments.get(con_id)
        if instrument is not None:
            self.rates.follow(instrument.contract, price)

    def book(
        self, contract: Contract, signed: Decimal, price: Decimal, fee: Decimal
    ) -> Decimal | None:
        """Book a fill of *signed* units; return what it realized, None if it only opened."""
        holding = self.holdings.setdefault(contract.con_id, Holding(contract))
        self.marks.setdefault(contract.con_id, price)
        self._expects(contract.con_id)
        value = unit_value(contract, price)
        varies = contract.sec_type in VARIATION
        paid = holding.vary(signed, value) if varies else -signed * value
        self._pay(contract.currency, paid - fee)
        if contract.sec_type == FOREX:
            self._pay(contract.symbol, signed)
        return holding.apply(signed, value, fee)

    def split(self, con_id: ConId, ratio: Decimal) -> None:
        """Hold *ratio* units of *con_id* for each one, at the same cost and value."""
        if con_id in self.holdings:
            self.holdings[con_id].quantity *= ratio
            self.marks[con_id] /= ratio

    def _expects(self, con_id: ConId) -> None:
        """Note when *con_id* expires."""
        instrument = self.instruments.get(con_id)
        moment = None if instrument is None else instrument.expires_ns
        if moment is not None:
            self.next_expiry_ns = min(moment, self.next_expiry_ns or moment)

    def expire(self, now_ns: int) -> list[ConId]:
        """Settle what has expired by *now_ns* (``expiry``); return whose holdings changed."""
        if self.next_expiry_ns is None or now_ns < self.next_expiry_ns:
            return []
        changed: dict[ConId, None] = {}
        for con_id, holding in list(self.holdings.items()):
            instrument = self._instrument(holding.contract)
            ends_ns = instrument.expires_ns
            if not holding.quantity or ends_ns is None or now_ns < ends_ns:
                continue
            under_id, mark = instrument.under_con_id, self.marks[con_id]
            under, under_mark = self.instruments.get(under_id), self.marks.get(under_id)
            for one in settled(instrument, holding.quantity, mark, under, under_mark):
                self.book(one.contract, one.signed, one.price, ZERO)
                changed[one.contract.con_id] = None
        self.next_expiry_ns = None
        for con_id, holding in self.holdings.items():
            if holding.quantity:
                self._expects(con_id)
        return list(changed)

    def start_day(self) -> None:
        """Pay out futures, forget what was closed, count profits from now."""
        for con_id, holding in list(self.holdings.items()):
            if not holding.quantity:
                del self.holdings[con_id]
                continue
            worth = self.worth(holding)
            if holding.contract.sec_type in VARIATION:
                self._pay(holding.contract.currency, holding.settle(worth))
            holding.begin_day(worth)
        self.opening_equity = self.margin().equity_with_loan

    def _pay(self, currency: str, amount: Decimal) -> None:
        self.balances[currency] = self.balances.get(currency, ZERO) + amount

    def worth(self, holding: Holding) -> Decimal:
        """Return what *holding* is worth, in its contract's currency; notional for futures."""
        contract = holding.contract
        if contract.sec_type == FOREX:
            return holding.quantity * self.rates.price(contract)
        return holding.quantity * unit_value(contract, self.marks[contract.con_id])

    def asset(self, holding: Holding) -> Decimal:
        """Return what *holding* adds to net liquidation beside cash, in its currency."""
        kind = holding.contract.sec_type
        if kind == FOREX:
            return ZERO
        return self.worth(holding) - (holding.settled if kind in VARIATION else ZERO)

    def _in_base(self, holding: Holding) -> Decimal:
        return self.asset(holding) * self.rates.of(holding.contract.currency)

    @property
    def cash(self) -> Decimal:
        """All balances."""
        amounts = self.balances.items()
        return sum((amount * self.rates.of(currency) for currency, amount in amounts), ZERO)

    @property
    def net_liquidation(self) -> Decimal:
        """Cash and the value of everything held."""
        return self.cash + sum(map(self._in_base, self.holdings.values()), ZERO)

    @property
    def gross_position_value(self) -> Decimal:
        """Value of longs plus that of shorts, without futures and forex."""
        assets = (one for one in self.holdings.values() if one.contract.sec_type not in VARIATION)
        return sum((abs(self._in_base(one)) for one in assets), ZERO)

    def profit(self) -> Profit:
        """Return today's profit and loss."""
        return total(map(self._profit, self.holdings.values()))

    def profit_of(self, con_id: ConId) -> PositionProfit | None:
        """Return today's profit and loss of one position, None if it was not held today."""
        holding = self.holdings.get(con_id)
        return None if holding is None else self._profit(holding)

    def _profit(self, holding: Holding) -> PositionProfit:
        rate = self.rates.of(holding.contract.currency)
        return position_profit(holding, self.worth(holding), rate)

    def margin(self) -> MarginState:
        """Return what positions and balances bind, and the equity that carries them."""
        bound, options = self._options_bind(), ZERO
        for holding in self.holdings.values():
            contract = holding.contract
            price = self.marks[contract.con_id]
            each = requirement(self._instrument(contract), holding.quantity, price)
            bound += each * self.rates.of(contract.currency)
            if contract.sec_type in OPTIONS:
                options += self._in_base(holding)
        for currency, amount in self.balances.items():
            if currency != self.rates.base:
                share = abs(amount) * self.rates.of(currency) * CURRENCY_SHARE
                bound += Requirement(share, share)
        return MarginState(
            initial=bound.initial,
            maintenance=bound.maintenance,
            equity_with_loan=self.net_liquidation - options,
        )

    def _options_bind(self) -> Requirement:
        lots = []
        for holding in self.holdings.values():
            if holding.quantity and holding.contract.sec_type in OPTIONS:
                instrument = self._instrument(holding.contract)
                price = self.marks[holding.contract.con_id]
                under = self.marks.get(instrument.under_con_id)
                lots.append(option_margin.Lot(instrument, holding.quantity, price, under))
        shares = {con_id: one.quantity for con_id, one in self.holdings.items()}
        total = ZERO
        for currency, amount in option_margin.bound(lots, shares).items() if lots else ():
            total += amount * self.rates.of(currency)
        return Requirement(total, total)

    def _instrument(self, contract: Contract) -> Instrument:
        found = self.instruments.get(contract.con_id)
        return found or Instrument(contract=contract, long_name=contract.symbol)
