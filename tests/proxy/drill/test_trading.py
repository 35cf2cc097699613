"""What is held, what protects it, and which fills were told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.proxy.drill.play import ACCOUNT, SPY, Play

from ibelay.model.contract import Contract
from ibelay.model.ids import ConId, OrderId
from ibelay.model.order import Action
from ibelay.proxy.drill.facts import Who
from ibelay.proxy.drill.findings import Heading
from ibelay.proxy.drill.report import Verdict
from ibelay.proxy.drill.trading.instruments import Instruments
from ibelay.wire import answers, requests

SELL = Action.SELL


def held(play: Play) -> Decimal:
    """Return what the judge believes is held of SPY."""
    return play.judge._bench.holdings.quantity("SPY")


def bracket(play: Play) -> None:
    """Let a bot enter with a stop and a target."""
    play.connect()
    play.place(1)
    play.place(2, SELL, order_type="STP", parent_id=OrderId(1))
    play.place(3, SELL, order_type="LMT", parent_id=OrderId(1))
    for child in (2, 3):
        play.status(child, "PreSubmitted")


def test_a_fill_told_by_execution_and_position_counts_once_in_either_order() -> None:
    play = Play()
    play.connect()
    play.place(1)
    play.execute(1, 60)
    play.position(60)
    assert held(play) == 60
    play.position(100)
    play.execute(1, 40)
    assert held(play) == 100


def test_fills_of_the_day_are_history_once_positions_were_listed() -> None:
    play = Play()
    play.connect()
    play.place(1)
    play.ask(requests.RequestPositions())
    play.position(100)
    play.tell(answers.EndTold("positionEnd"))
    play.execute(1, 100, request_id=7)
    assert held(play) == 100


def test_fills_that_were_asked_for_count_where_no_positions_are_listed() -> None:
    play = Play()
    play.connect()
    play.place(1)
    play.execute(1, 100, request_id=7)
    assert held(play) == 100


def test_what_a_list_of_positions_does_not_name_is_not_held() -> None:
    play = Play()
    play.connect()
    play.position(100)
    play.ask(requests.RequestPositions())
    play.tell(answers.EndTold("positionEnd"))
    assert held(play) == 0


def test_a_bracket_is_protected_from_its_fill_on() -> None:
    play = Play()
    bracket(play)
    play.fill(1)
    play.wait(600)
    report = play.report()
    assert report.judged(Heading.NAKED).verdict is Verdict.PASS
    assert report.judged(Heading.EXITS).verdict is Verdict.PASS
    assert report.figures.naked_ns == 0


def test_a_position_without_a_stop_is_found_with_its_time() -> None:
    play = Play()
    bracket(play)
    play.fill(1)
    play.status(2, "Cancelled")
    play.wait(142)
    (found,) = play.grave(Heading.NAKED)
    assert (
        "100 SPY had stops for 0 for 2.4 min, 2.4 min of them with a line that worked" in found.what
    )


def test_a_stop_that_is_too_small_protects_in_part() -> None:
    play = Play()
    play.connect()
    play.place(2, SELL, 60, order_type="STP")
    play.status(2, "PreSubmitted")
    play.position(100)
    play.wait(91)
    (found,) = play.grave(Heading.NAKED)
    assert "had stops for 60" in found.what


def test_only_the_time_with_a_line_that_works_counts_against_the_bot() -> None:
    play = Play()
    bracket(play)
    play.fill(1)
    play.status(2, "Cancelled")
    play.wait(4)
    play.close(Who.FAULT)
    play.wait(100)
    play.connect()
    play.wait(3)
    play.place(4, SELL, order_type="STP")
    play.status(4, "PreSubmitted")
    figures = play.report().figures
    assert (figures.naked_ns, figures.naked_workable_ns) == (107 * 10**9, 7 * 10**9)
    assert play.grave(Heading.NAKED) == []


def test_who_never_places_a_stop_is_not_judged_by_them() -> None:
    play = Play()
    play.connect()
    play.place(1)
    play.fill(1)
    play.wait(600)
    assert play.judged(Heading.NAKED).verdict is Verdict.UNTRIED


def test_two_stops_for_one_position_would_turn_it_over() -> None:
    play = Play()
    bracket(play)
    play.fill(1)
    play.place(5, SELL, order_type="STP")
    play.status(5, "PreSubmitted")
    play.wait(60)
    (found,) = play.grave(Heading.EXITS)
    assert "would close 200 of 100 SPY for 60.0 s" in found.what


@pytest.mark.parametrize("tie", ["oca", "parent"])
def test_exits_that_cancel_each_other_are_one(tie: str) -> None:
    play = Play()
    play.connect()
    more = {"oca_group": "x"} if tie == "oca" else {"parent_id": OrderId(1)}
    play.position(100)
    for order_id, kind in ((2, "STP"), (3, "LMT")):
        play.place(order_id, SELL, order_type=kind, **more)
        play.status(order_id, "PreSubmitted")
    play.wait(60)
    assert play.judged(Heading.EXITS).verdict is Verdict.PASS


def test_the_stop_of_an_entry_that_has_not_filled_closes_nothing_yet() -> None:
    play = Play()
    bracket(play)
    play.fill(1)
    play.place(11, order_type="LMT")
    play.place(12, SELL, order_type="STP", parent_id=OrderId(11))
    play.status(11)
    play.status(12, "PreSubmitted")
    play.wait(60)
    assert play.grave(Heading.EXITS) == []


def test_an_exit_that_filled_unseen_is_over_once_open_orders_are_listed() -> None:
    play = Play()
    bracket(play)
    play.fill(1)
    play.place(4, SELL, order_type="STP")
    play.status(4, "PreSubmitted")
    play.close()
    play.wait(1)
    play.connect()
    play.ask(requests.RequestPositions())
    play.position(100)
    play.tell(answers.EndTold("positionEnd"))
    play.ask(requests.RequestOpenOrders())
    play.status(4, "PreSubmitted")
    play.tell(answers.EndTold("openOrderEnd"))
    play.wait(60)
    report = play.report()
    assert report.judged(Heading.EXITS).verdict is Verdict.PASS
    assert report.figures.naked_ns == 0


def test_the_stop_of_an_entry_that_was_cancelled_closes_nothing() -> None:
    play = Play()
    bracket(play)
    play.position(100)
    play.status(1, "Cancelled")
    play.wait(60)
    assert play.grave(Heading.EXITS) == []


def test_orders_of_an_earlier_session_protect_as_well() -> None:
    play = Play()
    play.connect()
    play.position(-100)
    stop = requests.PlaceOrder(
        order_id=OrderId(50),
        contract=SPY,
        action=Action.BUY,
        quantity=Decimal(100),
        order_type="STP",
    )
    told = answers.OrderTold(
        order_id=stop.order_id,
        contract=SPY,
        action=Action.BUY,
        quantity=stop.quantity,
        order_type="STP",
        limit_price=None,
        aux_price=Decimal(50),
        oca_group="",
        account=ACCOUNT,
        order_ref="",
        client_id=play.client,  # type: ignore[arg-type]
        perm_id=5,  # type: ignore[arg-type]
        parent_id=OrderId(0),
    )
    play._placed[play.client, 50] = stop
    play.tell(told)
    play.status(50, "PreSubmitted")
    play.wait(60)
    assert play.judged(Heading.NAKED).verdict is Verdict.PASS


def test_a_fill_that_was_lost_on_its_way_and_never_asked_for_is_missed() -> None:
    play = Play()
    play.connect()
    play.place(1)
    play.execute(1, 100, passed=False)
    play.status(1, "Filled", 100)
    play.wait(121)
    (found,) = play.grave(Heading.FILLS)
    assert "100 filled of BUY 100 SPY MKT (order 1/1)" in found.what
    assert play.report().figures.fills_missed == 1


def test_a_lost_fill_that_is_asked_for_in_time_is_received() -> None:
    play = Play()
    play.connect()
    play.place(1)
    play.execute(1, 100, passed=False)
    play.status(1, "Filled", 100)
    play.wait(60)
    play.execute(1, 100, request_id=7)
    play.wait(121)
    judged = play.judged(Heading.FILLS)
    assert (judged.verdict, judged.figure) == (Verdict.PASS, "0 missed, 1 received")


def test_the_same_fill_told_twice_is_one() -> None:
    play = Play()
    play.connect()
    play.place(1)
    play.execute(1, 60)
    play._executions -= 1
    play.execute(1, 60)
    assert play.report().figures.fills_received == 1
    assert held(play) == 60


def test_contracts_are_the_same_with_and_without_their_con_id() -> None:
    names = Instruments()
    assert names.name(Contract(symbol="SPY")) == "SPY"
    assert names.name(SPY) == "SPY"
    month = Contract(symbol="ES", sec_type="FUT", last_trade_date="202506")
    day = Contract(symbol="ES", sec_type="FUT", last_trade_date="20250620", con_id=ConId(7))
    assert names.name(day) == "ES FUT 20250620"
    named = Contract(symbol="ES", sec_type="FUT", last_trade_date="202506", con_id=ConId(7))
    assert names.name(named) == "ES FUT 20250620"
    assert names.name(month) == "ES FUT 20250620"
    assert names.name(Contract(symbol="", con_id=ConId(7))) == "ES FUT 20250620"
    call = Contract(symbol="SPY", sec_type="OPT", strike=Decimal("600.0"), right="CALL")
    assert names.name(call) == "SPY OPT 600C"
