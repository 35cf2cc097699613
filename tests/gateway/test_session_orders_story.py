"""In which order a client hears of its orders, and what it hears of others'."""

from __future__ import annotations

from decimal import Decimal

import ib_async
import pytest
from ib_async import ExecutionFilter, LimitOrder, MarketOrder, Order, Stock, StopOrder
from tests.gateway.pure import Message, Talk, story
from tests.wire.foreign import heard

from ibelay.gateway.exchange.events import OrderRequest
from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.floor import Floor
from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, ConId, OrderId
from ibelay.model.order import Action
from ibelay.wire.framing import frame

SPY = Stock("SPY", "SMART", "USD", conId=756733)


@pytest.fixture
def floor() -> Floor:
    return build_floor(GatewayOptions(symbols=("SPY",), start="10:00"))


@pytest.fixture
def talk(floor: Floor) -> Talk:
    return Talk(floor)


def place(talk: Talk, order: Order, order_id: int = 1) -> list[Message]:
    return talk.ask(lambda client: client.placeOrder(order_id, SPY, order))


def by_hand(floor: Floor, price: str = "1") -> None:
    """Enter a limit order as a person does in TWS."""
    request = OrderRequest(
        client_id=ClientId(0),
        order_id=OrderId(0),
        contract=Contract(symbol="SPY", con_id=ConId(756733)),
        action=Action.BUY,
        quantity=Decimal(10),
        order_type="LMT",
        limit_price=Decimal(price),
    )
    floor.publish(floor.exchange.by_hand.place(floor.now_ns, request))


def test_a_new_order_is_presubmitted_then_submitted(talk: Talk) -> None:
    told = story(place(talk, LimitOrder("BUY", 10, 1.0)))
    assert told == ["open", "status PreSubmitted", "open", "status Submitted"]


def test_a_modification_is_told_once(talk: Talk) -> None:
    place(talk, LimitOrder("BUY", 10, 1.0))
    assert story(place(talk, LimitOrder("BUY", 10, 1.25))) == ["open", "status Submitted"]


def test_an_order_that_fills_at_once_is_never_submitted(talk: Talk) -> None:
    """The sequence of a real fill (notes on ib_async, section 2)."""
    messages = place(talk, MarketOrder("BUY", 100))
    filled = ["fill", "open", "status Filled", "open", "status Filled", "commission"]
    assert story(messages) == ["open", "status PreSubmitted", *filled]
    orders = [fields for fields in messages if fields[0] == "5"]
    *_, before, after = [heard(frame("\0".join([*fields, ""]).encode()))[1][3] for fields in orders]
    assert before.commission == Order().lmtPrice  # not set
    assert (after.commission, after.commissionCurrency) == (1.0, "USD")


def test_a_cancel_is_pending_then_done_then_confirmed(talk: Talk) -> None:
    place(talk, LimitOrder("BUY", 10, 1.0))
    told = story(talk.ask(lambda client: client.cancelOrder(1)))
    assert told == ["status PendingCancel", "status Cancelled", "error 202"]


def test_a_rejected_order_is_inactive_then_refused(talk: Talk) -> None:
    told = story(place(talk, MarketOrder("BUY", 10_000_000)))
    assert told[-2:] == ["status Inactive", "error 201"]


@pytest.mark.parametrize("field", ["goodTillDate", "goodAfterTime"])
@pytest.mark.parametrize("text", ["soon", "20251302 10:00:00", "20250602 10:00:00 Mars/Base"])
def test_a_time_that_cannot_be_read_gets_391(talk: Talk, field: str, text: str) -> None:
    order = LimitOrder("BUY", 10, 1.0, tif="GTD", goodTillDate="20250602 15:00:00 US/Eastern")
    setattr(order, field, text)
    assert story(place(talk, order)) == ["error 391"]


def test_a_gtd_order_without_an_end_gets_391(talk: Talk) -> None:
    assert story(place(talk, LimitOrder("BUY", 10, 1.0, tif="GTD"))) == ["error 391"]


def test_an_order_id_beyond_32_bits_gets_320(talk: Talk) -> None:
    answer = place(talk, LimitOrder("BUY", 10, 1.0), 2**31)
    assert [fields[:4] for fields in answer] == [["4", "2", "-1", "320"]]


