"""Names that come loose: ids that roll back, second permIds, orders a restart loses.

Rules:
1. What was never transmitted is gone after a restart of the gateway, without a word.
2. A rolled-back id sequence gives ids again that were used. Under the id of an order that is
   over a new one can be placed; that of an order that lives still means that order, so that a
   client which trusts the sequence changes it, and is refused once it is over (our choice).
3. A second permId is a second order at the exchange under the same id; the id finds it alone.
4. An order entered in TWS has no id (0) until a client 0 binds it; then a negative one.

**Source**: IB_FACTS section 3 and failure modes F07, F24 and F25.
"""

from __future__ import annotations

from dataclasses import replace

from ibelay.errors import ConfigurationError
from ibelay.gateway.exchange.acts import intake, releasing
from ibelay.gateway.exchange.acts.standing import tell
from ibelay.gateway.exchange.acts.turn import Pit, Turn
from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.model.ids import ClientId, OrderId

TWS = ClientId(0)
NO_ID = OrderId(0)


def of_tws(request: OrderRequest) -> OrderRequest:
    """Return *request* as a person at TWS would have sent it (rule 4)."""
    return replace(
        request, client_id=TWS, order_id=NO_ID, parent_id=NO_ID, transmit=True, what_if=False
    )


def bind(turn: Turn) -> None:
    """Give every working order without id a negative one of client 0 (rule 4)."""
    for entry in turn.pit.shelf.live():
        if entry.request.order_id == NO_ID and not entry.held:
            lowest = turn.pit.lowest_bound_id = turn.pit.lowest_bound_id - 1
            entry.request = replace(entry.request, order_id=OrderId(lowest))
            turn.pit.shelf.name(entry)
            tell(turn, entry)


def second_order(turn: Turn, entry: Entry) -> None:
    """Let *entry*'s rest work a second time under another permId (rule 3).

    Raises:
        ConfigurationError: It has a parent, whose fills cannot be shared.
    """
    if entry.parent is not None:
        raise ConfigurationError(
            f"permId {entry.perm_id} is a child: expected an order without a parent"
        )
    terms = replace(entry.request, quantity=entry.remaining)
    second = intake.enter(turn, terms, entry.instrument, turn.pit.take_perm_id())
    releasing.release(turn, second)


def roll_back(pit: Pit, client_id: ClientId, next_id: int) -> None:
    """Let *next_id* be the client's next valid id again (rule 2).

    Raises:
        ConfigurationError: It is not lower than the next valid id is now, or not positive.
    """
    now = intake.next_order_id(pit, client_id)
    if not 0 < next_id < now:
        raise ConfigurationError(
            f"next id {next_id} is no roll-back for client {client_id}: expected 1 to {now - 1}"
        )
    pit.highest_id[client_id] = next_id - 1
    pit.shelf.unname(client_id, next_id)


def lose_untransmitted(pit: Pit) -> int:
    """Forget every held order (rule 1); return how many there were."""
    lost = [entry for entry in pit.shelf.live() if entry.held]
    for entry in lost:
        pit.shelf.lose(entry)
        if entry.parent is not None:
            entry.parent.children.remove(entry)
    return len(lost)
