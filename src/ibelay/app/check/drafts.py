"""The orders of a check, as values; pure.

Rules:
1. Resting orders are 20 % away from the market: they show the path and do not trade.
2. The stop that is placed and cancelled is a buy stop above the market: a sell stop without
   a position would be an order to go short, which some accounts may not do.
3. References begin with ``check:`` and the run's number, so that no two runs share one and
   no bot takes them for its own.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from ibelay.model.ids import OrderRef, UnitRef, order_ref, unit_ref
from ibelay.model.order import Action, Order, OrderType, Role

_TICK = Decimal("0.01")
_BELOW, _ABOVE = Decimal("0.8"), Decimal("1.2")


class Drafts:
    """Makes the orders of one run.

    Args:
        run: Positive and unlike that of any other run, such as seconds since the epoch.
        quantity: Shares per order.
    """

    def __init__(self, run: int, quantity: int) -> None:
        self._run = run
        self._quantity = Decimal(quantity)
        self._units = 0

    def limit(self, price: Decimal) -> Order:
        """Return a buy limit order far below *price*."""
        return self._order(
            self._unit(), Role.ENTRY, Action.BUY, OrderType.LIMIT, limit_price=price * _BELOW
        )

    def stop(self, price: Decimal) -> Order:
        """Return a buy stop order far above *price* (rule 2)."""
        return self._order(
            self._unit(), Role.STOP, Action.BUY, OrderType.STOP, stop_price=price * _ABOVE
        )

    def bracket(self, price: Decimal) -> tuple[Order, Order, Order]:
        """Return an entry at market, its target far above and its stop far below *price*."""
        unit = self._unit()
        entry = self._order(unit, Role.ENTRY, Action.BUY, OrderType.MARKET)
        target = self._order(
            unit,
            Role.TARGET,
            Action.SELL,
            OrderType.LIMIT,
            limit_price=price * _ABOVE,
            parent_ref=entry.order_ref,
        )
        stop = self._order(
            unit,
            Role.STOP,
            Action.SELL,
            OrderType.STOP,
            stop_price=price * _BELOW,
            parent_ref=entry.order_ref,
        )
        return entry, target, stop

    def closing(self, net: Decimal) -> Order:
        """Return the market order that closes *net* shares; negative is short."""
        action = Action.SELL if net > 0 else Action.BUY
        return self._order(self._unit(), Role.EXIT, action, OrderType.MARKET, quantity=abs(net))

    def _unit(self) -> UnitRef:
        self._units += 1
        return unit_ref("check", self._run, self._units)

    def _order(
        self,
        unit: UnitRef,
        role: Role,
        action: Action,
        order_type: OrderType,
        *,
        quantity: Decimal | None = None,
        limit_price: Decimal | None = None,
        stop_price: Decimal | None = None,
        parent_ref: OrderRef | None = None,
    ) -> Order:
        leg = {Role.TARGET: 1, Role.STOP: 2}.get(role, 0)
        return Order(
            order_ref=order_ref(unit, leg),
            unit=unit,
            role=role,
            action=action,
            quantity=self._quantity if quantity is None else quantity,
            order_type=order_type,
            limit_price=_on_tick(limit_price),
            stop_price=_on_tick(stop_price),
            parent_ref=parent_ref,
        )


def _on_tick(price: Decimal | None) -> Decimal | None:
    """Return *price* on the tick of US stocks, at least one tick."""
    if price is None:
        return None
    return max(_TICK, price.quantize(_TICK, rounding=ROUND_HALF_UP))
