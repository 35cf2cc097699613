"""What a desk makes of what it is asked for."""

from __future__ import annotations

from decimal import Decimal

from tests.reconcile.scenes import BOT, ENTRY, SECOND_NS, STOP, TARGET, UNIT, bracket, intent, state

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import CancelIntended, UnitClosing
from ibelay.model import ids
from ibelay.model.order import OrderState, Role
from ibelay.reconcile.gaps import REFUSALS, CancelExit
from ibelay.reconcile.protection import audit
from ibelay.runtime.trading.outbox import SendCancel
from ibelay.runtime.trading.turn import Decisions, Facts, TurnDesk


def desk(ledger: Ledger, *, now_ns: int = 9) -> TurnDesk:
    """Return a desk over *ledger* at broker time *now_ns*."""
    facts = Facts(
        bot=BOT,
        ledger=ledger,
        now_ns=now_ns,
        session_date="2026-01-05",
        cannot_enter="",
        quotes={},
        next_order_id=ledger.high_order_id + 1,
        next_unit=ledger.next_unit_number,
        max_quantity=Decimal(0),
        wall_ns=9,
    )
    return TurnDesk(facts)


def decided(ledger: Ledger, *, times: int = 1) -> Decisions:
    """Return what closing the unit decides, with its records applied."""
    closing = desk(ledger)
    for _ in range(times):
        closing.close(UNIT, reason="end of day")
    for record in closing.decisions.records:
        ledger.apply(record)
    return closing.decisions


def test_closing_cancels_the_stop_last() -> None:
    """Until the target is gone the stop is the only one that must not be missing."""
    decisions = decided(bracket(filled=20))
    assert isinstance(decisions.records[0], UnitClosing), "written down before anything else"
    sent = [send.ref for send in decisions.sends if isinstance(send, SendCancel)]
    assert sent == [ENTRY, TARGET, STOP]


def test_closing_twice_in_one_turn_is_closing_once() -> None:
    assert len(decided(bracket(), times=2).sends) == 2


def test_closing_again_cancels_neither_twice_nor_its_own_exit() -> None:
    ledger = bracket()
    decided(ledger)
    assert decided(ledger).records == []
    for ref in (STOP, TARGET):
        ledger.apply(state(ref, OrderState.CANCELLED))
    ledger.apply(intent(3, Role.EXIT, child=False))
    ledger.apply(state(ids.order_ref(UNIT, 3), OrderState.WORKING))
    again = decided(ledger)
    assert not [record for record in again.records if isinstance(record, CancelIntended)]


def test_closing_what_is_over_decides_nothing() -> None:
    ledger = bracket(filled=0)
    for ref in (ENTRY, STOP, TARGET):
        ledger.apply(state(ref, OrderState.CANCELLED))
    assert decided(ledger).records == []


def test_closing_again_after_refused_exits_leaves_the_stop_till_the_next_exit_may_follow() -> None:
    """It would be naked for nothing while IB is given time."""
    ledger = bracket()
    decided(ledger)
    for ref in (STOP, TARGET):
        ledger.apply(state(ref, OrderState.CANCELLED))
    for leg in range(3, 3 + REFUSALS):
        ledger.apply(intent(leg, Role.EXIT, child=False))
        ledger.apply(state(ids.order_ref(UNIT, leg), OrderState.REJECTED))
    back = ids.order_ref(UNIT, 3 + REFUSALS)
    ledger.apply(intent(3 + REFUSALS, Role.STOP, child=False))
    ledger.apply(state(back, OrderState.WORKING))
    again = decided(ledger)
    assert [type(record) for record in again.records] == [UnitClosing]
    assert again.sends == []
    assert audit(ledger) == [CancelExit(UNIT, back, 2 + 4 * SECOND_NS)]