def test_working_orders_are_told_unasked_at_the_start(floor: Floor, talk: Talk) -> None:
    place(talk, StopOrder("SELL", 10, 1.0))
    talk.session.leave()
    again = Talk(floor)
    assert story(again.greeting) == ["open", "status PreSubmitted"]
    assert story(Talk(floor, 2).greeting) == [], "they are another client's"


def test_another_s_order_is_seen_under_its_own_ids_and_cannot_be_cancelled(floor: Floor) -> None:
    first, second = Talk(floor, 1), Talk(floor, 2)
    place(first, LimitOrder("BUY", 10, 1.0), 7)
    assert second.heard() == []
    assert story(second.ask(lambda client: client.reqOpenOrders())) == []
    shown = second.ask(lambda client: client.reqAllOpenOrders())
    assert shown[0][1] == "7"
    assert (shown[1][1], shown[1][9]) == ("7", "1")
    assert story(second.ask(lambda client: client.cancelOrder(7))) == ["error 10147"]
    assert first.heard() == []


def test_the_master_hears_of_others_orders_but_not_their_confirmations(floor: Floor) -> None:
    first, master = Talk(floor, 1), Talk(floor, 0)
    place(first, LimitOrder("BUY", 10, 1.0))
    first.ask(lambda client: client.cancelOrder(1))
    told = story(master.heard())
    assert told[-2:] == ["status PendingCancel", "status Cancelled"]
    assert story(master.ask(lambda client: client.reqOpenOrders())) == []


def test_what_was_entered_in_tws_has_no_id_until_client_0_binds_it(floor: Floor) -> None:
    first, master = Talk(floor, 1), Talk(floor, 0)
    by_hand(floor)
    assert first.heard() == []
    shown = first.ask(lambda client: client.reqAllOpenOrders())
    assert (shown[0][1], shown[1][1], shown[1][9]) == ("0", "0", "0")
    assert story(master.heard())[-1] == "status Submitted"
    unbound = master.ask(lambda client: client.cancelOrder(-1))
    assert unbound[0][:4] == ["4", "2", "-1", "10147"]
    bound = master.ask(lambda client: client.reqOpenOrders())
    assert bound[0] == ["100", bound[2][6], "0", "-1"]
    assert [fields[:2] for fields in bound[1:]] == [["5", "-1"], ["3", "-1"], ["53", "1"]]
    foreign = first.ask(lambda client: client.cancelOrder(-1))
    assert foreign[0][:4] == ["4", "2", "-1", "10147"]
    ended = master.ask(lambda client: client.cancelOrder(-1))
    assert ended[-1][:4] == ["4", "2", "-1", "202"]


def test_what_comes_from_tws_is_bound_if_asked_for(floor: Floor) -> None:
    master = Talk(floor, 0)
    master.ask(lambda client: client.reqAutoOpenOrders(True))
    by_hand(floor)
    told = master.heard()
    assert [fields[3] for fields in told if fields[0] == "100"] == ["-1"]
    assert {fields[1] for fields in told if fields[0] in {"3", "5"}} == {"-1"}
    changed = place(master, LimitOrder("BUY", 10, 1.25), -1)
    assert story(changed) == ["open", "status Submitted"]
    assert changed[0][1] == "-1"


def test_fills_from_tws_are_everybody_s_to_ask_for_and_no_api_order_s(floor: Floor) -> None:
    first, master = Talk(floor, 1), Talk(floor, 0)
    by_hand(floor, "1000")
    fill = next(fields for fields in master.heard() if fields[0] == "11")
    assert (fill[2], fill[22]) == ("0", "0")
    every = first.ask(lambda client: client.reqExecutions(5, ExecutionFilter()))
    assert story(every) == ["fill", "commission"]
    done = first.ask(lambda client: client.reqCompletedOrders(False))
    assert story(done) == ["completed"]
    assert story(first.ask(lambda client: client.reqCompletedOrders(True))) == []


