"""Where the orders of the exchange stand, so that nothing has to be searched for.

Rules:
1. A price finds the orders of its contract only, whatever else works.
2. At most ``MAX_LIVE`` orders live at once (IB's own limit of an account); of those that
   ended, the last ``MAX_DONE`` are remembered.
3. A client's id finds the order that used it last. Orders without an id (entered in TWS)
   have none to be found by.

**Source**: IB_FACTS section 4 for the 10,000 orders of an account.
"""

from __future__ import annotations

from collections import deque
from typing import TypeVar

from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.model.conditions import PercentChangeCondition, PriceCondition, VolumeCondition
from ibelay.model.ids import ClientId, ConId, OrderId, PermId

MAX_LIVE = 10_000
MAX_DONE = 50_000
_OF_A_CONTRACT = (PriceCondition, VolumeCondition, PercentChangeCondition)
_Key = TypeVar("_Key")
_Rows = dict[PermId, Entry]


class Shelf:
    """Orders by permId, by client and order id, by contract and by OCA group."""

    def __init__(self) -> None:
        self._live: _Rows = {}
        self._done: deque[Entry] = deque()
        self._by_id: dict[tuple[ClientId, OrderId], Entry] = {}
        self._by_contract: dict[ConId, _Rows] = {}
        self._by_group: dict[str, _Rows] = {}
        self._conditional: _Rows = {}
        self._by_watched: dict[ConId, _Rows] = {}

    @property
    def full(self) -> bool:
        """Whether no further order fits."""
        return len(self._live) >= MAX_LIVE

    def live(self) -> list[Entry]:
        """Return everything that can still fill, held orders too, oldest first."""
        return list(self._live.values())

    def done(self) -> list[Entry]:
        """Return what ended, in that order."""
        return list(self._done)

    def get(self, perm_id: PermId) -> Entry | None:
        """Return the live order with *perm_id*, or None."""
        return self._live.get(perm_id)

    def find(self, client_id: ClientId, order_id: OrderId) -> Entry | None:
        """Return the order, living or not, that last used the client's id, or None."""
        return self._by_id.get((client_id, order_id))

    def following(self, con_id: ConId) -> list[Entry]:
        """Return the live orders that follow prices of *con_id*, oldest first."""
        rows = self._by_contract.get(con_id)
        return list(rows.values()) if rows else []

    def watching(self, con_id: ConId) -> list[Entry]:
        """Return the live orders with a condition on *con_id*."""
        rows = self._by_watched.get(con_id)
        return list(rows.values()) if rows else []

    def conditional(self) -> list[Entry]:
        """Return the live orders whose conditions still matter."""
        return list(self._conditional.values())

    @property
    def waits_for_conditions(self) -> bool:
        """Whether there are any such."""
        return bool(self._conditional)

    def group(self, name: str) -> list[Entry]:
        """Return the live members of a client's own OCA group, oldest first."""
        return list(self._by_group.get(name, {}).values())

    def add(self, entry: Entry) -> None:
        """Take a new order in."""
        self._live[entry.perm_id] = entry
        self.name(entry)
        for con_id in entry.sources:
            self._by_contract.setdefault(con_id, {})[entry.perm_id] = entry
        if entry.own_oca_group:
            self._by_group.setdefault(entry.request.oca_group, {})[entry.perm_id] = entry
        self.watch(entry)

    def name(self, entry: Entry) -> None:
        """Let the id of *entry*'s request find it from now on."""
        if entry.request.order_id:
            self._by_id[(entry.request.client_id, entry.request.order_id)] = entry

    def unname(self, client_id: ClientId, first_id: int) -> None:
        """Forget the names of the client's orders from *first_id* on that do not live any more."""
        for (client, order_id), entry in list(self._by_id.items()):
            if client == client_id and order_id >= first_id and entry.perm_id not in self._live:
                del self._by_id[(client, order_id)]

    def watch(self, entry: Entry) -> None:
        """Look at the conditions of *entry* from now on."""
        if not entry.request.conditions:
            return
        self._conditional[entry.perm_id] = entry
        for con_id in _watched(entry):
            self._by_watched.setdefault(con_id, {})[entry.perm_id] = entry

    def unwatch(self, entry: Entry) -> None:
        """Its conditions no longer matter."""
        if self._conditional.pop(entry.perm_id, None) is not None:
            for con_id in _watched(entry):
                _drop(self._by_watched, con_id, entry)

    def end(self, entry: Entry) -> None:
        """Move *entry* from the living to the ended."""
        self.forget(entry)
        self._done.append(entry)
        if len(self._done) > MAX_DONE:
            self._bury(self._done.popleft())

    def forget(self, entry: Entry) -> None:
        """Take *entry* from the living without a trace among the ended."""
        self._live.pop(entry.perm_id, None)
        for con_id in entry.sources:
            _drop(self._by_contract, con_id, entry)
        if entry.own_oca_group:
            _drop(self._by_group, entry.request.oca_group, entry)
        self.unwatch(entry)

    def bury_before(self, midnight_ns: int) -> None:
        """Forget what ended before *midnight_ns*."""
        while self._done and self._done[0].completed_ns < midnight_ns:
            self._bury(self._done.popleft())

    def lose(self, entry: Entry) -> None:
        """Forget *entry* and its name, as if it had never come."""
        self.forget(entry)
        self._bury(entry)

    def _bury(self, entry: Entry) -> None:
        key = (entry.request.client_id, entry.request.order_id)
        if self._by_id.get(key) is entry:
            del self._by_id[key]


def _watched(entry: Entry) -> dict[ConId, None]:
    conditions = entry.request.conditions
    return {one.con_id: None for one in conditions if isinstance(one, _OF_A_CONTRACT)}


def _drop(rows: dict[_Key, _Rows], key: _Key, entry: Entry) -> None:
    of_key = rows.get(key)
    if of_key is not None:
        of_key.pop(entry.perm_id, None)
        if not of_key:
            del rows[key]
