"""openOrder and completedOrder.

An order's own values and what its client sent replace the defaults of ``layout``.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.wire.encode.message import contract_fields, message
from ibelay.wire.encode.order import layout as at
from ibelay.wire.encode.order import lists
from ibelay.wire.encode.order.view import OrderView
from ibelay.wire.fields import UNSET_DOUBLE
from ibelay.wire.order_fields import PEG_BENCH

_UNSET_INTEGER = 2_147_483_647
_ZERO = Decimal(0)


class _Fields:
    """Collects fields: an order's own value, else what the client sent, else the default."""

    def __init__(self, view: OrderView) -> None:
        self._view = view
        self._set: dict[str, str | int] = {
            **view.echo,
            "orderRef": view.order_ref,
            "outsideRth": int(view.outside_rth),
            "parentId": view.parent_id,
            "ocaType": view.oca_type or 3,
        }
        self.fields: list[object] = []

    def add(self, *values: object) -> None:
        """Add *values* as they are."""
        self.fields.extend(values)

    def block(self, *blocks: at.Block) -> None:
        """Add the fields of *blocks*."""
        known = self._set.get
        for block in blocks:
            self.fields.extend([known(name, default) for name, default in block])

    def combination_and_scale(self) -> None:
        """Add legs, scale and hedge; the last two have more fields if they are there."""
        view, known = self._view, self._set.get
        self.add(*lists.leg_fields(view.contract))
        for name in ("orderComboLegs", "smartComboRoutingParams"):
            self.add(*lists.kept_fields(str(known(name, ""))))
        self.block(at.SCALE)
        if Decimal(known("scalePriceIncrement", 0)) > 0:
            self.block(at.SCALE_MORE)
        self.block(at.HEDGE)
        if known("hedgeType"):
            self.block(at.HEDGE_MORE)

    def clearing_and_algorithm(self) -> None:
        """Add clearing, the delta-neutral contract, the algorithm and what follows it."""
        view = self._view
        self.block(at.CLEARING)
        hedged = "deltaNeutralContractConId" in self._set
        self.add(hedged)
        if hedged:
            self.block(at.HEDGED)
        self.add(view.algorithm)
        if view.algorithm:
            self.add(*lists.tag_fields(view.algorithm_parameters))
        self.block(at.SOLICITED)

    def benchmark_and_conditions(self) -> None:
        """Add randomizing, the pegged benchmark and the conditions."""
        view = self._view
        self.block(at.RANDOM)
        if view.order_type in PEG_BENCH:
            self.block(at.BENCHMARK)
        self.add(len(view.conditions))
        for condition in view.conditions:
            self.add(*lists.condition_fields(condition))
        if view.conditions:
            self.add(view.conditions_outside_rth, view.conditions_cancel)

    def advisors(self, server_version: int) -> None:
        """Add the fields of financial advisors."""
        self.block(at.ADVISORS)
        if server_version < at.FA_PROFILE_GONE:
            self.block(at.FA_PROFILE)

    def compete(self, server_version: int) -> None:
        """Add the fields of pegged orders that came late."""
        if server_version >= at.COMPETE_SINCE:
            self.block(at.COMPETE)


def _contract_and_terms(fields: _Fields, view: OrderView, quantity: Decimal) -> None:
    contract = contract_fields(view.contract)
    contract[5] = view.contract.right or "?"  # what a real TWS sends for a stock
    prices = (view.limit_price or _ZERO, view.stop_price or _ZERO)
    fields.add(*contract, view.action.value, quantity, view.order_type, *prices)
    fields.add(view.tif, view.oca_group, view.account)
    fields.block(at.TERMS)


def open_order(view: OrderView, server_version: int) -> bytes:
    """Return openOrder: 135 fields at 178, 136 at 176, 128 at 157 for a plain order."""
    fields = _Fields(view)
    fields.add(5, view.order_id)
    _contract_and_terms(fields, view, view.quantity)
    fields.add(view.client_id, view.perm_id)
    fields.block(at.TIMES)
    fields.add("")  # shares allocation, obsolete
    fields.advisors(server_version)
    fields.block(at.SHORT_SALE, at.AUCTION, at.PRICES, at.DISPLAY, at.OPEN_SIZES)
    fields.block(at.VOLATILITY, at.DELTA_NEUTRAL, at.TRAILING, at.BASIS)
    fields.combination_and_scale()
    fields.block(at.ROUTING)
    fields.clearing_and_algorithm()
    fields.add(view.what_if, view.status)
    fields.add(*(view.margins.get(name, UNSET_DOUBLE) for name in at.MARGINS))
    fields.add(*(view.margins.get(name, "") for name in at.COSTS))
    fields.benchmark_and_conditions()
    fields.block(at.ADJUSTED, at.CASH, at.OPEN_END)
    for since, block in at.OPEN_END_SINCE:
        if server_version >= since:
            fields.block(block)
    fields.compete(server_version)
    return message(*fields.fields)


def completed_order(view: OrderView, server_version: int) -> bytes:
    """Return completedOrder: no order id, no client id, and a quantity of 0, as IB has it."""
    fields = _Fields(view)
    fields.add(101)
    _contract_and_terms(fields, view, _ZERO)
    fields.add(view.perm_id)
    fields.block(at.TIMES)
    fields.advisors(server_version)
    fields.block(at.SHORT_SALE, at.PRICES, at.DISPLAY, at.DONE_SIZES)
    fields.block(at.VOLATILITY, at.TRAILING)
    fields.combination_and_scale()
    fields.clearing_and_algorithm()
    fields.add(view.status)
    fields.benchmark_and_conditions()
    fields.block(at.DONE_OFFSETS, at.CASH)
    auto_cancel_date, auto_cancel_parent, shareholder = "", view.echo.get("autoCancelParent", 0), ""
    fields.add(auto_cancel_date, view.filled, _UNSET_INTEGER, auto_cancel_parent, shareholder)
    fields.add(False, False)  # imbalance only, route marketable to BBO
    fields.add(view.parent_perm_id, view.completed_at, view.completed_status)
    fields.compete(server_version)
    return message(*fields.fields)
