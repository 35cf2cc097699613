"""Other people's trades and orders without an intent: told once, never taken for ours."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.reconcile.test_amend import SPY, bracket, shown

from ibelay.model.contract import Contract
from ibelay.model.events import ExecutionSeen, OrderSeen
from ibelay.model.execution import Execution
from ibelay.model.ids import ClientId, ConId, ExecId, OrderId, PermId
from ibelay.model.order import Action
from ibelay.reconcile.absence import Absences
from ibelay.reconcile.discrepancies import Kind
from ibelay.reconcile.fills import is_news
from ibelay.reconcile.intake import NOTHING, take
from ibelay.reconcile.plan import plan
from ibelay.reconcile.policy import Policy

ME = ClientId(1)


def manual(contract: Contract) -> Execution:
    """Return a fill of somebody else."""
    return Execution(
        exec_id=ExecId("0000.ffff.01"),
        contract=contract,
        account="DU1",
        action=Action.SELL,
        quantity=Decimal(10),
        price=Decimal(100),
        at_ns=50,
        order_id=OrderId(0),
        perm_id=PermId(900),
        client_id=ClientId(0),
    )


def test_a_trade_of_others_in_a_contract_we_do_not_trade_is_not_booked() -> None:
    """A master client hears of everybody's fills."""
    ledger = bracket()
    other = Contract(symbol="IBM", con_id=ConId(8314))
    event = ExecutionSeen(execution=manual(other))
    assert take(ledger, event, bot="bot", client_id=ME, now_ns=60) == NOTHING


def test_a_trade_of_others_in_our_contract_moves_our_book() -> None:
    ledger = bracket()
    taken = take(ledger, ExecutionSeen(execution=manual(SPY)), bot="bot", client_id=ME, now_ns=60)
    for record in taken.records:
        ledger.apply(record)
    assert ledger.positions[SPY.con_id].quantity == 40
    assert next(iter(ledger.units.values())).open_quantity == 40


def test_an_orphan_order_is_told_once_and_asks_for_no_endless_snapshots() -> None:
    ledger = bracket()
    orphan = replace(shown(50, "99").open_orders[0], order_ref="bot:0:9.1", perm_id=PermId(777))
    seen = take(ledger, OrderSeen(order=orphan), bot="bot", client_id=ME, now_ns=60)
    assert seen == NOTHING
    snapshot = replace(shown(50, "99"), open_orders=(orphan,))
    absences = Absences()
    told = []
    for _ in range(3):
        outcome = plan(ledger, snapshot, Policy(), absences, bot="bot", now_ns=70, monotonic_ns=70)
        absences = outcome.absences
        told.append([f for f in outcome.findings if f.kind is Kind.ORPHAN_ORDER])
    assert [len(findings) for findings in told] == [1, 0, 0]


def test_a_manual_fill_in_the_second_of_our_first_intent_is_booked() -> None:
    """IB's fill times are whole seconds; ours are not."""
    ledger = bracket()
    early = replace(manual(SPY), at_ns=0)
    assert is_news(ledger, early, "bot")
