"""Orders that no client placed: those a person enters in TWS.

Rules:
1. In the book they belong to nobody's client id, ``MANUAL``, and count from 1; or they have
   no id at all, order id 0, and can be addressed by nobody.
2. Clients are shown them as client 0's, under negative order ids; their executions too.
3. Client 0 binds them by asking for its open orders, or all future ones by
   ``reqAutoOpenOrders``. Only what it has bound can it change or cancel.

**Source**: IB "Open Orders" page, 26.06.01 to 26.06.03 in the shared IB facts.
"""

from __future__ import annotations

from ibelay.model.ids import ClientId, OrderId

MASTER = ClientId(0)
MANUAL = ClientId(-1)


def is_manual(client_id: ClientId, order_id: OrderId) -> bool:
    """Whether an order of the book was entered in TWS."""
    return client_id == MANUAL or not order_id


def shown(client_id: ClientId, order_id: OrderId) -> tuple[ClientId, OrderId]:
    """Return the ids under which clients know an order of the book."""
    if client_id == MANUAL:
        return MASTER, OrderId(-order_id)
    return client_id, order_id


def meant(client_id: ClientId, order_id: OrderId) -> tuple[ClientId, OrderId]:
    """Return the ids in the book of what *client_id* calls *order_id*."""
    if client_id == MASTER and order_id < 0:
        return MANUAL, OrderId(-order_id)
    return client_id, order_id
