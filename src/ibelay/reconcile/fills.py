"""Which fills and commissions are news to the books. Pure.

Rules:
1. A fill is one execution key; of several corrections only the latest counts, and one that
   is already in the books, or older than what is there, is no news.
2. A fill with a reference of ours is always for our books. A fill of somebody else is for
   our books from our first intent in its contract on: before that there is no book of ours
   that it could move. The books of other contracts follow the broker's positions.
3. Only what an execution says is a fill; a status never is.
4. A fill that comes without its order's reference is that order's whose perm id it carries.
   Taken for somebody else's it would close our units from outside, entries included.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from ibelay.journal.ledger import Ledger
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import OrderRef, execution_key, is_ours, supersedes
from ibelay.model.snapshot import BrokerOrder, BrokerSnapshot

_ZERO = Decimal(0)
_SECOND_NS = 1_000_000_000


def attributed(
    ledger: Ledger, execution: Execution, shown: Iterable[BrokerOrder] = ()
) -> Execution:
    """Return *execution* with the reference of our order that it fills, if it came without.

    Args:
        ledger: Our books, which know the perm ids of acknowledged orders.
        execution: Whoever's fill.
        shown: Orders that the broker shows beside it, whose perm ids may be new.
    """
    if execution.order_ref or not execution.perm_id:
        return execution
    ref = ledger.by_perm_id.get(execution.perm_id)
    if ref is None:
        refs = (OrderRef(each.order_ref) for each in shown if each.perm_id == execution.perm_id)
        ref = next((each for each in refs if each in ledger.orders), None)
    return execution if ref is None else replace(execution, order_ref=ref)


def is_news(ledger: Ledger, execution: Execution, bot: str) -> bool:
    """Return whether *execution* belongs in the books and is not there yet.

    Args:
        ledger: Our books.
        execution: Whoever's fill.
        bot: Whose order references are ours.
    """
    known = ledger.executions.get(execution_key(execution.exec_id))
    if known is not None:
        return supersedes(execution.exec_id, known.exec_id)
    if is_ours(execution.order_ref, bot):
        return True
    since = ledger.began.get(execution.contract.con_id)
    # IB tells a fill's time in whole seconds: one of the second of our first intent is ours.
    return since is not None and execution.at_ns >= since - since % _SECOND_NS


def missed_fills(ledger: Ledger, snapshot: BrokerSnapshot, bot: str) -> list[Execution]:
    """Return the fills of *snapshot* that are news, oldest first, each once."""
    if not snapshot.executions:
        return []
    latest: dict[str, Execution] = {}
    shown = (*snapshot.open_orders, *snapshot.completed_orders)
    for told in snapshot.executions:
        execution = attributed(ledger, told, shown)
        key = execution_key(execution.exec_id)
        known = latest.get(key)
        if known is not None and not supersedes(execution.exec_id, known.exec_id):
            continue
        if is_news(ledger, execution, bot):
            latest[key] = execution
    return sorted(latest.values(), key=lambda each: (each.at_ns, each.exec_id))


def gain(ledger: Ledger, execution: Execution) -> Decimal:
    """Return by how many shares booking *execution* moves the position; negative if down."""
    known = ledger.executions.get(execution_key(execution.exec_id))
    before = _ZERO if known is None else known.quantity * known.action.sign
    return execution.quantity * execution.action.sign - before


def is_new_commission(ledger: Ledger, report: CommissionReport) -> bool:
    """Return whether *report* says something the books do not know."""
    known = ledger.commissions.get(execution_key(report.exec_id))
    return known is None or (known != report and not supersedes(known.exec_id, report.exec_id))


def missed_commissions(
    ledger: Ledger, snapshot: BrokerSnapshot, missed: Iterable[Execution]
) -> list[CommissionReport]:
    """Return the commissions of fills that are, or with *missed* will be, in the books."""
    missing = {execution_key(each.exec_id) for each in missed}
    latest: dict[str, CommissionReport] = {}
    for report in snapshot.commissions:
        key = execution_key(report.exec_id)
        known = latest.get(key)
        booked = key in ledger.executions or key in missing
        if booked and (known is None or supersedes(report.exec_id, known.exec_id)):
            latest[key] = report
    return [report for report in latest.values() if is_new_commission(ledger, report)]
