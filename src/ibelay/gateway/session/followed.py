"""What is followed beside the listed: instruments that have events only when they are named.

Rules:
1. What a client asks the board for, trades or holds is followed from then on.
2. At most 1,000 at a time. Beyond that, what was asked for longest ago goes, but nothing
   that an order, a condition or a holding needs: a chain of options that somebody looked
   at once is not priced for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.exchange.events import OrderRequest
from ibelay.model.conditions import PercentChangeCondition, PriceCondition, VolumeCondition
from ibelay.model.ids import ConId

FOLLOWED_MAX = 1_000


class Followed:
    """The followed, in the order in which they were last asked for."""

    def __init__(self) -> None:
        self._con_ids: dict[ConId, None] = {}

    def __iter__(self) -> Iterator[ConId]:
        return iter(self._con_ids)

    def __len__(self) -> int:
        return len(self._con_ids)

    def asked(self, con_id: ConId) -> None:
        """Note that *con_id*, if it is followed, was asked for again."""
        if con_id in self._con_ids:
            del self._con_ids[con_id]
            self._con_ids[con_id] = None

    def follow(self, con_id: ConId, needed: Callable[[], set[ConId]]) -> list[ConId]:
        """Follow *con_id* from now on; return what is followed no longer (rule 2)."""
        self._con_ids[con_id] = None
        surplus = len(self._con_ids) - FOLLOWED_MAX
        if surplus <= 0:
            return []
        kept = needed() | {con_id}
        gone = [one for one in self._con_ids if one not in kept][:surplus]
        for one in gone:
            del self._con_ids[one]
        return gone


def needed(exchange: Exchange) -> set[ConId]:
    """Return what *exchange* needs prices of: for its orders and its holdings."""
    held = {row.position.contract.con_id for row in exchange.positions() if row.position.quantity}
    orders = (watched(order.request) for order in exchange.working_orders())
    return held.union(*orders)


def asked_for(exchange: Exchange, request: OrderRequest) -> set[ConId]:
    """Return what a new order needs prices of, also where terms name its contract."""
    found = [] if request.contract.con_id else exchange.find(request.contract)
    named = {found[0].contract.con_id} if len(found) == 1 else set[ConId]()
    return (watched(request) | named) - {ConId(0)}


def watched(request: OrderRequest) -> set[ConId]:
    """Return what an order follows, as far as it has con_ids: its contract, legs, conditions."""
    contract = request.contract
    found = {contract.con_id, *(leg.con_id for leg in contract.legs)}
    for condition in request.conditions:
        if isinstance(condition, PriceCondition | VolumeCondition | PercentChangeCondition):
            found.add(condition.con_id)
    return found - {ConId(0)}
