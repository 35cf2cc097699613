"""The books of an account: balances, holdings and marks, and what they come to.

Rules:
1. Balances change by fills, commissions and the settlement of futures only (``cash``).
2. Net liquidation less starting cash = realized + unrealized, all in the base currency and
   at unchanged rates of exchange, from the beginning of the first day to its end.
3. Forex is held as two balances; its position is a record of the trades, worth what the
   rates of its currencies say, and adds nothing to net liquidation by itself.
4. All totals are in the base currency, nothing is rounded.
5. What a holding binds is worked out when its quantity, its mark or its rate has changed, not
   when somebody asks (``kept``); whatever here changes one of them says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from operator import attrgetter

from ibelay.gateway.exchange.money import option_margin
from ibelay.gateway.exchange.money.cash import FOREX, VARIATION, ZERO, Rates, unit_value
from ibelay.gateway.exchange.money.expiry import settled
from ibelay.gateway.exchange.money.holding import Holding
from ibelay.gateway.exchange.money.kept import Kept, Share
from ibelay.gateway.exchange.money.margin import (
    CURRENCY_SHARE,
    OPTIONS,
    MarginState,
    requirement,
)
from ibelay.gateway.exchange.money.profit import PositionProfit, Profit, position_profit, total
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId

_INITIAL, _MAINTENANCE = attrgetter("initial"), attrgetter("maintenance")
_ASSET, _UNLENT, _UNDERLYING = attrgetter("asset"), attrgetter("unlent"), attrgetter("underlying")


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
        kept: What holdings bind and are worth, as far as that is known (rule 5).
    """

    rates: Rates
    instruments: Mapping[ConId, Instrument]
    balances: dict[str, Decimal]
    holdings: dict[ConId, Holding] = field(default_factory=dict)
    marks: dict[ConId, Decimal] = field(default_factory=dict)
    opening_equity: Decimal = ZERO
    next_expiry_ns: int | None = None
    kept: Kept = field(default_factory=Kept)

    def trial(self, trades: Iterable[Instrument]) -> Books:
        """Return books to ``book`` fills of *trades* in, and nothing else: they share the rest."""
        self._options_bind(self._shares())  # else each trial would work it out, and forget it
        more = {one.contract.con_id: one for one in trades}
        known, held = self.instruments, self.holdings
        own = {con_id: replace(held[con_id]) for con_id in more if con_id in held}
        return Books(
            rates=self.rates,
            instruments=known if more.keys() <= known.keys() else {**more, **known},
            balances=dict(self.balances),
            holdings={**held, **own},
            marks=dict(self.marks),
            kept=self.kept.copy(),
        )

    def mark(self, con_id: ConId, price: Decimal) -> None:
        """Value *con_id* at *price* from now on; a forex pair gives its rate."""
        self.marks[con_id] = price
        instrument = self.instruments.get(con_id)
        self.kept.forget(con_id, instrument)
        if instrument is not None and instrument.contract.sec_type == FOREX:
            self.rates.follow(instrument.contract, price)
            self.kept.forget_rates(self.rates.base)

    def book(
        self, contract: Contract, signed: Decimal, price: Decimal, fee: Decimal
    ) -> Decimal | None:
        """Book a fill of *signed* units; return what it realized, None if it only opened."""
        holding = self.holdings.setdefault(contract.con_id, Holding(contract))
        self.marks.setdefault(contract.con_id, price)
        self._expects(contract.con_id)
        self.kept.forget(contract.con_id, self.instruments.get(contract.con_id))
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
            self.kept.forget(con_id, self.instruments.get(con_id))

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
        self.kept.forget_all()
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

    @property
    def cash(self) -> Decimal:
        """All balances."""
        amounts = self.balances.items()
        return sum((amount * self.rates.of(currency) for currency, amount in amounts), ZERO)

    @property
    def net_liquidation(self) -> Decimal:
        """Cash and the value of everything held."""
        return self.cash + sum(map(_ASSET, self._shares()), ZERO)

    @property
    def gross_position_value(self) -> Decimal:
        """Value of longs plus that of shorts, without futures and forex."""
        held = zip(self.holdings.values(), self._shares(), strict=True)
        assets = (one.asset for holding, one in held if holding.contract.sec_type not in VARIATION)
        return sum(map(abs, assets), ZERO)

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
        shares = self._shares()
        options = self._options_bind(shares)
        initial = sum(map(_INITIAL, shares), options)
        maintenance = sum(map(_MAINTENANCE, shares), options)
        for currency, amount in self.balances.items():
            if currency != self.rates.base:
                bound = abs(amount) * self.rates.of(currency) * CURRENCY_SHARE
                initial, maintenance = initial + bound, maintenance + bound
        assets, unlent = sum(map(_ASSET, shares), ZERO), sum(map(_UNLENT, shares), ZERO)
        return MarginState(
            initial=initial,
            maintenance=maintenance,
            equity_with_loan=self.cash + assets - unlent,
        )

    def _shares(self) -> list[Share]:
        """Return what every holding contributes, in their order."""
        kept, held = self.kept.shares, self.holdings
        for con_id, holding in held.items():
            if con_id not in kept:
                kept[con_id] = self._share(holding)
        return [kept[con_id] for con_id in held]

    def _share(self, holding: Holding) -> Share:
        contract = holding.contract
        rate, instrument = self.rates.of(contract.currency), self._instrument(contract)
        bound = requirement(instrument, holding.quantity, self.marks[contract.con_id]) * rate
        asset, option = self.asset(holding) * rate, contract.sec_type in OPTIONS
        return Share(
            initial=bound.initial,
            maintenance=bound.maintenance,
            asset=asset,
            unlent=asset if option else ZERO,
            underlying=option_margin.underlying(instrument) if option else ConId(0),
            currency=contract.currency,
        )

    def _options_bind(self, shares: Sequence[Share]) -> Decimal:
        """Return what all options bind: those of one underlying together."""
        underlyings = dict.fromkeys(map(_UNDERLYING, shares))
        underlyings.pop(ConId(0), None)
        unknown = underlyings.keys() - self.kept.options.keys()
        if unknown:
            self._bind_options(unknown)
        bound = (self.kept.options[under].items() for under in underlyings)
        return sum((self.rates.of(name) * one for each in bound for name, one in each), ZERO)

    def _bind_options(self, underlyings: set[ConId]) -> None:
        lots: dict[ConId, list[option_margin.Lot]] = defaultdict(list)
        for con_id, holding in self.holdings.items():
            under = self.kept.shares[con_id].underlying
            if under in underlyings:
                instrument, price = self._instrument(holding.contract), self.marks[con_id]
                mark = self.marks.get(instrument.under_con_id)
                lots[under].append(option_margin.Lot(instrument, holding.quantity, price, mark))
        for under, those in lots.items():
            stock = self.holdings.get(under)
            free = {under: stock.quantity} if stock else {}
            self.kept.options[under] = option_margin.bound(those, free)

    def _instrument(self, contract: Contract) -> Instrument:
        found = self.instruments.get(contract.con_id)
        return found or Instrument(contract=contract, long_name=contract.symbol)
