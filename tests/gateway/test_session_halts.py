"""A halt is said to whoever watches, at once or a quarter of an hour later."""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.market import synthetic
from ibelay.gateway.market.api import Halted, QuoteChange
from ibelay.gateway.market.hours import SECOND_NS
from ibelay.gateway.market.making.halts import Halt
from ibelay.gateway.session import hours
from ibelay.gateway.session.board.face import Face
from ibelay.gateway.session.board.ticks import BID, HALTED, GenericTick, PriceTick, Tick
from ibelay.gateway.session.desks.live.delayed import DelayedFace
from ibelay.gateway.session.entitlement import DELAY_NS

MINUTE_NS = 60 * SECOND_NS
OPEN_NS = synthetic(1, ["SPY"], "2025-06-02").open_ns
BEGIN_NS, END_NS = OPEN_NS + 10 * MINUTE_NS, OPEN_NS + 15 * MINUTE_NS
HALT = Halt(symbol="SPY", begin_ns=BEGIN_NS, end_ns=END_NS)
MARKET = synthetic(1, ["SPY"], "2025-06-02", halts=[HALT])
SPY = MARKET.instruments[0]


def halts(ticks: list[Tick]) -> list[tuple[int, Decimal]]:
    return [(tick.kind, tick.value) for tick in ticks if isinstance(tick, GenericTick)]


def test_halt_and_its_end_are_said_once_and_the_sides_go() -> None:
    face, said = Face(hours.sessions(MARKET, SPY)), list[Tick]()
    for event in MARKET.events(BEGIN_NS - MINUTE_NS, END_NS + MINUTE_NS):
        said += face.quoted(event) if isinstance(event, QuoteChange) else face.printed(event)
        if isinstance(event, QuoteChange) and event.halted:
            assert face.halted is Halted.VOLATILITY
            assert PriceTick(BID, Decimal(-1)) in said
    assert halts(said) == [(HALTED, Decimal(2)), (HALTED, Decimal(0))]
    assert face.halted is Halted.NO


def test_delayed_data_say_it_later_under_their_own_number() -> None:
    face = DelayedFace(MARKET, SPY, BEGIN_NS + DELAY_NS - SECOND_NS)
    before = face.halted
    assert halts(face.move(BEGIN_NS + DELAY_NS + SECOND_NS)) == [(90, Decimal(2))]
    assert [before, face.halted] == [Halted.NO, Halted.VOLATILITY]
