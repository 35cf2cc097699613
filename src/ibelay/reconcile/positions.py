"""Positions side by side: what the books hold and what the broker confirms (R2, R3). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import AnyRecord, PositionAdjusted
from ibelay.model.execution import Execution
from ibelay.model.ids import ConId, execution_key
from ibelay.model.position import Position
from ibelay.model.snapshot import BrokerSnapshot
from ibelay.reconcile.discrepancies import Discrepancy, Kind
from ibelay.reconcile.policy import Policy

_ZERO = Decimal(0)


@dataclass(slots=True)
class PositionPlan:
    """Corrections, findings, lines, and differences that need a second look."""

    records: list[AnyRecord] = field(default_factory=list)
    findings: list[Discrepancy] = field(default_factory=list)
    report: list[str] = field(default_factory=list)
    mismatches: dict[ConId, Decimal] = field(default_factory=dict)


def compare_positions(
    ledger: Ledger,
    snapshot: BrokerSnapshot,
    policy: Policy,
    seen_before: Mapping[ConId, Decimal],
    missed: Sequence[Execution],
    now_ns: int,
) -> PositionPlan:
    """Return what to do about positions, with *missed* fills already counted as booked.

    Args:
        ledger: Our books.
        snapshot: Complete.
        policy: Tolerance and adoption.
        seen_before: Differences the previous snapshot left open, by contract.
        missed: Fills that the same plan books.
        now_ns: Broker time for the records.
    """
    plan = PositionPlan()
    ours = {con_id: book.quantity for con_id, book in ledger.positions.items()}
    for execution in missed:
        known = ledger.executions.get(execution_key(execution.exec_id))
        more = execution.quantity - (known.quantity if known is not None else _ZERO)
        con_id = execution.contract.con_id
        ours[con_id] = ours.get(con_id, _ZERO) + more * execution.action.sign
    theirs = {position.contract.con_id: position for position in snapshot.positions}
    busy = {entry.contract.con_id for entry in ledger.open_orders()}
    for con_id in sorted({*ours, *theirs}):
        held = ours.get(con_id, _ZERO)
        shown = theirs.get(con_id)
        confirmed = shown.quantity if shown is not None else _ZERO
        symbol = _symbol(ledger, shown, con_id)
        if abs(held - confirmed) <= policy.quantity_tolerance:
            if held:
                plan.report.append(
                    f"{symbol}: store shows {held} shares, IBKR confirms {confirmed} shares ✓"
                )
            continue
        difference = confirmed - held
        if con_id in busy and seen_before.get(con_id) != difference:
            plan.mismatches[con_id] = difference
            continue
        _decide(plan, ledger, policy, con_id, symbol, held, shown, now_ns)
    return plan


def unexplained(ledger: Ledger) -> tuple[str, ...]:
    """Return a line for every holding that the bot's own units do not explain.

    Somebody traded the same contract, or closed by hand what an exit closed at the same time:
    nobody but a person can know what it is for, and it has no stop of ours.
    """
    explained: dict[ConId, Decimal] = {}
    for unit in ledger.units.values():
        con_id = unit.contract.con_id
        signed = unit.open_quantity * unit.action.sign
        explained[con_id] = explained.get(con_id, _ZERO) + signed
    return tuple(
        f"{book.contract.symbol}: {book.quantity - explained.get(con_id, _ZERO)} shares are held "
        "that belong to no order of this bot; they have no stop of ours, look at them in TWS"
        for con_id, book in ledger.positions.items()
        if book.quantity != explained.get(con_id, _ZERO)
    )


def _decide(
    plan: PositionPlan,
    ledger: Ledger,
    policy: Policy,
    con_id: ConId,
    symbol: str,
    held: Decimal,
    shown: Position | None,
    now_ns: int,
) -> None:
    confirmed = shown.quantity if shown is not None else _ZERO
    before, after = f"{held} shares", f"{confirmed} shares"
    if not held and con_id not in ledger.positions and symbol not in policy.watch_list:
        # Reported at every reconciliation as a line, alarmed once: it is not ours to keep.
        plan.report.append(f"{symbol}: IBKR shows {confirmed} shares that are not this bot's")
        return
    if not confirmed:
        kind, action = Kind.CLOSED_EXTERNALLY, "closed in the books"
        line = (
            f"{symbol}: store shows {held} shares, IBKR shows 0 shares → "
            "position was closed at the broker during the outage"
        )
    elif not held:
        kind, action = Kind.UNEXPECTED_POSITION, "adopted as a minimal record"
        line = f"{symbol}: IBKR shows {confirmed} shares the store does not know → adopted"
    else:
        kind, action = Kind.QUANTITY_MISMATCH, "set to the broker's figure"
        line = f"{symbol}: store shows {held} shares, IBKR shows {confirmed} → IBKR's figure"
    contract = shown.contract if shown is not None else ledger.positions[con_id].contract
    plan.records.append(
        PositionAdjusted(
            at_ns=now_ns,
            contract=contract,
            before=held,
            after=confirmed,
            average_cost=shown.average_cost if shown is not None else _ZERO,
            reason=kind.value,
        )
    )
    plan.findings.append(
        Discrepancy(kind=kind, symbol=symbol, before=before, after=after, action=action)
    )
    plan.report.append(line)


def _symbol(ledger: Ledger, shown: Position | None, con_id: ConId) -> str:
    if shown is not None:
        return shown.contract.symbol
    return ledger.positions[con_id].contract.symbol
