"""What a placeOrder means, once it is taken apart.

Fields the exchange interprets become values; everything else that was set is kept by IB's
name, for openOrder to show again.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from ibelay.errors import WireError
from ibelay.model.contract import Contract
from ibelay.model.ids import OrderId
from ibelay.model.order import Action
from ibelay.wire.decode.order.layout import read_layout
from ibelay.wire.fields import FieldReader, names
from ibelay.wire.requests import PlaceOrder

COMBINATION = "BAG"
_ACTIONS = {"BUY": Action.BUY, "SELL": Action.SELL, "SSHORT": Action.SELL}
_NOT_KEPT = frozenset(
    names(
        "action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account orderRef transmit"
        " parentId outsideRth ocaType whatIf trailStopPrice trailingPercent lmtPriceOffset"
        " conditionsIgnoreRth conditionsCancelOrder triggerMethod allOrNone minQty cashQty"
        " algoStrategy hedgeType hedgeParam"
    )
)


def read_place_order(
    reader: FieldReader, order_id: OrderId, contract: Contract, server_version: int
) -> PlaceOrder:
    """Read what follows the contract of a placeOrder.

    Raises:
        WireError: A field is missing or is not what it should be.
    """
    combination = contract.sec_type == COMBINATION
    exchange = contract.exchange
    layout = read_layout(reader, server_version, combination=combination, exchange=exchange)
    if combination:
        contract = replace(contract, legs=layout.legs)
    fields = layout.fields
    if fields["action"] not in _ACTIONS:
        raise WireError(f"action {fields['action'][:20]!r} is neither BUY nor SELL")
    return PlaceOrder(
        order_id=order_id,
        contract=contract,
        action=_ACTIONS[fields["action"]],
        quantity=_decimal(fields["totalQuantity"]) or Decimal(0),
        conditions=layout.conditions,
        algorithm_parameters=layout.algorithm_parameters,
        extra={name: text for name, text in fields.items() if text and name not in _NOT_KEPT},
        **_terms(fields),
        **_waiting(fields),
    )


def _terms(fields: dict[str, str]) -> dict[str, Any]:
    """Return what is traded at which price and how it hangs together with other orders."""
    return {
        "order_type": fields["orderType"],
        "limit_price": _decimal(fields["lmtPrice"]),
        "aux_price": _decimal(fields["auxPrice"]),
        "tif": fields["tif"] or "DAY",
        "oca_group": fields["ocaGroup"],
        "oca_type": _integer(fields["ocaType"]),
        "account": fields["account"],
        "order_ref": fields["orderRef"],
        "transmit": _flag(fields["transmit"]),
        "parent_id": OrderId(_integer(fields["parentId"])),
        "outside_rth": _flag(fields["outsideRth"]),
        "what_if": _flag(fields["whatIf"]),
        "algorithm": fields["algoStrategy"],
        "hedge_type": fields["hedgeType"],
        "hedge_parameter": fields.get("hedgeParam", ""),
    }


def _waiting(fields: dict[str, str]) -> dict[str, Any]:
    """Return when and how an order triggers, trails, fills and ends."""
    return {
        "trail_stop_price": _decimal(fields["trailStopPrice"]),
        "trail_percent": _decimal(fields["trailingPercent"]),
        "limit_offset": _decimal(fields["lmtPriceOffset"]),
        "good_till_date": fields["goodTillDate"],
        "good_after_time": fields["goodAfterTime"],
        "conditions_cancel": _flag(fields.get("conditionsCancelOrder", "")),
        "conditions_outside_rth": _flag(fields.get("conditionsIgnoreRth", "")),
        "trigger_method": _integer(fields["triggerMethod"]),
        "all_or_none": _flag(fields["allOrNone"]),
        "minimum_quantity": _decimal(fields["minQty"]),
        "cash_quantity": _decimal(fields["cashQty"]),
    }


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _integer(text: str) -> int:
    return int(text) if text else 0


def _flag(text: str) -> bool:
    return text == "1"
