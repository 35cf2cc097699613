"""Generic ticks over several days."""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.market.api import Print, TradingSession
from ibelay.gateway.session.board.ticks import PriceTick
from ibelay.gateway.session.desks.live.extra import ExtraTicks
from ibelay.model.ids import ConId

LAST_RTH_TRADE, MARK_PRICE = 57, 37
DAYS = [
    TradingSession(begin_ns=day, open_ns=day + 10, close_ns=day + 20, end_ns=day + 30)
    for day in (0, 100)
]


def test_trades_between_two_regular_sessions_are_none_of_regular_hours() -> None:
    ticks = ExtraTicks(frozenset({318}), DAYS)
    said = [
        bool(ticks.happened(Print(con_id=ConId(1), at_ns=at_ns, price=Decimal(9), size=Decimal(1))))
        for at_ns in (5, 15, 25, 105, 115, 125)
    ]
    assert said == [False, True, False, False, True, False]


def test_the_mark_price_is_said_at_once() -> None:
    ticks = ExtraTicks(frozenset({232}), DAYS)
    assert ticks.first(Decimal(7)) == [PriceTick(MARK_PRICE, Decimal(7))]
    assert ticks.first(None) == []
