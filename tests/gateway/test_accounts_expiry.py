"""Positions whose contract stops trading: settled, exercised, assigned, redeemed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D  # noqa: N817 - the tests are full of them

import pytest
from tests.gateway.exchange_stage import Stage, stock

from ibelay.gateway.exchange.accounts import Account
from ibelay.gateway.exchange.events import PositionChanged
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.order import Action
from ibelay.wire.times import parse_moment

STOCK, INDEX = ConId(1), ConId(2)
ENDS_NS = 1000


def instrument(con_id: int, sec_type: str, multiplier: int = 1, **terms: str) -> Instrument:
    contract = Contract(
        symbol="X",
        sec_type=sec_type,
        con_id=ConId(con_id),
        multiplier=D(multiplier),
        strike=D(terms.get("strike", "0")),
        right=terms.get("right", ""),
    )
    ends_ns = None if sec_type in {"STK", "IND"} else ENDS_NS
    return Instrument(contract=contract, long_name="", expires_ns=ends_ns)


def option(con_id: int, right: str, under: ConId = STOCK) -> Instrument:
    made = instrument(con_id, "OPT", 100, strike="100", right=right)
    return replace(made, under_con_id=under)


FUTURE, BOND = instrument(3, "FUT", 50), instrument(4, "BOND", 1000)
CALL, PUT, INDEX_CALL = option(5, "C"), option(6, "P"), option(7, "C", INDEX)
ALL = (instrument(1, "STK"), instrument(2, "IND"), FUTURE, BOND, CALL, PUT, INDEX_CALL)


def holding(what: Instrument, quantity: int, price: str, under: str | None = None) -> Account:
    """Return an account that holds *what*; the underlyings are at *under*."""
    mine = Account("DU1", D(100_000), ALL)
    action = Action.BUY if quantity > 0 else Action.SELL
    mine.apply(what.contract, action, D(abs(quantity)), D(price), D(0))
    if under is not None:
        mine.mark(STOCK, D(under))
        mine.mark(INDEX, D(under))
    return mine


@pytest.mark.parametrize(
    ("what", "quantity", "under", "cash", "shares"),
    [
        (CALL, 2, "103", 100_000 - 400 - 20_000, 200),
        (CALL, -2, "103", 100_000 + 400 + 20_000, -200),
        (PUT, 2, "97", 100_000 - 400 + 20_000, -200),
        (PUT, -2, "97", 100_000 + 400 - 20_000, 200),
        (CALL, 2, "100", 100_000 - 400, 0),
        (PUT, -2, "103", 100_000 + 400, 0),
        (INDEX_CALL, 2, "103", 100_000 - 400 + 600, 0),
        (INDEX_CALL, -2, "103", 100_000 + 400 - 600, 0),
        (INDEX_CALL, 2, "90", 100_000 - 400, 0),
    ],
)
def test_an_option_in_the_money_becomes_shares_or_cash(
    what: Instrument, quantity: int, under: str, cash: int, shares: int
) -> None:
    mine = holding(what, quantity, "2", under)
    changed = mine.expire(ENDS_NS)
    assert mine.cash == cash
    assert mine.quantity(what.contract.con_id) == 0
    assert mine.quantity(STOCK) == shares
    assert {row.position.contract.con_id for row in changed} == {what.contract.con_id} | (
        {STOCK} if shares else set()
    )
    gained = mine.net_liquidation - 100_000
    assert gained == mine.profit().daily == mine.realized + mine.unrealized


def test_without_a_price_of_the_underlying_its_own_counts() -> None:
    mine = holding(CALL, 2, "2")
    mine.mark(CALL.contract.con_id, D("2.5"))
    mine.expire(ENDS_NS)
    assert (mine.cash, mine.quantity(STOCK)) == (D(100_100), D(0))


def test_a_future_pays_its_last_gains_and_a_bond_its_face() -> None:
    mine = holding(FUTURE, -1, "4500")
    mine.mark(FUTURE.contract.con_id, D(4490))
    mine.apply(BOND.contract, Action.BUY, D(5), D(98), D(0))
    assert len(mine.expire(ENDS_NS)) == 2
    assert mine.cash == mine.net_liquidation == D(100_000) + 500 + 100


def test_nothing_happens_before_the_time_and_nothing_twice() -> None:
    mine = holding(FUTURE, 1, "4500")
    assert mine.expire(ENDS_NS - 1) == []
    assert len(mine.expire(ENDS_NS)) == 1
    assert mine.expire(ENDS_NS + 1) == []


def test_the_exchange_tells_of_it_when_trading_stops() -> None:
    """Also where the next thing heard is of another day."""
    ends_ns = parse_moment("20240701 16:00:00")
    future = stock(contract=FUTURE.contract, expires_ns=ends_ns)
    stage = Stage(future)
    stage.quote("4500", "4500", con_id=3)
    stage.place(1, "BUY", 1, "MKT")
    stage.quote("4510", "4510", con_id=3)
    events = stage.at("10:00:00", day=1)
    (told,) = [event for event in events if isinstance(event, PositionChanged)]
    assert (told.position.quantity, told.realized_pnl) == (D(0), D("499.15"))
    assert stage.exchange.positions() == []
    assert stage.exchange.account.cash == D(1_000_000) + D("499.15")
