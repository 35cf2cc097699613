"""Messages about orders and fills; openOrder itself is in ``order``."""

from __future__ import annotations

from decimal import Decimal

from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.order import Action
from ibelay.wire.encode.message import body, contract_fields, message
from ibelay.wire.fields import UNSET_DOUBLE
from ibelay.wire.framing import frame
from ibelay.wire.times import moment

PRICE_REVISION_SINCE = 178


def execution(
    request_id: int, done: Execution, totals: tuple[Decimal, Decimal], server_version: int
) -> bytes:
    """Return execDetails; *request_id* is -1 for a live fill. See :func:`execution_text`."""
    return execution_message(request_id, execution_text(done, totals, server_version))


def execution_message(request_id: int, text: bytes) -> bytes:
    """Return execDetails of an execution whose *text* is known."""
    return frame(b"11\0%d\0%b" % (request_id, text))


def execution_text(done: Execution, totals: tuple[Decimal, Decimal], server_version: int) -> bytes:
    """Return what execDetails says of an execution, whoever asks.

    Args:
        done: The fill.
        totals: Quantity filled so far and its average price.
        server_version: 178 adds pendingPriceRevision.
    """
    exchange = done.contract.primary_exchange or done.contract.exchange
    side = "BOT" if done.action is Action.BUY else "SLD"
    fields = contract_fields(done.contract, exchange=exchange)
    ids = (done.exec_id, moment(done.at_ns), done.account, exchange, side)
    fill = (done.quantity, done.price, done.perm_id, done.client_id, 0, *totals)
    rest: list[object] = [done.order_ref, "", "", "", 2]
    if server_version >= PRICE_REVISION_SINCE:
        rest.append(False)
    return body(done.order_id, *fields, *ids, *fill, *rest)


def execution_end(request_id: int) -> bytes:
    """Return execDetailsEnd."""
    return message(55, 1, request_id)


def commission(report: CommissionReport) -> bytes:
    """Return commissionReport; an opening trade has no realized P&L."""
    realized = UNSET_DOUBLE if report.realized_pnl is None else report.realized_pnl
    fields = (report.exec_id, report.commission, report.currency, realized)
    return message(59, 1, *fields, UNSET_DOUBLE, "")


def order_status(
    order_id: OrderId,
    status: str,
    *,
    filled: Decimal,
    remaining: Decimal,
    average_price: Decimal,
    last_price: Decimal,
    perm_id: PermId,
    parent_id: OrderId,
    client_id: ClientId,
    why_held: str,
) -> bytes:
    """Return orderStatus."""
    amounts = (filled, remaining, average_price)
    ids = (perm_id, parent_id, last_price, client_id)
    return message(3, order_id, status, *amounts, *ids, why_held, 0)


def order_bound(perm_id: PermId, client_id: ClientId, order_id: OrderId) -> bytes:
    """Return orderBound: a manual order has an id of a client now."""
    return message(100, perm_id, client_id, order_id)


def open_order_end() -> bytes:
    """Return openOrderEnd."""
    return message(53, 1)


def completed_orders_end() -> bytes:
    """Return completedOrdersEnd, which has no version."""
    return message(102)
