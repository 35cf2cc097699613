"""An agenda does what is due, in order, and no more than it can hold."""

from __future__ import annotations

import pytest

from ibelay.control.agenda import MAX_PLANNED, NEVER_NS, Agenda
from ibelay.errors import ConfigurationError


def test_what_is_due_is_done_by_time_and_then_by_plan() -> None:
    done: list[str] = []
    agenda = Agenda()
    for at_ns, name in [(5, "late"), (3, "first"), (3, "second"), (9, "not yet")]:
        agenda.plan(at_ns, lambda name=name: done.append(name))  # type: ignore[misc]
    agenda.run(5)
    assert (done, agenda.next_ns) == (["first", "second", "late"], 9)


def test_what_is_done_may_plan_more_for_now() -> None:
    done: list[int] = []
    agenda = Agenda()
    agenda.plan(1, lambda: agenda.plan(1, lambda: done.append(1)))
    agenda.run(1)
    assert (done, agenda.next_ns) == ([1], NEVER_NS)


def test_what_has_a_name_can_be_dropped() -> None:
    agenda = Agenda()
    agenda.plan(2, lambda: pytest.fail("dropped"), "thaw")
    agenda.plan(3, lambda: None, "accept")
    assert agenda.planned() == [(2, "thaw"), (3, "accept")]
    agenda.drop("thaw")
    agenda.run(2)
    assert agenda.planned() == [(3, "accept")]


def test_an_agenda_is_limited() -> None:
    agenda = Agenda()
    for _ in range(MAX_PLANNED):
        agenda.plan(1, lambda: None)
    with pytest.raises(ConfigurationError, match="clear them"):
        agenda.plan(1, lambda: None)
