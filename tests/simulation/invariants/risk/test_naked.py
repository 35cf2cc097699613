"""NAKED: positions that are covered, and positions that are not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.simulation.invariants.scenes import (
    BRACKET,
    ENTRY,
    SECOND_NS,
    STOP,
    TARGET,
    UNIT,
    Run,
    S,
    at_broker,
    booked,
    entering,
    execution,
    holding,
    intent,
    protective,
    state,
)

from ibelay.gateway.exchange.events import Executed, OrderChanged
from ibelay.journal.records import IntentRecorded
from ibelay.machines.link_events import LinkState
from ibelay.model.execution import Execution
from ibelay.model.faults import SetPrice
from ibelay.model.ids import ClientId, PermId, UnitRef
from ibelay.model.order import Action, OrderState, Role
from ibelay.testing.simulation.observed import Broke

SECOND = UnitRef("bot:1:2")


def given_up() -> Run:
    """Return a run in which somebody cancelled every stop, again and again."""
    run = took_away_the_stop(holding())
    for number in range(3):
        stop = protective(leg=3 + number, order_id=10 + number)
        with_stop(run, stop).works(stop, status=S.CANCELLED)
        run.write(state(stop.order.order_ref, OrderState.CANCELLED))
    return run


def executed(fill: Execution) -> Executed:
    """Return what the broker does in making *fill*."""
    return Executed(execution=fill, cumulative=fill.quantity, average_price=fill.price)


PARTLY = execution(1, ENTRY, Action.BUY, 20)


def took_away_the_stop(run: Run) -> Run:
    """Let somebody cancel the bracket's stop, and the books know."""
    run.works(BRACKET[1], status=S.CANCELLED)
    return run.write(state(STOP, OrderState.CANCELLED))


def with_stop(run: Run, stop: IntentRecorded) -> Run:
    """Let the bot place a stand-alone stop that works at the broker."""
    run.write(stop).sends(stop).works(stop)
    return run.write(state(stop.order.order_ref, OrderState.WORKING))


def test_a_bracket_protects_what_it_holds_from_the_first_share_on() -> None:
    run = entering()
    run.happens(
        Executed(execution=PARTLY, cumulative=Decimal(20), average_price=Decimal(100)),
        OrderChanged(order=at_broker(BRACKET[0], filled=Decimal(20))),
    )
    run.holds(20).write(booked(PARTLY)).wait(300)
    assert run.broken == []
    assert run.watch.naked.total_ns == 0


def test_a_position_whose_stop_is_gone_is_naked_after_its_bound() -> None:
    run = took_away_the_stop(holding()).wait(85)
    assert run.broken == []
    assert run.wait(20).broken == ["NAKED"]
    assert "50 shares have no stop" in run.sentences[0]


def test_a_stop_that_never_reached_the_broker_leaves_its_position_naked() -> None:
    run = Run().boot().write(*BRACKET).sends(*BRACKET).works(BRACKET[0])
    fill = execution(1, ENTRY, Action.BUY, 50)
    run.fills(BRACKET[0], fill, 50)
    run.write(
        state(ENTRY, OrderState.WORKING),
        booked(fill),
        state(ENTRY, OrderState.FILLED),
        *(state(each.order.order_ref, OrderState.WORKING) for each in BRACKET[1:]),
    )
    assert run.wait(190).broken == ["NAKED"]


def test_the_time_a_position_was_naked_is_measured_whatever_the_link() -> None:
    run = holding().wait(10)
    took_away_the_stop(run).goes(LinkState.DOWN).says().wait(40)
    run.goes(LinkState.SYNCING, LinkState.READY)
    with_stop(run, protective()).wait(300)
    assert run.broken == []
    assert run.watch.naked.total_ns == run.watch.naked.worst_ns == 40 * SECOND_NS


def test_naked_is_no_breach_while_somebody_makes_things_go_wrong() -> None:
    run = took_away_the_stop(holding())
    for _ in range(6):
        run.see(Broke(run.at_ns, SetPrice("SPY", Decimal(100)), "done"))
        run.wait(80)
    assert run.broken == []


def test_a_stop_placed_by_hand_and_a_market_exit_cover_as_well() -> None:
    by_hand = at_broker(protective())
    by_hand = replace(
        by_hand, request=replace(by_hand.request, client_id=ClientId(0), order_ref="")
    )
    run = took_away_the_stop(holding()).happens(OrderChanged(order=by_hand))
    assert run.wait(300).broken == []
    leaving = intent(3, Role.EXIT, order_id=10, child=False)
    exiting = with_stop(took_away_the_stop(holding()), leaving)
    assert exiting.wait(300).broken == []


