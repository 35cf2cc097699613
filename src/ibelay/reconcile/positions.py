"""Positions side by side: what the books hold and what the broker confirms (R2, R3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import PositionAdjusted
from ibelay.model.contract import Contract
from ibelay.model.execution import Execution
from ibelay.model.ids import ConId, ExecId
from ibelay.model.snapshot import BrokerSnapshot
from ibelay.reconcile.absence import Mismatch
from ibelay.reconcile.discrepancies import Kind
from ibelay.reconcile.draft import Draft
from ibelay.reconcile.fills import gain
from ibelay.reconcile.policy import Policy

_ZERO = Decimal(0)
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """One contract: what the books hold, and what the broker confirms.

    ``average_cost`` is the broker's, per share or per unit of a contract with a multiplier.
    """

    contract: Contract
    held: Decimal
    confirmed: Decimal
    average_cost: Decimal


def compare_positions(
    ledger: Ledger,
    snapshot: BrokerSnapshot,
    policy: Policy,
    draft: Draft,
    *,
    missed: Iterable[Execution],
    seen_before: Mapping[ConId, Mismatch],
    monotonic_ns: int,
) -> dict[ConId, Mismatch]:
    """Decide about positions; return the differences that need a further look.

    Args:
        ledger: Our books.
        snapshot: Complete.
        policy: Tolerance and adoption.
        draft: Takes what is decided.
        missed: Fills that the same plan books; they count as booked.
        seen_before: Differences the previous snapshot left open, by contract.
        monotonic_ns: For their ages.
    """
    unsettled = _unsettled(ledger, snapshot, policy)
    mismatches: dict[ConId, Mismatch] = {}
    for con_id, sides in sorted(_both_sides(ledger, snapshot, missed).items()):
        difference = sides.confirmed - sides.held
        if abs(difference) <= policy.quantity_tolerance:
            if sides.held:
                draft.report.append(
                    f"{sides.contract.symbol}: store shows {sides.held} shares, "
                    f"IBKR confirms {sides.confirmed} shares ✓"
                )
            continue
        if con_id in unsettled:
            seen = Mismatch(difference, monotonic_ns, _executions(ledger, snapshot, con_id))
            first = _first_seen(seen, seen_before.get(con_id))
            if monotonic_ns - first.since_ns < policy.settling_s * _NS or first is seen:
                mismatches[con_id] = first
                continue
        _decide(draft, ledger, policy, sides)
    return mismatches


def _first_seen(seen: Mismatch, before: Mismatch | None) -> Mismatch:
    """Return *before* if *seen* is the same matter, else *seen* as a new one."""
    same = before is not None and replace(seen, since_ns=before.since_ns) == before
    return before if same and before is not None else seen


def _executions(ledger: Ledger, snapshot: BrokerSnapshot, con_id: ConId) -> frozenset[ExecId]:
    """Return every execution in the contract that we or the broker know of."""
    known = (*ledger.executions.values(), *snapshot.executions)
    return frozenset(each.exec_id for each in known if each.contract.con_id == con_id)


def _unsettled(ledger: Ledger, snapshot: BrokerSnapshot, policy: Policy) -> set[ConId]:
    """Return contracts in which one snapshot's positions and executions may be of two moments.

    Ours works in it, or something has just filled: IB's positions follow its executions.
    """
    working = {entry.contract.con_id for entry in ledger.open_orders()}
    since = snapshot.broker_time_ns - int(policy.settling_s * _NS)
    return working | {
        execution.contract.con_id for execution in snapshot.executions if execution.at_ns > since
    }


def _both_sides(
    ledger: Ledger, snapshot: BrokerSnapshot, missed: Iterable[Execution]
) -> dict[ConId, _Sides]:
    held = {con_id: book.quantity for con_id, book in ledger.positions.items()}
    contracts = {con_id: book.contract for con_id, book in ledger.positions.items()}
    for execution in missed:
        con_id = execution.contract.con_id
        held[con_id] = held.get(con_id, _ZERO) + gain(ledger, execution)
        contracts.setdefault(con_id, execution.contract)
    theirs = {position.contract.con_id: position for position in snapshot.positions}
    contracts |= {con_id: position.contract for con_id, position in theirs.items()}
    sides = {}
    for con_id, contract in contracts.items():
        shown = theirs.get(con_id)
        sides[con_id] = _Sides(
            contract=contract,
            held=held.get(con_id, _ZERO),
            confirmed=shown.quantity if shown is not None else _ZERO,
            # IB's average cost of a future or an option is that of the whole contract (S1).
            average_cost=_ZERO if shown is None else shown.average_cost / contract.multiplier,
        )
    return sides


def unexplained(ledger: Ledger) -> tuple[str, ...]:
    """Return a line for every holding that the bot's own units do not explain.

    Somebody traded the same contract, or closed by hand what an exit closed at the same time:
    nobody but a person can know what it is for, and it has no stop of ours.
    """
    explained: dict[ConId, Decimal] = {}
    for ref in ledger.held:
        unit = ledger.units[ref]
        con_id = unit.contract.con_id
        signed = unit.open_quantity * unit.action.sign
        explained[con_id] = explained.get(con_id, _ZERO) + signed
    return tuple(
        f"{book.contract.symbol}: {book.quantity - explained.get(con_id, _ZERO)} shares are held "
        "that belong to no order of this bot; they have no stop of ours, look at them in TWS"
        for con_id, book in ledger.positions.items()
        if book.quantity != explained.get(con_id, _ZERO)
    )


def _decide(draft: Draft, ledger: Ledger, policy: Policy, sides: _Sides) -> None:
    """Take the broker's figure (R3), but leave alone what is not this bot's."""
    contract, held, confirmed = sides.contract, sides.held, sides.confirmed
    before, after = f"{held} shares", f"{confirmed} shares"
    if (
        not held
        and contract.con_id not in ledger.positions
        and contract.symbol not in policy.watch_list
    ):
        line = f"{contract.symbol}: IBKR shows {confirmed} shares that are not this bot's"
        if draft.is_first_sight(f"position {contract.con_id} {confirmed}"):
            kind = Kind.UNEXPECTED_POSITION
            draft.find(kind, contract.symbol, before, after, "left alone")
            draft.report[-1] = line
        else:
            draft.report.append(line)
        return
    if not confirmed:
        kind, action = Kind.CLOSED_EXTERNALLY, "closed in the books"
        line = (
            f"{contract.symbol}: store shows {held} shares, IBKR shows 0 shares → "
            "position was closed at the broker during the outage"
        )
    elif not held:
        kind, action = Kind.UNEXPECTED_POSITION, "adopted as a minimal record"
        line = f"{contract.symbol}: IBKR shows {confirmed} shares the store does not know → adopted"
    else:
        kind, action = Kind.QUANTITY_MISMATCH, "set to the broker's figure"
        line = (
            f"{contract.symbol}: store shows {held} shares, IBKR shows {confirmed} → IBKR's figure"
        )
    draft.records.append(
        PositionAdjusted(
            at_ns=draft.now_ns,
            contract=contract,
            before=held,
            after=confirmed,
            average_cost=sides.average_cost,
            reason=kind.value,
        )
    )
    draft.find(kind, contract.symbol, before, after, action)
    draft.report[-1] = line