def test_an_order_id_of_0_is_refused(floor: Floor, talk: Talk) -> None:
    """It would be an order entered in TWS."""
    assert story(place(talk, MarketOrder("BUY", 1), 0)) == ["error 103"]
    assert floor.exchange.executions() == []


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ({}, 1),
        ({"symbol": "spy", "secType": "stk"}, 1),
        ({"symbol": "AIG"}, 0),
        ({"secType": "OPT"}, 0),
        ({"exchange": "SMART"}, 1),
        ({"exchange": "ARCA"}, 1),
        ({"exchange": "NYSE"}, 0),
        ({"side": "BUY"}, 1),
        ({"side": "SLD"}, 0),
        ({"clientId": 1}, 1),
        ({"clientId": 2}, 0),
        ({"acctCode": "DU1234567"}, 1),
        ({"time": "20250602 09:59:00 US/Eastern"}, 1),
        ({"time": "20250602 10:01:00 US/Eastern"}, 0),
    ],
)
def test_executions_pass_every_filter(talk: Talk, condition: dict[str, str], count: int) -> None:
    place(talk, MarketOrder("BUY", 100))
    wanted = ExecutionFilter(**condition)  # type: ignore[arg-type]
    answer = talk.ask(lambda client: client.reqExecutions(5, wanted))
    assert story(answer) == ["fill", "commission"] * count
    assert answer[-1] == ["55", "1", "5"]


@pytest.mark.parametrize(
    "condition", [{"acctCode": "DU7"}, {"side": "UP"}, {"time": "noon"}], ids=str
)
def test_a_filter_that_makes_no_sense_gets_321(talk: Talk, condition: dict[str, str]) -> None:
    wanted = ExecutionFilter(**condition)  # type: ignore[arg-type]
    assert story(talk.ask(lambda client: client.reqExecutions(5, wanted))) == ["error 321"]


def test_a_read_only_api_refuses_what_could_touch_an_order() -> None:
    """Under no id, as a real Gateway was recorded."""
    floor = build_floor(GatewayOptions(symbols=("SPY",), start="10:00", read_only=True))
    talk = Talk(floor)
    answers = [
        place(talk, MarketOrder("BUY", 1)),
        talk.ask(lambda client: client.cancelOrder(1)),
        talk.ask(lambda client: client.reqGlobalCancel()),
        talk.ask(lambda client: client.reqIds(1)),
        talk.ask(lambda client: client.reqOpenOrders()),
        talk.ask(lambda client: client.reqCompletedOrders(True)),
    ]
    assert [[fields[:4] for fields in answer] for answer in answers] == [
        [["4", "2", "-1", "321"]] for _ in answers
    ]
    assert story(talk.ask(lambda client: client.reqExecutions(5, ExecutionFilter()))) == []
    assert floor.exchange.executions() == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 200),
        ({"conId": 756733}, 322),
        ({"secType": "STK", "conId": 756733}, 321),
        ({"account": "DU7"}, 321),
        ({"exerciseAction": 3}, 321),
    ],
    ids=str,
)
def test_exercising_what_is_not_held_gets_ib_s_code(
    talk: Talk, change: dict[str, object], code: int
) -> None:
    option = ib_async.Option("SPY", "20250620", 600, "C", "SMART")
    arguments = {"exerciseAction": 1, "exerciseQuantity": 1, "account": "", "override": 0}
    for name, value in change.items():
        if name in arguments:
            arguments[name] = value
        else:
            setattr(option, name, value)
    answer = talk.ask(lambda client: client.exerciseOptions(5, option, **arguments))
    assert [fields[:4] for fields in answer] == [["4", "2", "5", str(code)]]


def test_a_what_if_shows_margin_and_commission_and_leaves_nothing(talk: Talk) -> None:
    [message] = place(talk, MarketOrder("BUY", 100, whatIf=True))
    _name, (_id, _contract, order, state) = heard(frame("\0".join([*message, ""]).encode()))
    assert (order.whatIf, order.permId) == (True, 0)
    before, change, after = (
        Decimal(getattr(state, f"initMargin{when}")) for when in ("Before", "Change", "After")
    )
    assert before == 0 < change == after
    assert (state.commission, state.commissionCurrency) == (1.0, "USD")
    assert story(talk.ask(lambda client: client.reqAllOpenOrders())) == []


def test_a_condition_at_a_time_of_day_is_today_s(talk: Talk) -> None:
    order = LimitOrder("BUY", 10, 1.0)
    order.conditions = [ib_async.TimeCondition(time="15:00:00")]
    message = next(fields for fields in place(talk, order) if fields[0] == "5")
    _name, (_id, _contract, shown, _state) = heard(frame("\0".join([*message, ""]).encode()))
    assert [condition.time for condition in shown.conditions] == ["20250602 15:00:00"]


