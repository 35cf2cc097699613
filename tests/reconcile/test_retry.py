"""An order that IB ends at once is not placed again at once."""

from __future__ import annotations

import pytest
from tests.reconcile.scenes import SECOND_NS, UNIT, intent, ledger_of, state

from ibelay.journal.order_entry import OrderEntry
from ibelay.journal.records import AnyRecord, CancelIntended, OrderStateChanged
from ibelay.model import ids
from ibelay.model.order import OrderState, Role
from ibelay.reconcile.retry import is_due, not_before_ns

MINUTE_NS = 60 * SECOND_NS


def tries(*ends: OrderState) -> list[OrderEntry]:
    """Return stand-alone stops that ended so, at broker time 2."""
    records: list[AnyRecord] = []
    for leg, end in enumerate(ends):
        records.append(intent(leg, Role.STOP, child=False))
        if end is not OrderState.INTENDED:
            records.append(state(ids.order_ref(UNIT, leg), end))
    return list(ledger_of(*records).orders.values())


@pytest.mark.parametrize(
    ("failures", "wait_s"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (200, 60)]
)
def test_the_waits_double_up_to_a_minute(failures: int, wait_s: int) -> None:
    assert not_before_ns(tries(*[OrderState.REJECTED] * failures)) == 2 + wait_s * SECOND_NS


@pytest.mark.parametrize("end", [OrderState.CANCELLED, OrderState.ABSENT])
def test_a_cancel_by_others_and_an_order_that_never_left_count_as_well(end: OrderState) -> None:
    assert not_before_ns(tries(end)) == 2 + SECOND_NS


def test_the_minute_in_which_an_order_was_looked_for_is_part_of_the_wait() -> None:
    """A position must not stay naked for that minute and another one."""
    records: list[AnyRecord] = [intent(leg, Role.STOP, child=False) for leg in range(6)]
    records += (state(ids.order_ref(UNIT, leg), OrderState.ABSENT) for leg in range(5))
    last = ids.order_ref(UNIT, 5)
    proven_ns = 70 * SECOND_NS
    ended = OrderStateChanged(at_ns=proven_ns, order_ref=last, state=OrderState.ABSENT)
    ledger = ledger_of(*records, ended)
    assert not_before_ns(list(ledger.orders.values())) == proven_ns + SECOND_NS


def test_only_failures_in_a_row_count() -> None:
    assert not_before_ns([]) == 0
    assert not_before_ns(tries(OrderState.REJECTED, OrderState.WORKING)) == 0
    refused, working = OrderState.REJECTED, OrderState.FILLED
    assert not_before_ns(tries(refused, refused, working, refused)) == 2 + SECOND_NS


def test_what_we_cancelled_ourselves_is_no_failure() -> None:
    ref = ids.order_ref(UNIT, 0)
    ledger = ledger_of(
        intent(0, Role.STOP, child=False),
        CancelIntended(at_ns=2, order_ref=ref),
        state(ref, OrderState.CANCELLED),
    )
    assert not_before_ns(list(ledger.orders.values())) == 0


def test_a_time_is_due_when_it_has_come_or_the_clock_was_set_back() -> None:
    """A replay that begins its day anew must not leave a position naked until the evening."""
    at_ns = 10 * MINUTE_NS
    assert is_due(at_ns, at_ns)
    assert not is_due(at_ns, at_ns - 1)
    assert not is_due(at_ns, at_ns - MINUTE_NS)
    assert is_due(at_ns, at_ns - MINUTE_NS - 1)
    assert is_due(0, 0)
