"""What is owed an answer to a cancel, and when it is asked about."""

from __future__ import annotations

import pytest
from tests.reconcile.scenes import STOP, intent

from ibelay.journal.order_entry import OrderEntry
from ibelay.model.order import OrderState, Role
from ibelay.runtime.trading.cancels import Cancels

LIMIT = 10


class Scene:
    """Cancels of one stop that works, in one era."""

    def __init__(self) -> None:
        made = intent(1, Role.STOP)
        self.entry = OrderEntry(made, made.order, made.order_id, OrderState.WORKING)
        self.cancels = Cancels()
        self.era = 1

    def left(self, now: int) -> bool:
        """Let a cancel leave."""
        return self.cancels.left(self.entry, now, self.era)

    def late(self, now: int) -> bool:
        """Return whether it is asked about now."""
        late = self.cancels.late({STOP: self.entry}, now, self.era, LIMIT)
        assert late in ([], [STOP])
        return bool(late)

    def due(self) -> int | None:
        """Return when it will be."""
        return self.cancels.due_ns(self.era, LIMIT)


def test_a_cancel_is_asked_about_once_when_its_time_is_over() -> None:
    scene = Scene()
    assert scene.left(100)
    assert scene.due() == 110
    assert not scene.late(110)
    assert scene.late(111)
    assert not scene.late(500)
    assert scene.due() is None


def test_each_that_leaves_after_that_has_twice_the_time_and_there_are_three() -> None:
    """An exchange that is closed answers when it opens, hours later."""
    scene = Scene()
    for left, limit in ((100, 10), (200, 20), (300, 40)):
        assert scene.left(left)
        assert scene.due() == left + limit
        assert not scene.late(left + limit)
        assert scene.late(left + limit + 1)
    assert not scene.left(400)
    assert scene.due() is None
    assert not scene.late(10_000)


def test_one_that_leaves_again_before_its_time_has_the_time_anew() -> None:
    scene = Scene()
    assert scene.left(100)
    assert scene.left(105)
    assert scene.due() == 115


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.FILLED])
def test_an_order_that_is_over_is_an_answer(state: OrderState) -> None:
    scene = Scene()
    scene.left(100)
    scene.entry.state = state
    assert not scene.late(500)
    assert scene.due() is None


def test_a_refusal_is_an_answer_to_the_cancels_before_it_alone() -> None:
    scene = Scene()
    scene.left(100)
    scene.entry.cancel_refusals += 1
    assert not scene.late(500)
    scene.left(600)
    assert scene.late(611)


def test_nothing_is_owed_over_a_connection_that_is_gone() -> None:
    scene = Scene()
    scene.left(100)
    assert scene.late(111)
    scene.left(112)
    scene.era += 1
    assert scene.due() is None
    assert not scene.late(500)
    assert scene.left(600)
    assert scene.due() == 610
