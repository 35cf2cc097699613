"""What is to be closed at market is closed whatever happens in between, and never doubled."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.reconcile.scenes import (
    ENTRY,
    SECOND_NS,
    SPY,
    STOP,
    TARGET,
    UNIT,
    booked,
    bracket,
    bracket_records,
    execution,
    intent,
    ledger_of,
    state,
)

from ibelay.errors import InvariantError
from ibelay.journal.codec import decode, encode
from ibelay.journal.ledger import Ledger, fold
from ibelay.journal.records import AnyRecord, CancelIntended, UnitClosing
from ibelay.model import ids
from ibelay.model.order import Action, OrderState, Role
from ibelay.reconcile.closing import is_closing
from ibelay.reconcile.gaps import REFUSALS, CancelExit, CloseAtMarket, PlaceStop
from ibelay.reconcile.protection import audit

EXIT = ids.order_ref(UNIT, 3)
CLOSING = UnitClosing(at_ns=3, unit=UNIT, reason="end of day")


def mid_close() -> list[AnyRecord]:
    """Return the journal of a bot that died after it had cancelled the exits of 50 shares."""
    return [
        *bracket_records(),
        CLOSING,
        CancelIntended(at_ns=3, order_ref=TARGET),
        CancelIntended(at_ns=3, order_ref=STOP),
        state(TARGET, OrderState.CANCELLED),
    ]


def test_a_crash_in_mid_close_goes_on_closing() -> None:
    """A second stop beside the market exit would open the other side."""
    ledger = fold(decode(1, encode(record)) for record in mid_close())
    assert audit(ledger) == [], "its stop may still fill"
    ledger.apply(state(STOP, OrderState.CANCELLED))
    assert audit(ledger) == [CloseAtMarket(UNIT, Decimal(50))]


def test_what_works_is_cancelled_target_first_and_stop_last() -> None:
    ledger = bracket(filled=20)
    ledger.apply(CLOSING)
    assert audit(ledger) == [CancelExit(UNIT, ref) for ref in (ENTRY, TARGET, STOP)]


def test_an_exit_under_way_is_left_alone_and_its_rest_is_closed() -> None:
    ledger = ledger_of(*mid_close(), state(STOP, OrderState.CANCELLED))
    ledger.apply(intent(3, Role.EXIT, child=False))
    assert audit(ledger) == []
    ledger.apply(booked(execution(2, EXIT, Action.SELL, 30)))
    ledger.apply(state(EXIT, OrderState.CANCELLED))
    assert audit(ledger) == [CloseAtMarket(UNIT, Decimal(20))]


def test_what_is_closed_needs_nothing() -> None:
    ledger = ledger_of(*mid_close(), booked(execution(2, STOP, Action.SELL, 50)))
    ledger.apply(state(STOP, OrderState.FILLED))
    assert audit(ledger) == []


def test_refused_exits_bring_the_stop_back_until_closing_is_asked_for_again() -> None:
    ledger = ledger_of(*mid_close(), state(STOP, OrderState.CANCELLED))
    for leg, wait_s in zip(range(3, 3 + REFUSALS), (0, 1, 2), strict=True):
        not_before = 2 + wait_s * SECOND_NS if wait_s else 0
        assert audit(ledger) == [CloseAtMarket(UNIT, Decimal(50), not_before)]
        refuse_exit(ledger, leg)
    assert audit(ledger) == [PlaceStop(UNIT, Decimal(50), Decimal(99))]
    ledger.apply(CLOSING)
    assert is_closing(ledger, ledger.units[UNIT])
    assert audit(ledger) == [CloseAtMarket(UNIT, Decimal(50), 2 + 4 * SECOND_NS)]


def test_a_unit_nobody_intended_cannot_be_closed() -> None:
    with pytest.raises(InvariantError, match="bot:9:9"):
        Ledger().apply(UnitClosing(at_ns=1, unit=ids.unit_ref("bot", 9, 9)))


def refuse_exit(ledger: Ledger, leg: int) -> None:
    """Let IB refuse a market exit that is leg *leg* of the unit."""
    ledger.apply(intent(leg, Role.EXIT, child=False, contract=SPY))
    ledger.apply(state(ids.order_ref(UNIT, leg), OrderState.REJECTED, code=201))
