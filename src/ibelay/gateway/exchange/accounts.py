"""One account: cash, holdings with their cost, and the figures IB shows of them.

Rules:
1. Cash changes by fills and commissions only.
2. A holding's cost is signed (quantity times average cost) and includes the commission of the
   opening fills, as IB counts average cost; a short's average cost is therefore lower than
   its price.
3. A fill that closes takes its share of the cost with it; what it brought, less that cost
   and its own commission, is realized. A fill that flips is a close and an open, its
   commission split by shares.
4. Net liquidation less starting cash = realized + unrealized, whatever happens.
5. Margin is a quarter of the gross position value: buying power is four times the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.gateway.exchange.events import PositionChanged
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.order import Action
from ibelay.model.position import Position

ZERO = Decimal(0)
LEVERAGE = 4
_EIGHT_PLACES = Decimal("1e-8")
_CENT = Decimal("0.01")


def average(total: Decimal, quantity: Decimal) -> Decimal:
    """Return *total* per unit to eight places, 0 for no units."""
    return (total / quantity).quantize(_EIGHT_PLACES).normalize() + ZERO if quantity else ZERO


@dataclass(slots=True)
class Holding:
    """What is held of one contract; kept at quantity 0 for the rest of the day."""

    contract: Contract
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realized: Decimal = ZERO

    def apply(self, signed: Decimal, price: Decimal, commission: Decimal) -> Decimal | None:
        """Book a fill of *signed* units; return what it realized, None if it only opened."""
        size = abs(signed)
        closing = min(size, abs(self.quantity)) if self.quantity * signed < 0 else ZERO
        closing_fee = commission * closing / size
        released = self.cost * closing / abs(self.quantity) if closing else ZERO
        direction = 1 if signed > 0 else -1
        realized = -direction * closing * price - closing_fee - released
        self.cost += direction * (size - closing) * price + (commission - closing_fee) - released
        self.quantity += signed
        if not closing:
            return None
        self.realized += realized
        return realized


class Account:
    """Books fills and tells the account's figures.

    Args:
        name: Account code, such as ``DU1234567``.
        cash: Starting cash in dollars.
    """

    def __init__(self, name: str, cash: Decimal) -> None:
        self.name = name
        self.cash = cash
        self._holdings: dict[ConId, Holding] = {}
        self._marks: dict[ConId, Decimal] = {}

    def mark(self, con_id: ConId, price: Decimal) -> None:
        """Value holdings of *con_id* at *price* from now on."""
        self._marks[con_id] = price

    def apply(
        self, contract: Contract, action: Action, quantity: Decimal, price: Decimal, fee: Decimal
    ) -> Decimal | None:
        """Book a fill; return its realized P&L in dollars, None if it only opened."""
        holding = self._holdings.setdefault(contract.con_id, Holding(contract))
        self._marks.setdefault(contract.con_id, price)
        unit_price = price * contract.multiplier
        self.cash -= action.sign * quantity * unit_price + fee
        return holding.apply(action.sign * quantity, unit_price, fee)

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

    def _value(self, holding: Holding) -> Decimal:
        contract = holding.contract
        return holding.quantity * self._marks[contract.con_id] * contract.multiplier

    @property
    def net_liquidation(self) -> Decimal:
        """Cash and the market value of everything held, in dollars."""
        return self.cash + sum(map(self._value, self._holdings.values()), ZERO)

    @property
    def gross_position_value(self) -> Decimal:
        """Market value of longs plus that of shorts, in dollars."""
        return sum((abs(self._value(holding)) for holding in self._holdings.values()), ZERO)

    @property
    def unrealized(self) -> Decimal:
        """Market value less cost of everything held, in dollars."""
        return sum((self._value(held) - held.cost for held in self._holdings.values()), ZERO)

    @property
    def realized(self) -> Decimal:
        """P&L of everything closed, commissions included, in dollars."""
        return sum((holding.realized for holding in self._holdings.values()), ZERO)

    @property
    def buying_power(self) -> Decimal:
        """Dollars of further positions the account may open (rule 5)."""
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
        figures = [(key, str(value.quantize(_CENT)), "USD") for key, value in money.items()]
        return [*texts, ("Currency", "USD", "USD"), *figures]
