"""A position whose exits were cancelled does not wait long for a word that never comes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.model.market import Bar
from ibelay.model.order import Action, Role
from ibelay.runtime.strategy import Desk
from ibelay.testing.simulation.bad_days.plan import Plan, read
from ibelay.testing.simulation.busy import Busy, BusyState
from ibelay.testing.simulation.observed import Asked, Noted, Observation
from ibelay.testing.simulation.run import run, setting_of
from ibelay.wire.requests import CancelOrder, PlaceOrder

SECOND_NS = 1_000_000_000
WAITED_S = 15.0  # ten for the answer, and a second or two to ask and to be told


class Closer(Busy):
    """Enters once, with exits far away, and closes what it holds nine bars later."""

    def on_bar(self, state: BusyState, desk: Desk, contract: Contract, bar: Bar) -> None:
        """See the class."""
        state.bars += 1
        units = desk.units(contract)
        if state.bars == 1:
            near, far = bar.close * Decimal("0.9"), bar.close * Decimal("1.1")
            stop, target = near.quantize(Decimal("0.01")), far.quantize(Decimal("0.01"))
            desk.bracket(
                contract,
                Action.BUY,
                Decimal(10),
                stop_price=stop,
                target_price=target,
                reason="once",
            )
        elif units and units[0].open_quantity and state.bars == 10:
            desk.close(units[0].unit, reason="long enough")


def test_a_cancel_that_is_never_answered_is_asked_about_in_time() -> None:
    """The answers of all three orders are lost, for as long as they live."""
    seen: list[Asked] = []

    def watch(one: Observation) -> None:
        if isinstance(one, Asked):
            seen.append(one)

    steps = (read("+1.000000s: lose-ack count=3"),)
    plan = Plan(seed=1, profile="hostile", span_ns=150 * SECOND_NS, steps=steps)
    outcome = run(plan, replace(setting_of(plan), strategy=Closer), watch=watch)
    assert outcome.breach is None
    cancelled = [one.at_ns for one in seen if isinstance(one.request, CancelOrder)]
    assert len(cancelled) == len({Role.STOP, Role.TARGET})
    assert sold(seen) - cancelled[0] < WAITED_S * SECOND_NS


def test_a_cancel_that_is_lost_twice_is_asked_about_again() -> None:
    """The first never arrives; what the second does is not heard, at first."""
    seen: list[Asked] = []

    def watch(one: Observation) -> None:
        if isinstance(one, Asked):
            seen.append(one)

    steps = (
        "+45.000000s: swallow-orders count=2",
        "+60.006000s: drop orderStatus count=4",
        "+60.006000s: drop error count=2",
    )
    plan = Plan(seed=1, profile="hostile", span_ns=200 * SECOND_NS, steps=tuple(map(read, steps)))
    assert run(plan, replace(setting_of(plan), strategy=Closer), watch=watch).breach is None
    cancelled = [one.at_ns for one in seen if isinstance(one.request, CancelOrder)]
    assert len(cancelled) == 2 * len({Role.STOP, Role.TARGET})
    assert cancelled[2] - cancelled[0] < WAITED_S * SECOND_NS
    assert sold(seen) - cancelled[2] < (10 + WAITED_S) * SECOND_NS


def sold(seen: list[Asked]) -> int:
    """Return when the position was closed."""
    (at_ns,) = (
        one.at_ns
        for one in seen
        if isinstance(one.request, PlaceOrder)
        and one.request.order_type == "MKT"
        and one.request.action == "SELL"
    )
    return at_ns


def test_a_cancel_is_not_asked_about_over_a_line_that_is_gone() -> None:
    """What comes after the outage looks at every order anyway."""
    told: list[str] = []

    def watch(one: Observation) -> None:
        if isinstance(one, Noted):
            told.append(one.text)

    steps = ("+1.000000s: lose-ack count=3", "+55.000000s: refuse 30s", "+55.100000s: rst")
    plan = Plan(seed=1, profile="hostile", span_ns=150 * SECOND_NS, steps=tuple(map(read, steps)))
    assert run(plan, replace(setting_of(plan), strategy=Closer), watch=watch).breach is None
    assert any("not ready for 30 s" in one for one in told)
    assert not any("the cancel of" in one for one in told)