def test_another_clients_stop_covers_nothing() -> None:
    foreign = at_broker(protective())
    foreign = replace(
        foreign, request=replace(foreign.request, client_id=ClientId(9), order_ref="")
    )
    run = took_away_the_stop(holding()).happens(OrderChanged(order=foreign))
    assert run.wait(190).broken == ["NAKED"]


def test_a_stop_for_less_than_is_held_leaves_the_rest_naked() -> None:
    run = with_stop(took_away_the_stop(holding()), protective(quantity=30)).wait(190)
    assert run.broken == ["NAKED"]
    assert "20 shares have no stop" in run.sentences[0]


def test_a_stop_that_is_not_made_smaller_with_the_position_would_open_the_other_side() -> None:
    run = with_stop(took_away_the_stop(holding()), protective())
    sold = execution(5, "", Action.SELL, 30)
    run.happens(executed(sold)).holds(20).write(booked(sold))
    assert "NAKED" in run.wait(190).broken
    assert "30 shares too many leave" in run.sentences[-1]


def test_a_stop_for_what_went_without_a_trade_would_open_the_other_side() -> None:
    """Nobody has bought what the stop would sell too much: a split, or a transfer."""
    run = with_stop(took_away_the_stop(holding()), protective()).holds(20)
    assert "NAKED" in run.wait(190).broken
    assert "30 shares too many leave" in run.sentences[-1]


def sold_twice() -> Run:
    """Return two units of 50; the first was sold by its stop, and by a double of that stop."""
    run = holding()
    entry, stop = intent(0, Role.ENTRY, unit=SECOND, order_id=8), second_stop()
    bought = execution(31, entry.order.order_ref, Action.BUY, 50)
    run.write(entry, stop).sends(entry, stop).works(entry).works(stop)
    run.fills(entry, bought, 100).write(
        booked(bought),
        state(entry.order.order_ref, OrderState.FILLED),
        state(stop.order.order_ref, OrderState.WORKING),
    )
    double = protective()
    with_stop(run.wait(10), double)
    sales = [(BRACKET[1], 41, 50), (double, 42, 0)]
    for of, number, left in sales:
        ref = of.order.order_ref
        sale = execution(number, ref, Action.SELL, 50)
        run.fills(of, sale, left).write(booked(sale), state(ref, OrderState.FILLED))
    run.works(BRACKET[2], status=S.CANCELLED)
    return run.write(state(TARGET, OrderState.CANCELLED))


def second_stop(order_id: int = 9) -> IntentRecorded:
    """Return the stop of the second unit of :func:`sold_twice`."""
    return intent(1, Role.STOP, unit=SECOND, order_id=order_id)


def test_what_one_unit_sold_too_much_is_gone_from_the_other() -> None:
    run = sold_twice().wait(300)
    assert "NAKED" in run.broken
    assert "50 shares too many leave; the position is 0" in run.sentences[-1]


def test_what_others_sold_before_an_exit_came_all_the_same_is_theirs() -> None:
    """The unit's own target fills before anybody can take it back: others are short 50."""
    run = holding().happens(executed(execution(5, "", Action.SELL, 50))).holds(0)
    sale = execution(2, TARGET, Action.SELL, 50)
    run.fills(BRACKET[2], sale, -50).works(BRACKET[1], status=S.CANCELLED)
    entry, stop = intent(0, Role.ENTRY, unit=SECOND, order_id=8), second_stop()
    bought = execution(31, entry.order.order_ref, Action.BUY, 50)
    run.write(booked(sale), entry, stop).sends(entry, stop).works(entry).works(stop)
    run.fills(entry, bought, 0).write(booked(bought))
    assert "NAKED" not in run.wait(300).broken
    with_stop(run, protective(leg=4, order_id=12)).wait(190)
    assert "NAKED" in run.broken


def test_a_target_that_fills_while_the_stop_does_is_nobodys_fault() -> None:
    """The bot alarms about what was sold too much; what it buys later has a stop of its own."""
    double = protective()
    run = with_stop(holding().works(BRACKET[1], status=S.CANCELLED), double)
    for of, number, left in ((BRACKET[2], 41, 0), (double, 42, -50)):
        sale = execution(number, of.order.order_ref, Action.SELL, 50)
        run.fills(of, sale, left).write(booked(sale), state(of.order.order_ref, OrderState.FILLED))
    entry, stop = intent(0, Role.ENTRY, unit=SECOND, order_id=12), second_stop(13)
    bought = execution(31, entry.order.order_ref, Action.BUY, 50)
    run.write(entry, stop).sends(entry, stop).works(entry).works(stop)
    run.fills(entry, bought, 0).write(booked(bought))
    assert "NAKED" not in run.wait(300).broken
    with_stop(run, protective(leg=4, order_id=14)).wait(190)
    assert "NAKED" in run.broken


