"""What holds for the money of an account, whatever is traded in whatever currency."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from ibelay.gateway.exchange.accounts import Account, Trade
from ibelay.gateway.exchange.money.margin import requirement
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.order import Action

START = D(1_000_000)
NANO = D("1e-9")
ENDS_NS = 1000
RATES = {"EUR": D("1.1"), "JPY": D("0.0068"), "GBP": D("1.3")}


def instrument(con_id: int, sec_type: str, currency: str, multiplier: int = 1) -> Instrument:
    option = sec_type == "OPT"
    contract = Contract(
        symbol="GBP" if sec_type == "CASH" else "X",
        sec_type=sec_type,
        currency=currency,
        con_id=ConId(con_id),
        multiplier=D(multiplier),
        strike=D(50) if option else D(0),
        right="P" if option and con_id % 2 else "C" * option,
    )
    return Instrument(
        contract=contract,
        long_name="",
        under_con_id=ConId(1 if option else 0),
        expires_ns=ENDS_NS if sec_type in {"OPT", "FUT", "BOND"} else None,
    )


INSTRUMENTS = (
    instrument(1, "STK", "USD"),
    instrument(2, "STK", "EUR"),
    instrument(3, "OPT", "USD", 100),
    instrument(4, "OPT", "USD", 100),
    instrument(5, "FUT", "USD", 50),
    instrument(6, "FUT", "JPY", 5),
    instrument(7, "CRYPTO", "USD"),
    instrument(8, "BOND", "EUR", 1000),
    instrument(9, "CASH", "JPY"),
    instrument(10, "CASH", "EUR"),
)


class Fill(NamedTuple):
    """A trade, and what it costs."""

    trade: Trade
    fee: D


class Mark(NamedTuple):
    """A price that moves; never one of forex, so that rates stay as they are."""

    con_id: ConId
    price: D


prices = st.decimals(D("0.01"), D(100), places=2)
quantities = st.decimals(D("0.01"), D(500), places=2)
fees = st.decimals(D(0), D(10), places=2)
trades = st.builds(Trade, st.sampled_from(INSTRUMENTS), st.sampled_from(Action), quantities, prices)
fills = st.builds(Fill, trades, fees)
marks = st.builds(Mark, st.sampled_from(range(1, 9)).map(ConId), prices)
stories = st.lists(st.one_of(fills, fills, marks), max_size=25)


def told(story: list[Fill | Mark]) -> Account:
    """Return the account after *story*."""
    mine = Account("DU1", START, INSTRUMENTS, rates=RATES)
    for step in story:
        if isinstance(step, Mark):
            mine.mark(*step)
        else:
            one, fee = step
            mine.apply(one.instrument.contract, one.action, one.quantity, one.price, fee)
    return mine


def close(one: D, other: D) -> bool:
    return abs(one - other) <= NANO * max(D(1), abs(one))


@given(stories)
def test_what_the_account_gained_is_realized_and_unrealized_profit(
    story: list[Fill | Mark],
) -> None:
    mine = told(story)
    profit = mine.profit()
    assert close(mine.net_liquidation - START, profit.realized + profit.unrealized)
    assert close(profit.daily, profit.realized + profit.unrealized)


@given(stories)
def test_expiry_makes_no_money_and_leaves_nothing_that_expired(story: list[Fill | Mark]) -> None:
    mine = told(story)
    for row in mine.expire(ENDS_NS):
        if row.position.contract.con_id != 1:
            assert row.position.quantity == 0
    profit = mine.profit()
    assert close(mine.net_liquidation - START, profit.realized + profit.unrealized)
    ended = {one.contract.con_id for one in INSTRUMENTS if one.expires_ns}
    assert all(mine.quantity(con_id) == 0 for con_id in ended)
    assert mine.expire(ENDS_NS) == []


@given(stories, stories)
def test_a_new_day_changes_no_money_and_counts_its_profit_from_there(
    first: list[Fill | Mark], second: list[Fill | Mark]
) -> None:
    mine = told(first)
    before = mine.net_liquidation
    mine.start_day()
    assert close(mine.net_liquidation, before)
    assert (mine.profit().daily, mine.realized) == (D(0), D(0))
    assert all(row.position.quantity for row in mine.rows())
    for step in second:
        if isinstance(step, Mark):
            mine.mark(*step)
        else:
            one, fee = step
            mine.apply(one.instrument.contract, one.action, one.quantity, one.price, fee)
    assert close(mine.profit().daily, mine.net_liquidation - before)


@given(stories)
def test_the_ledger_adds_up_to_the_account(story: list[Fill | Mark]) -> None:
    mine = told(story)
    rows = {(row.key, row.currency): row.value for row in mine.ledger()}
    net = D(rows["NetLiquidationByCurrency", "BASE"])
    assert abs(net - mine.net_liquidation) <= D("0.01")
    currencies = {currency for _, currency in rows} - {"BASE"}
    rates = RATES | {"USD": D(1)}
    parts = [rates[one] * D(rows["NetLiquidationByCurrency", one]) for one in currencies]
    assert abs(sum(parts, D(0)) - net) <= D("0.01") * len(currencies)


@given(stories)
def test_what_is_bound_is_never_negative_nor_more_to_keep_than_to_open(
    story: list[Fill | Mark],
) -> None:
    state = told(story).margin()
    assert 0 <= state.maintenance <= state.initial
    assert state.buying_power >= 0


@given(st.sampled_from(INSTRUMENTS), quantities, prices)
def test_a_larger_position_never_binds_less(what: Instrument, quantity: D, price: D) -> None:
    for side in (1, -1):
        one = requirement(what, side * quantity, price)
        two = requirement(what, side * 2 * quantity, price)
        assert 0 <= one.initial <= two.initial
        assert 0 <= one.maintenance <= two.maintenance


@given(stories, trades)
def test_an_effect_is_what_the_account_shows_after_that_fill(
    story: list[Fill | Mark], one: Trade
) -> None:
    mine = told(story)
    shown = mine.margin()
    effect = mine.effect(one.action, one.instrument, one.quantity, one.price)
    assert effect.before == shown == mine.margin()
    change = effect.change
    assert effect.before.initial + change.initial == effect.after.initial
    assert effect.before.equity_with_loan + change.equity_with_loan == (
        effect.after.equity_with_loan
    )
    contract = one.instrument.contract
    fee = mine.commission(contract, one.quantity, one.price)
    assert fee == effect.commission
    mine.apply(contract, one.action, one.quantity, one.price, fee)
    assert mine.margin() == effect.after


@given(stories, trades)
def test_an_order_without_objection_leaves_funds(story: list[Fill | Mark], one: Trade) -> None:
    """Unless it only closes; and what is objected to would not have, at the worse price."""
    mine = told(story)
    contract = one.instrument.contract
    objection = mine.objection(one.action, one.instrument, one.quantity, one.price)
    if not mine.opening(contract.con_id, one.action, one.quantity):
        assert objection is None
    elif objection is None:
        fee = mine.commission(contract, one.quantity, one.price)
        mine.apply(contract, one.action, one.quantity, one.price, fee)
        assert mine.margin().available_funds >= -NANO
    else:
        assert objection[0] == 201
