"""One account: cash in several currencies, holdings with their cost, IB's figures of them.

Rules:
1. Cash changes by fills, commissions and the settlement of futures only (``money.cash``).
2. Cost, average cost and what a fill realizes: ``money.holding``.
3. Net liquidation less starting cash = realized + unrealized, all in the base currency and
   at unchanged rates of exchange, from the beginning of the first day to its end.
4. Forex is held as two balances; its position is a record of the trades, worth what the
   rates of its currencies say, and adds nothing to net liquidation by itself.
5. Margin is a quarter of the gross position value: buying power is four times the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ibelay.gateway.exchange.commissions import charge
from ibelay.gateway.exchange.events import PositionChanged
from ibelay.gateway.exchange.money.cash import (
    FOREX,
    VARIATION,
    ZERO,
    Rates,
    currencies,
    unit_value,
)
from ibelay.gateway.exchange.money.holding import Holding, average
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.order import Action
from ibelay.model.position import Position

LEVERAGE = 4
_CENT = Decimal("0.01")
__all__ = ["Account", "average"]


class Account:
    """Books fills and tells the account's figures.

    Args:
        name: Account code, such as ``DU1234567``.
        cash: Starting cash in the base currency.
        instruments: What may be traded: their forex pairs give the rates of exchange.
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
        self.balances: dict[str, Decimal] = {base: cash}
        self._instruments = {one.contract.con_id: one for one in instruments}
        needed = currencies(one.contract for one in instruments) | {"USD"}
        self._rates = Rates(base, needed, rates)
        self._holdings: dict[ConId, Holding] = {}
        self._marks: dict[ConId, Decimal] = {}

    @property
    def cash(self) -> Decimal:
        """All balances in the base currency."""
        total = ZERO
        for currency, amount in self.balances.items():
            total += amount * self._rates.of(currency)
        return total

    def mark(self, con_id: ConId, price: Decimal) -> None:
        """Value holdings of *con_id* at *price* from now on."""
        self._marks[con_id] = price
        instrument = self._instruments.get(con_id)
        if instrument is not None:
            self._rates.follow(instrument.contract, price)

    def apply(
        self, contract: Contract, action: Action, quantity: Decimal, price: Decimal, fee: Decimal
    ) -> Decimal | None:
        """Book a fill; return its realized P&L in the contract's currency, None if it opened.

        Args:
            contract: What was traded.
            action: The side.
            quantity: Units, positive.
            price: As quoted.
            fee: The commission in the contract's currency.
        """
        holding = self._holdings.setdefault(contract.con_id, Holding(contract))
        self._marks.setdefault(contract.con_id, price)
        signed, value = action.sign * quantity, unit_value(contract, price)
        if contract.sec_type in VARIATION:
            self._pay(contract.currency, holding.vary(signed, value) - fee)
        else:
            self._pay(contract.currency, -signed * value - fee)
        if contract.sec_type == FOREX:
            self._pay(contract.symbol, signed)
        return holding.apply(signed, value, fee)

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
        return charge(
            contract,
            quantity,
            price,
            filled_before=filled_before,
            value_before=value_before,
            per_dollar=self._rates.of("USD") / self._rates.of(contract.currency),
        )

    def _pay(self, currency: str, amount: Decimal) -> None:
        self.balances[currency] = self.balances.get(currency, ZERO) + amount

    def quantity(self, con_id: ConId) -> Decimal:
        """Return the signed quantity held of *con_id*."""
        holding = self._holdings.get(con_id)
        return holding.quantity if holding else ZERO

    def opening(self, con_id: ConId, action: Action, quantity: Decimal) -> Decimal:
        """Return how much of an order would open or add rather than close."""
        closable = max(ZERO, -self.quantity(con_id) * action.sign)
        return max(ZERO, quantity - closable)

    def row(self, con_id: ConId) -> PositionChanged:
        """Return the holding of *con_id* as the broker reports it."""
        holding = self._holdings[con_id]
        position = Position(
            account=self.name,
            contract=holding.contract,
            quantity=holding.quantity,
            average_cost=average(holding.cost, holding.quantity),
        )
        return PositionChanged(
            position=position, market_price=self._marks[con_id], realized_pnl=holding.realized
        )

    def rows(self) -> list[PositionChanged]:
        """Return every holding of the day; those closed today have quantity 0.

        **Source**: IB_FACTS section 3, reqPositions: zero rows only for closed today.
        """
        return [self.row(con_id) for con_id in self._holdings]

    def start_day(self) -> None:
        """Begin a day: pay out futures, forget what was closed, count profits from now."""
        for con_id, holding in list(self._holdings.items()):
            if not holding.quantity:
                del self._holdings[con_id]
                continue
            worth = self.worth(holding)
            if holding.contract.sec_type in VARIATION:
                self._pay(holding.contract.currency, holding.settle(worth))
            holding.begin_day(worth)

    def worth(self, holding: Holding) -> Decimal:
        """Return what *holding* is worth, in its contract's currency; notional for futures."""
        contract = holding.contract
        if contract.sec_type == FOREX:
            return holding.quantity * self._rates.price(contract)
        return holding.quantity * unit_value(contract, self._marks[contract.con_id])

    def _in_base(self, holding: Holding, amount: Decimal) -> Decimal:
        return amount * self._rates.of(holding.contract.currency)

    def _asset(self, holding: Holding) -> Decimal:
        """Return what *holding* adds to net liquidation beside cash, in its currency."""
        kind = holding.contract.sec_type
        if kind == FOREX:
            return ZERO
        return self.worth(holding) - (holding.settled if kind in VARIATION else ZERO)

    @property
    def net_liquidation(self) -> Decimal:
        """Cash and the value of everything held, in the base currency."""
        held = self._holdings.values()
        return self.cash + sum((self._in_base(one, self._asset(one)) for one in held), ZERO)

    @property
    def gross_position_value(self) -> Decimal:
        """Value of longs plus that of shorts, without futures and forex, in the base."""
        return sum(
            (
                abs(self._in_base(one, self._asset(one)))
                for one in self._holdings.values()
                if one.contract.sec_type not in VARIATION
            ),
            ZERO,
        )

    @property
    def unrealized(self) -> Decimal:
        """Value less cost of everything held, in the base currency."""
        held = self._holdings.values()
        return sum((self._in_base(one, self.worth(one) - one.cost) for one in held), ZERO)

    @property
    def realized(self) -> Decimal:
        """P&L of everything closed today, commissions included, in the base currency."""
        return sum((self._in_base(one, one.realized) for one in self._holdings.values()), ZERO)

    @property
    def buying_power(self) -> Decimal:
        """Money of further positions the account may open (rule 5), in the base currency."""
        return LEVERAGE * self.net_liquidation - self.gross_position_value

    def values(self) -> list[tuple[str, str, str]]:
        """Return the account's figures as (IB's key, value, currency or empty)."""
        net, gross = self.net_liquidation, self.gross_position_value
        money = {
            "NetLiquidation": net,
            "TotalCashValue": self.cash,
            "BuyingPower": self.buying_power,
            "AvailableFunds": net - gross / LEVERAGE,
            "ExcessLiquidity": net - gross / LEVERAGE,
            "EquityWithLoanValue": net,
            "InitMarginReq": gross / LEVERAGE,
            "MaintMarginReq": gross / LEVERAGE,
            "GrossPositionValue": gross,
            "UnrealizedPnL": self.unrealized,
            "RealizedPnL": self.realized,
        }
        texts = [("AccountCode", self.name, ""), ("AccountType", "INDIVIDUAL", "")]
        figures = [(key, str(value.quantize(_CENT)), self.base) for key, value in money.items()]
        return [*texts, ("Currency", self.base, self.base), *figures]