def test_two_stops_for_one_position_are_one_too_many() -> None:
    run = with_stop(holding(), protective()).wait(190)
    assert run.broken == ["NAKED"]
    assert "50 shares too many leave" in run.sentences[0]


def test_a_unit_whose_stops_are_cancelled_again_and_again_is_given_up_by_design() -> None:
    assert given_up().wait(300).broken == []


def test_a_unit_given_up_stays_so_when_a_correction_reopens_it() -> None:
    """It had nothing left for a moment, and the stops that others took away count still."""
    run = given_up()
    sold = execution(2, TARGET, Action.SELL, 50)
    run.fills(BRACKET[2], sold, 0).write(booked(sold))
    fewer = execution(2, TARGET, Action.SELL, 45, revision=2)
    run.happens(executed(fewer)).holds(5).write(booked(fewer))
    assert run.wait(300).broken == []


def second_enters(run: Run, held: int) -> IntentRecorded:
    """Let a second unit buy 50 at the broker, whose position is *held* after it; return its stop.

    Its order ids are 18 and 19.
    """
    entry, stop = intent(0, Role.ENTRY, unit=SECOND, order_id=18), second_stop(19)
    bought = execution(31, entry.order.order_ref, Action.BUY, 50)
    run.write(entry, stop).sends(entry, stop).works(entry).works(stop)
    run.fills(entry, bought, held).write(booked(bought))
    return stop


def without_orders(run: Run) -> Run:
    """Let somebody cancel both exits of the bracket."""
    took_away_the_stop(run).works(BRACKET[2], status=S.CANCELLED)
    return run.write(state(TARGET, OrderState.CANCELLED))


def short_before() -> Run:
    """Return a run in which others held -50 before the bracket bought 50; it has no exits."""
    run = entering()
    run.happens(executed(execution(5, "", Action.SELL, 50))).holds(-50)
    bought = execution(1, ENTRY, Action.BUY, 50)
    run.fills(BRACKET[0], bought, 0).write(booked(bought))
    return without_orders(run)


def test_what_others_were_short_before_a_unit_came_is_not_what_a_later_one_holds() -> None:
    """The later one is given up: the position is its own, and the older one's is gone."""
    run = short_before()
    stop = second_enters(run, 50)
    for number in range(3):
        run.works(stop, status=S.CANCELLED)
        run.write(state(stop.order.order_ref, OrderState.CANCELLED))
        stop = intent(3 + number, Role.STOP, unit=SECOND, order_id=20 + number, child=False)
        with_stop(run, stop)
    run.works(stop, status=S.CANCELLED).write(state(stop.order.order_ref, OrderState.CANCELLED))
    assert "NAKED" not in run.wait(300).broken


def test_what_others_were_short_before_a_unit_came_leaves_a_later_one_to_be_protected() -> None:
    run = short_before()
    stop = second_enters(run, 50)
    assert "NAKED" not in run.wait(300).broken
    run.works(stop, status=S.CANCELLED).write(state(stop.order.order_ref, OrderState.CANCELLED))
    assert "NAKED" in run.wait(190).broken
    assert any("50 shares have no stop" in sentence for sentence in run.sentences)


def test_a_unit_given_up_leaves_a_later_one_to_be_protected() -> None:
    run = given_up()
    stop = second_enters(run, 100)
    run.works(stop, status=S.CANCELLED).write(state(stop.order.order_ref, OrderState.CANCELLED))
    assert "NAKED" in run.wait(190).broken
    assert any("50 shares have no stop" in sentence for sentence in run.sentences)


def test_what_others_sold_of_a_unit_is_not_asked_a_stop_for_when_others_hold_something() -> None:
    run = holding()
    run.happens(executed(execution(5, "", Action.SELL, 30))).holds(20)
    stopped = execution(6, STOP, Action.SELL, 20)
    run.fills(BRACKET[1], stopped, 0).works(BRACKET[2], status=S.CANCELLED)
    run.happens(executed(execution(7, "", Action.BUY, 25))).holds(25)
    assert "NAKED" not in run.wait(300).broken


def test_a_brackets_own_stop_is_too_large_for_what_others_left_of_it() -> None:
    """The broker makes it smaller with the bracket's fills, and with nobody else's."""
    run = holding()
    run.happens(executed(execution(5, "", Action.SELL, 30))).holds(20)
    assert "NAKED" in run.wait(190).broken
    assert "30 shares too many leave" in run.sentences[-1]


