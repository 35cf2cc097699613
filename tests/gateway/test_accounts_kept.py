"""What an account keeps of its margin is what it would work out again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D  # noqa: N817 - the tests are full of them
from typing import NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st
from tests.gateway.test_accounts_properties import (
    ENDS_NS,
    RATES,
    START,
    Fill,
    Mark,
    fills,
    instrument,
    prices,
    trades,
)
from tests.gateway.test_accounts_properties import INSTRUMENTS as OTHERS

from ibelay.gateway.exchange.accounts import Account, Trade
from ibelay.gateway.exchange.money.margin import MarginState
from ibelay.gateway.market.api import Instrument
from ibelay.model.ids import ConId
from ibelay.model.order import Action

PAIR = instrument(11, "CASH", "USD")
PAIR = replace(PAIR, contract=replace(PAIR.contract, symbol="EUR"))
INSTRUMENTS = (*OTHERS, PAIR)
SHARE, EUROPEAN, CALL, FUTURE = (INSTRUMENTS[index] for index in (0, 1, 3, 4))


class Split(NamedTuple):
    """A corporate action."""

    con_id: ConId
    ratio: D


class NewDay(NamedTuple):
    """The next day begins; some of what is held has expired."""

    now_ns: int


con_ids = st.sampled_from([one.contract.con_id for one in INSTRUMENTS])
marks = st.builds(Mark, con_ids, prices)
splits = st.builds(Split, con_ids, st.sampled_from([D(2), D("0.5")]))
days = st.builds(NewDay, st.sampled_from([0, ENDS_NS]))
Step = Fill | Mark | Split | NewDay | Trade
stories = st.lists(st.one_of(fills, fills, marks, marks, splits, days, trades), max_size=20)


def take(mine: Account, step: Step) -> None:
    match step:
        case Fill(trade=one, fee=fee):
            mine.apply(one.instrument.contract, one.action, one.quantity, one.price, fee)
        case Mark():
            mine.mark(*step)
        case Split():
            mine.split(*step)
        case NewDay():
            mine.expire(step.now_ns)
            mine.start_day()
        case Trade():
            mine.objection_to([step])


def bought(what: Instrument, action: Action = Action.BUY) -> Fill:
    return Fill(Trade(what, action, D(10), D(50)), D(0))


def new() -> Account:
    return Account("DU1", START, INSTRUMENTS, rates=RATES)


Figures = tuple[MarginState, D, D]


def figures(mine: Account) -> Figures:
    return mine.margin(), mine.net_liquidation, mine.gross_position_value


@given(stories)
@example([bought(CALL, Action.SELL), Mark(SHARE.contract.con_id, D(90))])
@example([bought(EUROPEAN), Mark(PAIR.contract.con_id, D(2))])
@example([bought(FUTURE), Mark(FUTURE.contract.con_id, D(60)), NewDay(0)])
def test_an_account_asked_at_every_step_answers_like_one_asked_once(story: list[Step]) -> None:
    """To the last digit; and asking what an order would do changes nothing."""
    asked = new()
    for number, step in enumerate(story, start=1):
        take(asked, step)
        fresh = new()
        for earlier in story[:number]:
            if not isinstance(earlier, Trade):
                take(fresh, earlier)
        assert figures(asked) == figures(fresh)
