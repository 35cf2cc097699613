"""What the tests of this room build ledgers and snapshots from: one bracket in SPY."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import (
    AnyRecord,
    EpochStarted,
    ExecutionRecorded,
    IntentRecorded,
    OrderStateChanged,
)
from ibelay.model import ids
from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, ConId, Epoch, ExecId, OrderId, OrderRef, PermId, UnitRef
from ibelay.model.order import Action, BrokerOrderStatus, Order, OrderState, OrderType, Role
from ibelay.model.position import Position
from ibelay.model.snapshot import BrokerOrder, BrokerSnapshot

BOT = "bot"
SPY = Contract(symbol="SPY", con_id=ConId(756733))
AMD = Contract(symbol="AMD", con_id=ConId(4391))
UNIT = ids.unit_ref(BOT, 1, 1)
ENTRY, STOP, TARGET = (ids.order_ref(UNIT, leg) for leg in range(3))
SECOND_NS = 1_000_000_000
NOW_NS = 1_000 * SECOND_NS
"""Broker time of snapshots: long after every fill unless a test says otherwise."""


def epoch(number: int = 1) -> EpochStarted:
    """Return the start of a process."""
    return EpochStarted(at_ns=0, epoch=Epoch(number), bot=BOT)


def intent(
    leg: int,
    role: Role,
    *,
    unit: UnitRef = UNIT,
    action: Action | None = None,
    quantity: int = 50,
    order_id: int | None = None,
    contract: Contract = SPY,
    child: bool = True,
    stop: str = "99",
) -> IntentRecorded:
    """Return the intent of a leg: entries buy, exits sell, stops at 99, targets at 102."""
    kinds = {Role.STOP: OrderType.STOP, Role.TARGET: OrderType.LIMIT}
    side = action or (Action.BUY if role is Role.ENTRY else Action.SELL)
    order = Order(
        order_ref=ids.order_ref(unit, leg),
        unit=unit,
        role=role,
        action=side,
        quantity=Decimal(quantity),
        order_type=kinds.get(role, OrderType.MARKET),
        stop_price=Decimal(stop) if role is Role.STOP else None,
        limit_price=Decimal(102) if role is Role.TARGET else None,
        parent_ref=ids.order_ref(unit, 0) if child and role is not Role.ENTRY else None,
    )
    return IntentRecorded(
        at_ns=1,
        epoch=Epoch(1),
        order_id=OrderId(leg + 1 if order_id is None else order_id),
        contract=contract,
        order=order,
        expires_ns=NOW_NS,
    )


def state(ref: OrderRef, to: OrderState, *, perm_id: int = 0, code: int = 0) -> OrderStateChanged:
    """Return a change of an order's state."""
    return OrderStateChanged(at_ns=2, order_ref=ref, state=to, perm_id=PermId(perm_id), code=code)


def execution(
    number: int,
    ref: str,
    action: Action,
    quantity: int,
    *,
    price: str = "100",
    revision: int = 1,
    at_s: int | None = None,
    contract: Contract = SPY,
    account: str = "DU1",
) -> Execution:
    """Return fill *number*; a higher *revision* is IB's correction of it."""
    return Execution(
        exec_id=ExecId(f"0000e0d5.{number:08x}.01.{revision:02d}"),
        contract=contract,
        account=account,
        action=action,
        quantity=Decimal(quantity),
        price=Decimal(price),
        at_ns=(number + 1 if at_s is None else at_s) * SECOND_NS,
        order_id=OrderId(0),
        perm_id=PermId(0),
        client_id=ClientId(1),
        order_ref=ref,
    )


def booked(fill: Execution) -> ExecutionRecorded:
    """Return the booking of *fill*."""
    return ExecutionRecorded(at_ns=fill.at_ns, execution=fill)


def commission(fill: Execution, amount: str = "1") -> CommissionReport:
    """Return what *fill* cost."""
    return CommissionReport(exec_id=fill.exec_id, commission=Decimal(amount))


def ledger_of(*records: AnyRecord) -> Ledger:
    """Return the ledger of *records*, after the start of a process."""
    ledger = Ledger()
    for record in (epoch(), *records):
        ledger.apply(record)
    return ledger


def bracket_records(*, filled: int = 50) -> list[AnyRecord]:
    """Return a bracket of 50 that works, with *filled* shares of its entry bought at 100."""
    records: list[AnyRecord] = [
        intent(0, Role.ENTRY),
        intent(1, Role.STOP),
        intent(2, Role.TARGET),
        *(
            state(ref, OrderState.WORKING, perm_id=101 + leg)
            for leg, ref in enumerate((ENTRY, STOP, TARGET))
        ),
    ]
    if filled:
        records.append(booked(execution(1, ENTRY, Action.BUY, filled)))
    if filled == 50:
        records.append(state(ENTRY, OrderState.FILLED))
    return records


def bracket(*, filled: int = 50) -> Ledger:
    """Return the ledger of :func:`bracket_records`."""
    return ledger_of(*bracket_records(filled=filled))


def shown(
    ref: str,
    *,
    perm_id: int,
    order_id: int = 0,
    status: BrokerOrderStatus = BrokerOrderStatus.SUBMITTED,
    quantity: int = 50,
    filled: int = 0,
    action: Action = Action.SELL,
    order_type: str = "STP",
    contract: Contract = SPY,
) -> BrokerOrder:
    """Return an order as the broker shows it."""
    return BrokerOrder(
        order_id=OrderId(order_id),
        perm_id=PermId(perm_id),
        client_id=ClientId(1),
        order_ref=ref,
        contract=contract,
        action=action,
        quantity=Decimal(quantity),
        order_type=order_type,
        status=status,
        filled=Decimal(filled),
    )


def bracket_shown() -> tuple[BrokerOrder, ...]:
    """Return the bracket's live exits as the broker shows them."""
    return (
        shown(STOP, perm_id=102, order_id=2),
        shown(TARGET, perm_id=103, order_id=3, order_type="LMT"),
    )


def holding(quantity: int, *, contract: Contract = SPY, account: str = "DU1") -> Position:
    """Return a position as the broker shows it."""
    return Position(
        account=account,
        contract=contract,
        quantity=Decimal(quantity),
        average_cost=Decimal("100.02"),
    )


def snapshot(
    *,
    positions: Sequence[Position] = (),
    open_orders: Sequence[BrokerOrder] = (),
    completed: Sequence[BrokerOrder] = (),
    executions: Sequence[Execution] = (),
    commissions: Sequence[CommissionReport] = (),
) -> BrokerSnapshot:
    """Return a complete snapshot."""
    return BrokerSnapshot(
        account="DU1",
        started_ns=0,
        ended_ns=1,
        broker_time_ns=NOW_NS,
        next_order_id=OrderId(100),
        positions=tuple(positions),
        open_orders=tuple(open_orders),
        completed_orders=tuple(completed),
        executions=tuple(executions),
        commissions=tuple(commissions),
    )