def test_a_target_is_too_large_for_what_others_left_though_the_stop_is_not() -> None:
    run = holding()
    run.happens(executed(execution(5, "", Action.SELL, 30))).holds(20)
    request = at_broker(BRACKET[1]).request
    run.works(BRACKET[1], request=replace(request, quantity=Decimal(20)))
    assert "NAKED" in run.wait(190).broken
    assert "30 shares too many leave" in run.sentences[-1]


def test_what_others_did_not_sell_after_all_is_asked_a_stop_for() -> None:
    run = took_away_the_stop(holding())
    sold = execution(5, "", Action.SELL, 30)
    run.happens(executed(sold)).holds(20)
    fewer = execution(5, "", Action.SELL, 10, revision=2)
    run.happens(executed(fewer)).holds(40)
    assert "NAKED" in run.wait(190).broken
    assert "40 shares have no stop" in run.sentences[-1]


def test_what_others_are_told_to_have_sold_and_not_to_have_sold_is_asked_a_stop_for() -> None:
    """Under three ids, of one order of theirs (F34)."""
    run = took_away_the_stop(holding())
    for number, side in ((5, Action.SELL), (6, Action.BUY)):
        run.happens(executed(replace(execution(number, "", side, 20), perm_id=PermId(77))))
    run.holds(50)
    assert "NAKED" in run.wait(190).broken
    assert "50 shares have no stop" in run.sentences[-1]


def test_exits_may_give_back_what_others_held_before_the_entry() -> None:
    """Somebody is short 20: the bracket's 50 make 30 of it, and its stop of 50 is its own."""
    run = entering().happens(executed(execution(5, "", Action.SELL, 20))).holds(-20)
    bought = execution(1, ENTRY, Action.BUY, 50)
    run.fills(BRACKET[0], bought, 30).tells_fill(bought)
    run.write(booked(bought), state(ENTRY, OrderState.FILLED))
    assert "NAKED" not in run.wait(300).broken
    with_stop(run, protective()).wait(190)
    assert "50 shares too many leave" in run.sentences[-1]


def test_what_others_are_told_not_to_have_sold_and_to_have_sold_changes_nothing() -> None:
    """Which of the two came first is all the same to a position that neither has moved."""
    run = entering().happens(executed(execution(5, "", Action.SELL, 20))).holds(-20)
    for number, side in ((6, Action.BUY), (7, Action.SELL)):
        run.happens(executed(replace(execution(number, "", side, 20), perm_id=PermId(77))))
    bought = execution(1, ENTRY, Action.BUY, 50)
    run.fills(BRACKET[0], bought, 30).tells_fill(bought)
    run.write(booked(bought), state(ENTRY, OrderState.FILLED))
    assert "NAKED" not in run.wait(300).broken


def test_a_report_that_takes_a_fill_back_takes_its_cover_back_too() -> None:
    """Twice told, once taken back, under three ids: the unit holds what the first said (F34)."""
    run = holding()
    again = execution(2, ENTRY, Action.BUY, 50)
    back = execution(3, ENTRY, Action.SELL, 50)
    run.happens(executed(again), executed(back)).write(booked(again), booked(back))
    assert run.wait(300).broken == []


def test_a_unit_that_never_had_a_stop_needs_none() -> None:
    alone = BRACKET[0]
    run = Run().boot().write(alone).sends(alone).works(alone)
    fill = execution(1, ENTRY, Action.BUY, 50)
    run.fills(alone, fill, 50).write(
        state(ENTRY, OrderState.WORKING), booked(fill), state(ENTRY, OrderState.FILLED)
    )
    assert run.wait(300).broken == []


def test_a_short_position_is_protected_by_a_stop_that_buys() -> None:
    unit = type(UNIT)("bot:1:2")
    short = intent(0, Role.ENTRY, unit=unit, action=Action.SELL, order_id=11)
    stop = intent(1, Role.STOP, unit=unit, action=Action.BUY, order_id=12)
    run = Run().boot().write(short, stop).sends(short, stop).works(short).works(stop)
    fill = execution(1, short.order.order_ref, Action.SELL, 50)
    run.fills(short, fill, -50)
    run.write(
        booked(fill),
        state(short.order.order_ref, OrderState.FILLED),
        state(stop.order.order_ref, OrderState.WORKING),
    )
    assert run.wait(300).broken == []
    run.works(stop, status=S.CANCELLED).write(state(stop.order.order_ref, OrderState.CANCELLED))
    assert run.wait(190).broken == ["NAKED"]


def test_a_closed_bracket_leaves_nothing_to_protect() -> None:
    run = holding()
    sold = execution(2, STOP, Action.SELL, 50)
    run.fills(BRACKET[1], sold, 0).works(BRACKET[2], status=S.CANCELLED)
    run.write(booked(sold), state(STOP, OrderState.FILLED))
    assert run.wait(300).broken == []
