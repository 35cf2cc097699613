"""What the runtime does about a gap in protection."""

from __future__ import annotations

from tests.reconcile.scenes import SECOND_NS, STOP, TARGET, UNIT, bracket, intent, state
from tests.runtime.test_turn import desk

from ibelay.app.clock import SystemClock
from ibelay.journal.ledger import Ledger
from ibelay.journal.records import IncidentNoted, Severity, UnitClosing
from ibelay.model import ids
from ibelay.model.order import OrderState, Role
from ibelay.reconcile.gaps import REFUSALS
from ibelay.runtime.trading.books import Books
from ibelay.runtime.trading.outbox import SendCancel, SendNew
from ibelay.runtime.trading.protection import Protector
from ibelay.runtime.trading.turn import Decisions
from ibelay.store.memory import MemoryJournal


def stops_refused() -> Ledger:
    """Return 50 shares for which IB refuses every stop, while their target works."""
    ledger = bracket()
    ledger.apply(state(STOP, OrderState.REJECTED))
    for leg in range(3, 2 + REFUSALS):
        ledger.apply(intent(leg, Role.STOP, child=False))
        ledger.apply(state(ids.order_ref(UNIT, leg), OrderState.REJECTED))
    return ledger


def checked(protector: Protector, ledger: Ledger) -> Decisions:
    """Return what protection decides, with its records applied."""
    turn = desk(ledger)
    protector.check(turn, act=True)
    for record in turn.decisions.records:
        ledger.apply(record)
    return turn.decisions


def test_what_cannot_be_protected_is_closed_after_its_target_is_gone() -> None:
    """Target and market exit side by side could both fill and open the other side."""
    ledger = stops_refused()
    protector = Protector(Books(ledger, MemoryJournal(), SystemClock()))
    first = checked(protector, ledger)
    assert [send.ref for send in first.sends if isinstance(send, SendCancel)] == [TARGET]
    assert not [send for send in first.sends if isinstance(send, SendNew)]
    assert [r.unit for r in first.records if isinstance(r, UnitClosing)] == [UNIT]
    assert [r.severity for r in first.records if isinstance(r, IncidentNoted)] == [
        Severity.CRITICAL
    ]
    assert checked(protector, ledger).sends == []
    ledger.apply(state(TARGET, OrderState.CANCELLED))
    assert [type(send) for send in checked(protector, ledger).sends] == [SendNew]


def test_a_refused_stop_is_placed_again_after_a_while() -> None:
    ledger = bracket()
    protector = Protector(Books(ledger, MemoryJournal(), SystemClock()))
    ledger.apply(state(STOP, OrderState.REJECTED))
    assert [type(send) for send in checked(protector, ledger).sends] == [SendNew]
    ledger.apply(state(ids.order_ref(UNIT, 3), OrderState.REJECTED))
    assert checked(protector, ledger).sends == []
    assert protector.waits
    late = desk(ledger, now_ns=2 * SECOND_NS)
    protector.check(late, act=True)
    assert [type(send) for send in late.decisions.sends] == [SendNew]
    assert not protector.waits


def test_stops_that_somebody_takes_away_are_given_up_with_one_alarm() -> None:
    ledger = bracket()
    protector = Protector(Books(ledger, MemoryJournal(), SystemClock()))
    ledger.apply(state(STOP, OrderState.CANCELLED))
    for leg in range(3, 3 + REFUSALS):
        ledger.apply(intent(leg, Role.STOP, child=False))
        ledger.apply(state(ids.order_ref(UNIT, leg), OrderState.CANCELLED))
    told = [checked(protector, ledger).records for _ in range(2)]
    (alarm,) = told[0]
    assert isinstance(alarm, IncidentNoted)
    assert "50 shares" in alarm.text
    assert told[1] == []


def test_what_ib_would_not_close_and_nobody_may_protect_is_told_of_twice() -> None:
    """Once that it is not closed, and once more that its stop is gone for good."""
    ledger = bracket()
    protector = Protector(Books(ledger, MemoryJournal(), SystemClock()))
    ledger.apply(UnitClosing(at_ns=1, unit=UNIT, reason="by hand"))
    ledger.apply(state(STOP, OrderState.CANCELLED))
    ledger.apply(state(TARGET, OrderState.CANCELLED))
    legs = iter(range(3, 20))

    def ended(role: Role, end: OrderState) -> None:
        leg = next(legs)
        ledger.apply(intent(leg, role, child=False))
        ledger.apply(state(ids.order_ref(UNIT, leg), end))

    for _ in range(REFUSALS):
        ended(Role.EXIT, OrderState.REJECTED)
    for _ in range(REFUSALS - 1):
        ended(Role.STOP, OrderState.CANCELLED)
    texts = alarms(checked(protector, ledger))
    assert ["refuses to close 50" in text for text in texts] == [True]
    ended(Role.STOP, OrderState.CANCELLED)
    texts = alarms(checked(protector, ledger))
    assert ["cancelled by somebody else" in text for text in texts] == [True]
    assert alarms(checked(protector, ledger)) == []


def alarms(decisions: Decisions) -> list[str]:
    """Return what a person is told at once."""
    return [
        record.text
        for record in decisions.records
        if isinstance(record, IncidentNoted) and record.severity is Severity.CRITICAL
    ]
