"""Live evidence to records: (ledger, event) → what is to be written down. Pure.

Rules:
1. A book is kept from executions, never from statuses; a status only moves an order's state.
2. An order is recognised by ``order_ref`` where IB sends it, else by ``perm_id``, else by our
   own client id and order id of this ledger.
3. A notice ends an order only if its code is proven to (``model.notices``); everything
   ambiguous asks for a snapshot instead. What may refuse only a change of a changed order is
   written down as that, so that the change is not asked for again and again.
4. The same evidence twice gives records once.
5. What every snapshot repeats (an order without an intent) raises no doubt here: the doubt
   would ask for a snapshot, which would raise it again. Reconciliation finds it.
6. While an order has two perm ids, word that it is over may be about either (F25): only a
   snapshot can tell.
7. A fill on the other side of its order takes back what another filled (F34), and one beyond
   its size may be followed by such: both are booked, and the position is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ibelay.journal.ledger import Ledger
from ibelay.journal.order_entry import OrderEntry
from ibelay.journal.records import (
    AnyRecord,
    CancelRefused,
    CommissionRecorded,
    ExecutionRecorded,
    IncidentNoted,
    ModifyRefused,
    OrderStateChanged,
    Severity,
)
from ibelay.machines.order_life import conclude
from ibelay.model.events import (
    BrokerEvent,
    CommissionSeen,
    ExecutionSeen,
    NoticeSeen,
    OrderSeen,
    StatusSeen,
)
from ibelay.model.execution import Execution
from ibelay.model.ids import ClientId, OrderRef, PermId, execution_key
from ibelay.model.notices import is_ambiguous, rejects_new_order
from ibelay.model.order import BrokerOrderStatus, OrderState
from ibelay.reconcile.fills import attributed, is_new_commission, is_news

CANCEL_CONFIRMED = 202
ID_IN_USE = 103
_REFUSES_CANCEL = frozenset({136, 161, 10147, 10148})
"""Whether the order is over none of them says for certain: the state in their text may be old."""
_TOLD_OF = 3
_UNSHOWN = frozenset({OrderState.INTENDED, OrderState.SENT})
_ONLY_CHANGES = frozenset({103, 105, 134, 320, 321, 329, 440, 10241, 10326, 10327, 10341})
"""Refuse a change, or prove nothing of a new order; 2102 ("still being processed") may be said
again. 103 is said of a change that comes too soon after its order, or of one IB has lost sight
of by its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an event means: records to commit, and whether a snapshot is needed to be sure."""

    records: tuple[AnyRecord, ...] = ()
    doubt: str = ""


NOTHING = Taken()


def take(
    ledger: Ledger, event: BrokerEvent, *, bot: str, client_id: ClientId, now_ns: int
) -> Taken:
    """Return what *event* adds to *ledger*.

    Args:
        ledger: The books before the event.
        event: What the broker said.
        bot: Whose order references are ours.
        client_id: Ours; order ids mean something only within it.
        now_ns: Broker time for the records.
    """
    match event:
        case OrderSeen(order=order):
            entry = ledger.orders.get(OrderRef(order.order_ref))
            if entry is None:
                return NOTHING
            whole = entry.order.quantity
            return _status(entry, order.status, order.perm_id, now_ns, whole=whole)
        case StatusSeen(status=status, perm_id=perm_id):
            entry = _find(ledger, event, client_id)
            if entry is None:
                return NOTHING
            whole = _whole(entry, event)
            return _status(entry, status, perm_id, now_ns, whole=whole)
        case ExecutionSeen(execution=execution):
            return _execution(ledger, attributed(ledger, execution), bot, now_ns)
        case CommissionSeen(report=report):
            if not is_new_commission(ledger, report):
                return NOTHING
            return Taken(records=(CommissionRecorded(at_ns=now_ns, report=report),))
        case NoticeSeen():
            return _notice(ledger, event, now_ns)
        case _:
            return NOTHING


def filled_after(entry: OrderEntry, quantity: Decimal) -> OrderState | None:
    """Return FILLED if *quantity* more completes the order, else None."""
    if entry.state is OrderState.FILLED or entry.filled + quantity < entry.order.quantity:
        return None
    return OrderState.FILLED


def _find(ledger: Ledger, event: StatusSeen, client_id: ClientId) -> OrderEntry | None:
    ref = ledger.by_perm_id.get(event.perm_id) if event.perm_id else None
    if ref is None and event.client_id == client_id and event.order_id > 0:
        ref = ledger.by_order_id.get(event.order_id)
        if ref is not None:
            known = ledger.orders[ref].perm_ids
            # An order id that came back under another perm id is another order (F07, F24).
            if known and event.perm_id and event.perm_id not in known:
                return None
    return None if ref is None else ledger.orders.get(ref)


def _whole(entry: OrderEntry, event: StatusSeen) -> Decimal:
    """Return the quantity that fills the order: IB shrinks the exits of a bracket by itself."""
    shrunk = event.status is BrokerOrderStatus.FILLED and event.filled > 0
    return min(event.filled, entry.order.quantity) if shrunk else entry.order.quantity


def _status(
    entry: OrderEntry, status: BrokerOrderStatus, perm_id: PermId, now_ns: int, *, whole: Decimal
) -> Taken:
    state = conclude(entry.state, status, entry.filled, whole)
    new_perm = perm_id != 0 and perm_id not in entry.perm_ids
    if state is OrderState.CANCELLED and state is not entry.state and _is_double(entry, perm_id):
        return Taken(doubt=f"one of two orders for {entry.order.order_ref} is over")
    doubt = ""
    if new_perm and entry.perm_ids:
        doubt = f"order {entry.order.order_ref} has a second perm id {perm_id}"
    if state is entry.state and not new_perm and status is entry.status:
        return Taken(doubt=doubt)
    if entry.state is OrderState.ABSENT and state is not OrderState.ABSENT:
        return Taken(doubt=f"order {entry.order.order_ref} was declared absent and is seen again")
    record = OrderStateChanged(
        at_ns=now_ns,
        order_ref=entry.order.order_ref,
        state=state,
        perm_id=perm_id,
        status=status,
    )
    return Taken(records=(record,), doubt=doubt)


def _is_double(entry: OrderEntry, perm_id: PermId = PermId(0)) -> bool:
    """Return whether IB has shown the order under several perm ids, *perm_id* counted."""
    return len({*entry.perm_ids, *((perm_id,) if perm_id else ())}) > 1


def _execution(ledger: Ledger, execution: Execution, bot: str, now_ns: int) -> Taken:
    if not is_news(ledger, execution, bot):
        return NOTHING
    known = ledger.executions.get(execution_key(execution.exec_id))
    doubt = ""
    records: list[AnyRecord] = [ExecutionRecorded(at_ns=now_ns, execution=execution)]
    entry = ledger.orders.get(OrderRef(execution.order_ref))
    if entry is not None and entry.state is OrderState.ABSENT:
        doubt = f"order {entry.order.order_ref} was declared absent and has filled"
    if entry is not None and known is None:
        shares = execution.quantity * entry.side_of(execution)
        if shares < 0 or entry.filled + shares > entry.order.quantity:
            doubt = doubt or f"fills of {entry.order.order_ref} do not add up to its size"
        state = filled_after(entry, shares)
        if state is not None:
            records.append(
                OrderStateChanged(
                    at_ns=now_ns,
                    order_ref=entry.order.order_ref,
                    state=state,
                    perm_id=execution.perm_id,
                    reason="filled",
                )
            )
    return Taken(records=tuple(records), doubt=doubt)


def _notice(ledger: Ledger, event: NoticeSeen, now_ns: int) -> Taken:
    # -1 is the system's; an order bound to TWS may be shown under a negative id, too.
    ref = ledger.by_order_id.get(event.request_id) if event.request_id > 0 else None
    entry = None if ref is None else ledger.orders.get(ref)
    if entry is None or entry.state.terminal:
        return NOTHING
    if _was_changed(entry) and _refuses_change(event.code):
        return _change_refused(entry, event, now_ns)
    if entry.cancel_intended and event.code in _REFUSES_CANCEL:
        return _cancel_refused(entry, event, now_ns)
    if event.code == CANCEL_CONFIRMED:
        if _is_double(entry):
            return Taken(doubt=f"one of two orders for {ref} is over")
        state = OrderState.CANCELLED
    elif rejects_new_order(event.code) or _number_was_taken(entry, event.code):
        state = OrderState.REJECTED
    elif is_ambiguous(event.code):
        return Taken(doubt=f"IB said {event.code} of order {ref}: {event.text}")
    else:
        return NOTHING
    record = OrderStateChanged(
        at_ns=now_ns,
        order_ref=entry.order.order_ref,
        state=state,
        code=event.code,
        reason=event.text,
    )
    return Taken(records=(record,))


def _refuses_change(code: int) -> bool:
    return code in _ONLY_CHANGES or rejects_new_order(code)


def _number_was_taken(entry: OrderEntry, code: int) -> bool:
    """Return whether 103 is about an order that IB never showed.

    One reference is sent once, so the number is another order's, and ours was not placed: a stop
    that is held for sent would keep its position naked. What is needed goes under a fresh id.
    """
    return code == ID_IN_USE and entry.state is OrderState.SENT and not entry.perm_ids


def _was_changed(entry: OrderEntry) -> bool:
    """Return whether a change of the order may have been sent: only to one IB has shown."""
    return entry.state not in _UNSHOWN and bool(entry.modified or entry.refusals)


def _change_refused(entry: OrderEntry, event: NoticeSeen, now_ns: int) -> Taken:
    """The same code may refuse only the modification; the order may live on (F21).

    Said a second time of the same change it is still no word about the order itself.
    """
    ref = entry.order.order_ref
    doubt = f"IB refused a change of {ref}: {event.code} {event.text}"
    if not entry.modified:
        return Taken(doubt=doubt)
    record = ModifyRefused(at_ns=now_ns, order_ref=ref, code=event.code, reason=event.text)
    return Taken(records=(record,), doubt=doubt)


def _cancel_refused(entry: OrderEntry, event: NoticeSeen, now_ns: int) -> Taken:
    """What was to be cancelled may work on: if so it is tried again, and a person is told."""
    ref, refusal = entry.order.order_ref, f"{event.code} {event.text.rstrip('. ')}"
    records: list[AnyRecord] = [
        CancelRefused(at_ns=now_ns, order_ref=ref, code=event.code, reason=event.text)
    ]
    if entry.cancel_refusals + 1 == _TOLD_OF:
        order = entry.order
        text = (
            f"{entry.contract.symbol}: IB does not cancel {order.role} {order.action} "
            f"{order.quantity} ({ref}): {refusal}; it is asked again, but if it fills meanwhile "
            "it may open a position, so look at it in TWS"
        )
        records.append(IncidentNoted(at_ns=now_ns, severity=Severity.CRITICAL, text=text))
    return Taken(records=tuple(records), doubt=f"IB did not cancel {ref}: {refusal}")
