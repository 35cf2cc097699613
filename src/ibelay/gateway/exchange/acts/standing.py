"""How an order stands, and saying so.

Rules:
1. PreSubmitted while it waits: for its parent, a trigger, shares to sell short, its time or
   conditions, an auction, or the session; ``whyHeld`` names the first three. Submitted else.
2. A held order stands like any other, but nobody hears of it.

**Source**: IB_FACTS section 3, orderStatus semantics; docs/evidence/gateway-recordings.md.
"""

from __future__ import annotations

from ibelay.gateway.exchange.acts.turn import Turn
from ibelay.gateway.exchange.events import OrderChanged
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.model.order import BrokerOrderStatus


def standing(turn: Turn, entry: Entry) -> tuple[BrokerOrderStatus, str]:
    """Return status and whyHeld of an order that is not over."""
    if entry.cancelling:
        return BrokerOrderStatus.PENDING_CANCEL, ""
    waiting = entry.parent is not None and not entry.parent.filled
    reasons = ["child"] * waiting + ["trigger"] * (not entry.triggered)
    reasons += ["locate"] * entry.locating
    auction = entry.kind.at_close or entry.request.tif == "OPG"
    if reasons or entry.asleep or auction or turn.trading_since(entry) is None:
        return BrokerOrderStatus.PRE_SUBMITTED, ",".join(reasons)
    return BrokerOrderStatus.SUBMITTED, ""


def tell(turn: Turn, entry: Entry) -> None:
    """Say how *entry* stands; held orders say nothing."""
    entry.status, entry.why_held = standing(turn, entry)
    if not entry.held:
        turn.out.append(OrderChanged(order=entry.view()))


def tell_if_changed(turn: Turn, entry: Entry) -> None:
    """Say how *entry* stands if that is news."""
    if not entry.done and standing(turn, entry) != (entry.status, entry.why_held):
        tell(turn, entry)
