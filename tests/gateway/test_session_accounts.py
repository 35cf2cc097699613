"""What a client hears of the account: figures, positions, profit; asked in ib_async's bytes."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from itertools import pairwise

import pytest
from ib_async import MarketOrder, Stock
from tests.gateway.pure import Message, Talk

from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.floor import Floor
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.order import Action
from ibelay.wire.times import SECOND_NS

ME = "DU1234567"
SPY = Stock("SPY", "SMART", "USD", conId=756733)
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", con_id=ConId(12087792))
MINUTE_NS = 60 * SECOND_NS
UNSET = "1.7976931348623157E308"
Figures = dict[tuple[str, str], str]


@pytest.fixture
def floor() -> Floor:
    return build_floor(GatewayOptions(symbols=("SPY",), start="10:00"))


@pytest.fixture
def talk(floor: Floor) -> Talk:
    return Talk(floor)


def buy(talk: Talk, quantity: int = 10, order_id: int = 1) -> list[Message]:
    """Buy SPY at the market; return what was heard."""
    order = MarketOrder("BUY", quantity)
    return talk.ask(lambda client: client.placeOrder(order_id, SPY, order))


def pass_time(talk: Talk, duration_ns: int) -> list[Message]:
    """Let market time go by; return what was heard."""
    end_ns = talk.floor.now_ns + duration_ns
    while talk.floor.now_ns < end_ns:
        talk.floor.advance(end_ns)
    return talk.heard()


def of(messages: list[Message], *numbers: str) -> list[Message]:
    return [fields for fields in messages if fields[0] in numbers]


def codes(messages: list[Message]) -> list[tuple[str, str]]:
    """Return (id, code) of the errors among *messages*."""
    return [(fields[2], fields[3]) for fields in of(messages, "4")]


def figures(messages: list[Message]) -> Figures:
    """Return {(key, currency): value} of account values or summaries."""
    at = {"6": 2, "63": 4, "73": 5}
    rows = [fields[at[fields[0]] :] for fields in of(messages, *at)]
    return {(row[0], row[2]): row[1] for row in rows}


# Names -------------------------------------------------------------------------------


def test_the_accounts_are_named_first_and_when_asked(talk: Talk) -> None:
    assert talk.greeting[0] == ["15", "1", ME]
    assert talk.ask(lambda client: client.reqManagedAccts()) == [["15", "1", ME]]


def test_the_account_belongs_to_no_family(talk: Talk) -> None:
    assert talk.ask(lambda client: client.reqFamilyCodes()) == [["78", "1", "*", ""]]


def test_another_account_is_refused_by_every_family(talk: Talk) -> None:
    wrong = "DU7654321"
    heard = talk.ask(lambda client: client.reqAccountUpdates(True, wrong))
    heard += talk.ask(lambda client: client.reqAccountUpdatesMulti(1, wrong, "", False))
    heard += talk.ask(lambda client: client.reqPositionsMulti(2, wrong, ""))
    heard += talk.ask(lambda client: client.reqPnL(3, wrong, ""))
    heard += talk.ask(lambda client: client.reqPnLSingle(4, wrong, "", 756733))
    heard += talk.ask(lambda client: client.reqAccountSummary(5, wrong, "All"))
    assert codes(heard) == [(str(number), "321") for number in (-1, 1, 2, 3, 4, 5)]
    assert len(heard) == 6


# Account updates ---------------------------------------------------------------------


def test_updates_begin_with_everything_and_an_end(talk: Talk) -> None:
    buy(talk)
    heard = talk.ask(lambda client: client.reqAccountUpdates(True, ME))
    values = figures(heard)
    assert values["AccountReady", ""] == "true"
    assert values["ExchangeRate", "BASE"] == "1.0000000"
    assert D(values["NetLiquidation", "USD"]) == D(values["NetLiquidationByCurrency", "BASE"])
    assert [fields[0] for fields in heard[-3:]] == ["7", "8", "54"]
    item = heard[-3]
    assert (len(item), item[2], item[13], item[-1]) == (20, "756733", "10", ME)
    assert heard[-1] == ["54", "1", ME]


def test_a_fill_is_told_at_once_to_updates_and_multi(talk: Talk) -> None:
    talk.ask(lambda client: client.reqAccountUpdates(True, ME))
    talk.ask(lambda client: client.reqAccountUpdatesMulti(7, ME, "", False))
    heard = buy(talk)
    assert [fields[13] for fields in of(heard, "7")] == ["10"]
    for number in ("6", "73"):
        assert "StockMarketValue" in {key for key, _ in figures(of(heard, number))}
    assert of(heard, "8")
    assert not of(heard, "54")


def test_prices_alone_are_told_every_three_minutes(talk: Talk) -> None:
    buy(talk)
    talk.ask(lambda client: client.reqAccountUpdates(True, ME))
    talk.ask(lambda client: client.reqAccountUpdatesMulti(7, ME, "", False))
    assert pass_time(talk, 2 * MINUTE_NS) == []
    heard = pass_time(talk, MINUTE_NS)
    assert ("NetLiquidation", "USD") in figures(of(heard, "6"))
    assert ("NetLiquidation", "USD") in figures(of(heard, "73"))
    assert ("AccountReady", "") not in figures(heard)
    assert len(of(heard, "7")) == 1
    assert len(of(heard, "8")) == 1
    assert pass_time(talk, 2 * MINUTE_NS) == []


def test_nothing_changed_is_nothing_said(talk: Talk) -> None:
    talk.ask(lambda client: client.reqAccountUpdates(True, ME))
    talk.ask(lambda client: client.reqAccountSummary(1, "All", "NetLiquidation"))
    assert pass_time(talk, 7 * MINUTE_NS) == []


def test_updates_end_when_unsubscribed(talk: Talk) -> None:
    talk.ask(lambda client: client.reqAccountUpdates(True, ME))
    talk.ask(lambda client: client.reqAccountUpdates(False, ME))
    assert of(buy(talk), "6", "7", "8") == []


def test_a_subscription_under_another_name_replaces_the_former_with_2100(talk: Talk) -> None:
    talk.ask(lambda client: client.reqAccountUpdates(True, ME))
    again = talk.ask(lambda client: client.reqAccountUpdates(True, ME))
    assert codes(again) == []
    assert again[-1][0] == "54"
    other = talk.ask(lambda client: client.reqAccountUpdates(True, ""))
    assert codes(other) == [("-1", "2100")]
    assert other[-1][0] == "54"


def test_multi_of_the_ledger_alone_has_net_liquidation_with_it(talk: Talk) -> None:
    heard = talk.ask(lambda client: client.reqAccountUpdatesMulti(7, ME, "", True))
    rows = figures(heard)
    assert ("NetLiquidation", "USD") in rows
    assert ("CashBalance", "BASE") in rows
    assert ("BuyingPower", "USD") not in rows
    assert heard[-1] == ["74", "1", "7"]


def test_a_model_nobody_made_has_no_rows(talk: Talk) -> None:
    buy(talk)
    heard = talk.ask(lambda client: client.reqAccountUpdatesMulti(7, ME, "Tech", False))
    heard += talk.ask(lambda client: client.reqPositionsMulti(8, ME, "Tech"))
    assert heard == [["74", "1", "7"], ["72", "1", "8"]]
    assert codes(talk.ask(lambda client: client.reqPnL(9, ME, "Tech"))) == [("9", "321")]


def test_multi_ends_when_cancelled_and_no_id_serves_twice(talk: Talk) -> None:
    talk.ask(lambda client: client.reqAccountUpdatesMulti(7, ME, "", False))
    twice = talk.ask(lambda client: client.reqAccountUpdatesMulti(7, ME, "", False))
    assert codes(twice) == [("7", "322")]
    talk.ask(lambda client: client.cancelAccountUpdatesMulti(7))
    assert of(buy(talk), "73") == []


def test_account_subscriptions_are_limited(talk: Talk) -> None:
    for number in range(50):
        assert of(talk.raw(b"76\x001\0%d\0\0\x00\x000\0" % number), "4") == []
        assert of(talk.raw(b"74\x001\0%d\0\0\0" % number), "4") == []
    assert codes(talk.raw(b"76\x001\x0050\0\0\x00\x000\0")) == [("50", "322")]
    assert codes(talk.raw(b"74\x001\x0050\0\0\0")) == [("50", "322")]


# Summaries ---------------------------------------------------------------------------


def test_a_summary_has_the_tags_asked_for(talk: Talk) -> None:
    tags = "NetLiquidation,BuyingPower,ReqTEquity"
    heard = talk.ask(lambda client: client.reqAccountSummary(1, "All", tags))
    assert figures(heard) == {
        ("NetLiquidation", "USD"): "1000000.00",
        ("BuyingPower", "USD"): "4000000.00",
    }
    assert heard[-1] == ["64", "1", "1"]
    assert {fields[3] for fields in of(heard, "63")} == {ME}


def test_all_is_every_total_and_no_ledger(talk: Talk) -> None:
    rows = figures(talk.ask(lambda client: client.reqAccountSummary(1, ME, "All")))
    assert {"AccountType", "Cushion", "LookAheadNextChange"} <= {key for key, _ in rows}
    assert "CashBalance" not in {key for key, _ in rows}


@pytest.mark.parametrize(
    ("tag", "blocks"),
    [
        ("$LEDGER", {"BASE"}),
        ("$LEDGER:USD", {"USD"}),
        ("$LEDGER:EUR", {"EUR"}),
        ("$LEDGER:ALL", {"BASE", "USD", "EUR"}),
        ("$LEDGER:JPY", set()),
    ],
)
def test_the_ledger_is_told_by_currency(talk: Talk, tag: str, blocks: set[str]) -> None:
    talk.floor.exchange.account.apply(EURUSD, Action.BUY, D(20_000), D("1.1"), D(2))
    rows = figures(talk.ask(lambda client: client.reqAccountSummary(1, "All", tag)))
    assert {currency for _, currency in rows} == blocks
    if "EUR" in blocks:
        assert rows["CashBalance", "EUR"] == "20000.00"
        assert rows["ExchangeRate", "EUR"] == "1.1000000"


def test_a_summary_says_every_three_minutes_what_changed(talk: Talk) -> None:
    tags = "NetLiquidation,AccountType"
    talk.ask(lambda client: client.reqAccountSummary(1, "All", tags))
    assert of(buy(talk), "63") == []
    assert pass_time(talk, 2 * MINUTE_NS) == []
    heard = pass_time(talk, MINUTE_NS)
    assert [fields[4] for fields in heard] == ["NetLiquidation"]
    talk.ask(lambda client: client.cancelAccountSummary(1))
    assert pass_time(talk, 4 * MINUTE_NS) == []


def test_there_are_two_summaries_at_most(talk: Talk) -> None:
    for number in (1, 2):
        talk.raw(b"62\x001\0%d\0All\0All\0" % number)
    third = talk.ask(lambda client: client.reqAccountSummary(3, "All", "All"))
    twice = talk.ask(lambda client: client.reqAccountSummary(2, "All", "All"))
    assert codes(third + twice) == [("3", "322"), ("2", "322")]
    talk.ask(lambda client: client.cancelAccountSummary(1))
    assert codes(talk.ask(lambda client: client.reqAccountSummary(3, "All", "All"))) == []


# Positions ---------------------------------------------------------------------------


def test_positions_are_told_now_and_on_every_change(talk: Talk) -> None:
    assert talk.ask(lambda client: client.reqPositions()) == [["62", "1"]]
    assert talk.ask(lambda client: client.reqPositionsMulti(8, ME, "")) == [["72", "1", "8"]]
    heard = buy(talk)
    (one,), (multi,) = of(heard, "61"), of(heard, "71")
    assert (len(one), one[2], one[3], one[14]) == (16, ME, "756733", "10")
    assert (len(multi), multi[2], multi[3], multi[4], multi[15]) == (18, "8", ME, "756733", "10")
    assert multi[16] == one[15]
    again = Talk(talk.floor, 2).ask(lambda client: client.reqPositions())
    assert again == [one, ["62", "1"]]
    talk.ask(lambda client: client.cancelPositions())
    talk.ask(lambda client: client.cancelPositionsMulti(8))
    assert of(buy(talk, order_id=2), "61", "71") == []


def test_forex_is_a_position_at_its_average_rate(talk: Talk) -> None:
    talk.floor.exchange.account.apply(EURUSD, Action.BUY, D(20_000), D("1.1"), D(2))
    (row,) = of(talk.ask(lambda client: client.reqPositions()), "61")
    assert (row[4], row[5], row[14], row[15]) == ("EUR", "CASH", "20000", "1.1001")


# Profit and loss -----------------------------------------------------------------------


def test_profit_is_told_at_once_and_at_most_once_a_second(talk: Talk) -> None:
    assert talk.ask(lambda client: client.reqPnL(1, ME, "")) == [["94", "1", "0", "0", "0"]]
    buy(talk, 1000)
    told = []
    for _ in range(40):
        told += of(pass_time(talk, SECOND_NS // 4), "94")
    assert 2 <= len(told) <= 11
    assert all(before != after for before, after in pairwise(told))
    daily, unrealized, realized = told[-1][2:]
    assert (daily, realized) == (unrealized, "0")
    profit = talk.floor.exchange.account.profit()
    assert abs(D(daily) - profit.daily) < D("0.01")


def test_profit_of_a_position_comes_with_its_size_and_value(talk: Talk) -> None:
    buy(talk, 100)
    (first,) = talk.ask(lambda client: client.reqPnLSingle(2, ME, "", 756733))
    assert (first[0], first[1], first[2]) == ("95", "2", "100")
    (price,) = [row.market_price for row in talk.floor.exchange.positions()]
    assert D(first[6]) == (100 * price).quantize(D("0.01"))
    assert D(first[3]) == D(first[4])


def test_profit_of_what_is_not_held_is_not_set_until_it_is(talk: Talk) -> None:
    heard = talk.ask(lambda client: client.reqPnLSingle(2, ME, "", 756733))
    assert codes(heard) == [("2", "2150")]
    assert heard[1] == ["95", "2", "0", UNSET, UNSET, UNSET, "0"]
    buy(talk)
    (told,) = of(pass_time(talk, SECOND_NS), "95")
    assert told[2] == "10"
    assert UNSET not in told


def test_cancelled_profit_is_not_told_and_cancelling_nothing_has_its_code(talk: Talk) -> None:
    talk.ask(lambda client: client.reqPnL(1, ME, ""))
    talk.ask(lambda client: client.reqPnLSingle(2, ME, "", 756733))
    wrong = talk.ask(lambda client: client.cancelPnL(2))
    wrong += talk.ask(lambda client: client.cancelPnLSingle(1))
    assert codes(wrong) == [("2", "10185"), ("1", "10186")]
    assert talk.ask(lambda client: client.cancelPnL(1)) == []
    assert talk.ask(lambda client: client.cancelPnLSingle(2)) == []
    buy(talk)
    assert of(pass_time(talk, 5 * SECOND_NS), "94", "95") == []


def test_profit_streams_are_limited_and_their_ids_distinct(talk: Talk) -> None:
    talk.ask(lambda client: client.reqPnL(1, ME, ""))
    twice = talk.ask(lambda client: client.reqPnLSingle(1, ME, "", 756733))
    assert codes(twice) == [("1", "322")]
    for number in range(2, 101):
        talk.raw(b"92\0%d\0\0\0" % number)
    assert codes(talk.ask(lambda client: client.reqPnL(101, ME, ""))) == [("101", "322")]
