"""Orders that sleep until a time or until conditions hold, and orders that conditions cancel.

Rules:
1. An order sleeps until its good-after time has come and its conditions hold; awake once, it
   stays so. IB judges prices, volumes and changes in regular hours only, unless told.
2. With ``conditions_cancel`` it works at once, and conditions that hold cancel it.
3. An execution condition remembers what was executed since the order was placed.
"""

from __future__ import annotations

from collections.abc import Iterable

from ibelay.gateway.exchange.acts import ending
from ibelay.gateway.exchange.acts.standing import tell_if_changed
from ibelay.gateway.exchange.acts.turn import Turn
from ibelay.gateway.exchange.events import Executed
from ibelay.gateway.exchange.matching import conditions
from ibelay.gateway.exchange.orders.entry import Entry


def sleeps_at_first(entry: Entry) -> bool:
    """Return whether *entry* begins asleep (rule 1)."""
    request = entry.request
    waits = bool(request.conditions) and not request.conditions_cancel
    return waits or request.good_after_ns is not None


def awake(turn: Turn, entry: Entry) -> bool:
    """Return whether *entry* may act now, after looking at its time and conditions."""
    request = entry.request
    if entry.asleep:
        if request.good_after_ns is not None and turn.now_ns < request.good_after_ns:
            return False
        if not request.conditions_cancel and not _met(turn, entry):
            return False
        entry.asleep = False
        if not request.conditions_cancel:
            turn.pit.shelf.unwatch(entry)
        tell_if_changed(turn, entry)
    elif request.conditions and request.conditions_cancel and _met(turn, entry):
        ending.cancel(turn, entry)
        return False
    return True


def note(entries: Iterable[Entry], executions: Iterable[Executed]) -> None:
    """Let *entries* remember *executions* (rule 3)."""
    traded = [one.execution.contract for one in executions]
    for entry in entries:
        entry.executed.update((contract.symbol, contract.sec_type) for contract in traded)


def _met(turn: Turn, entry: Entry) -> bool:
    request = entry.request
    if not request.conditions:
        return True
    regular = entry.timetable.since(turn.now_ns, outside=False) is not None
    if not regular and not request.conditions_outside_rth and not _only_times(entry):
        return False
    account = turn.pit.account
    facts = conditions.Facts(turn.now_ns, turn.pit, lambda: account.cushion, entry.executed)
    return conditions.met(request.conditions, facts)


def _only_times(entry: Entry) -> bool:
    asked = entry.request.conditions
    return len(conditions.moments(asked)) == len(asked)