def test_a_condition_at_no_time_gets_391(talk: Talk) -> None:
    order = LimitOrder("BUY", 10, 1.0)
    order.conditions = [ib_async.TimeCondition(time="later")]
    assert story(place(talk, order)) == ["error 391"]


def test_a_change_the_account_cannot_carry_gets_201_and_the_order_works_on(talk: Talk) -> None:
    place(talk, LimitOrder("BUY", 10, 1.0))
    assert story(place(talk, LimitOrder("BUY", 1_000_000, 1.0))) == ["error 201"]
    (order, *_) = talk.ask(lambda client: client.reqOpenOrders())
    assert (order[0], order[13], order[14]) == ("5", "BUY", "10")


def test_a_global_cancel_reaches_every_client(floor: Floor) -> None:
    first, second = Talk(floor, 1), Talk(floor, 2)
    place(first, LimitOrder("BUY", 10, 1.0))
    first.heard()
    assert story(second.ask(lambda client: client.reqGlobalCancel())) == []
    told = story(first.heard())
    assert told == ["status PendingCancel", "status Cancelled", "error 202"]


def test_a_global_cancel_of_nothing_gets_161_under_no_id(floor: Floor) -> None:
    """A real Gateway said so when the only order was over."""
    first, second = Talk(floor, 1), Talk(floor, 2)
    place(first, MarketOrder("BUY", 10))
    first.heard()
    answers = second.ask(lambda client: client.reqGlobalCancel())
    assert [fields[:4] for fields in answers] == [["4", "2", "-1", "161"]]
    assert first.heard() == []


def test_a_global_cancel_of_what_is_being_cancelled_gets_161_with_its_perm_id(
    floor: Floor, talk: Talk
) -> None:
    floor.exchange.by_hand.slow_cancels(slow=True)
    place(talk, LimitOrder("BUY", 10, 1.0))
    assert story(talk.ask(lambda client: client.reqGlobalCancel())) == ["status PendingCancel"]
    (order,) = floor.exchange.working_orders()
    (answer,) = talk.ask(lambda client: client.reqGlobalCancel())
    assert answer[2:4] == ["-1", "161"]
    assert str(order.perm_id) in answer[4]


def test_a_time_of_day_alone_is_today_s(floor: Floor, talk: Talk) -> None:
    for order_id, end in ((1, "15:00:00"), (2, "20250602 15:00:00 US/Eastern")):
        place(talk, LimitOrder("BUY", 10, 1.0, tif="GTD", goodTillDate=end), order_id)
    ends = [order.request.good_till_ns for order in floor.exchange.working_orders()]
    assert ends[0] == ends[1] is not None


def the_day(talk: Talk) -> list[Message]:
    """Ask for all orders and fills of the day."""
    told = talk.ask(lambda client: client.reqAllOpenOrders())
    told += talk.ask(lambda client: client.reqCompletedOrders(False))
    return told + talk.ask(lambda client: client.reqExecutions(7, ExecutionFilter()))


def test_whoever_comes_back_is_told_the_day_in_texts_that_were_written_once(
    floor: Floor, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(talk, MarketOrder("BUY", 100))
    place(talk, LimitOrder("BUY", 10, 1.0), order_id=2)
    told = the_day(talk)
    assert story(told) == ["open", "status Submitted", "completed", "fill", "commission"]
    for name in ("open_order", "completed_order", "execution_text"):
        monkeypatch.setattr(f"ibelay.wire.encode.{name}", lambda *_: pytest.fail("written again"))
    assert the_day(Talk(floor, client_id=2)) == told


def test_each_is_told_the_day_in_the_version_it_speaks(floor: Floor, talk: Talk) -> None:
    place(talk, MarketOrder("BUY", 100))
    place(talk, LimitOrder("BUY", 10, 1.0), order_id=2)
    newer, older = the_day(talk), the_day(Talk(floor, client_id=2, version=157))
    kinds = ("5", "101", "11")
    fields = [{said[0]: len(said) for said in told if said[0] in kinds} for told in (newer, older)]
    assert all(fields[0][kind] > fields[1][kind] for kind in kinds)
    assert the_day(talk) == newer
