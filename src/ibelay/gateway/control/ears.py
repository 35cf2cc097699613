"""What the exchange says, as the events a scenario's steps wait for.

An order is an event once: the first time it is heard of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ibelay.control.player import Player
from ibelay.gateway.exchange.events import ExchangeEvent, Executed, OrderChanged
from ibelay.model.ids import PermId
from ibelay.model.order import BrokerOrderStatus

MAX_SEEN = 100_000


class Ears:
    """Tells players what happens at the exchange.

    Args:
        players: They hear it in this order.
    """

    def __init__(self, players: Sequence[Player]) -> None:
        self._players = players
        self._seen: set[PermId] = set()

    def hear(self, events: Iterable[ExchangeEvent]) -> None:
        """Hear what the exchange says."""
        for event in events:
            what = self._what(event)
            if what is not None:
                for player in self._players:
                    player.hear(*what)

    def _what(self, event: ExchangeEvent) -> tuple[str, str] | None:
        if isinstance(event, Executed):
            return "fill", event.execution.contract.symbol
        if not isinstance(event, OrderChanged) or event.order.request.what_if:
            return None
        symbol, perm_id = event.order.request.contract.symbol, event.order.perm_id
        if event.order.status is BrokerOrderStatus.CANCELLED:
            return "cancel", symbol
        if perm_id in self._seen or len(self._seen) >= MAX_SEEN:
            return None
        self._seen.add(perm_id)
        return "order", symbol
