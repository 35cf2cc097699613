"""A gateway rests while nothing is due, and tells nothing later for it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from tests.sources import parsed

from ibelay.control.agenda import NEVER_NS
from ibelay.gateway import session
from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.gateway.market.api import MarketEvent, event_time_ns
from ibelay.gateway.rest import REST_MAX_S, Rest
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.board.ticks import Tick
from ibelay.gateway.session.quote_bars import Shown, WantedBar
from ibelay.model.faults import read
from ibelay.model.ids import ClientId, ConId
from ibelay.model.market import Bar
from ibelay.testing.simulation.setting import Setting
from ibelay.testing.simulation.world import World
from ibelay.testing.virtual import VirtualLoop

PERIOD_S = 0.01


@pytest.mark.parametrize(
    ("wait_s", "rested_s"),
    [(-1.0, PERIOD_S), (0.002, PERIOD_S), (0.7, 0.7), (3600.0, REST_MAX_S)],
)
def test_it_rests_until_something_is_due(wait_s: float, rested_s: float) -> None:
    with closing(VirtualLoop()) as loop:
        loop.run_until_complete(Rest(PERIOD_S).until_due(wait_s))
        assert loop.time() == pytest.approx(rested_s)


def test_a_nudge_ends_a_rest_within_a_period() -> None:
    with closing(VirtualLoop()) as loop:
        rest = Rest(PERIOD_S)
        loop.call_later(0.3, rest.nudge)
        loop.run_until_complete(rest.until_due(3.0))
        assert loop.time() == pytest.approx(0.3 + PERIOD_S)


def test_many_nudges_do_not_keep_it_from_resting() -> None:
    """However much a client says, market time moves once a period."""
    with closing(VirtualLoop()) as loop:
        rest = Rest(PERIOD_S)

        for number in range(1000):
            loop.call_later(number * PERIOD_S / 100, rest.nudge)
        for moves in range(1, 6):
            loop.run_until_complete(rest.until_due(3.0))
            assert loop.time() >= moves * PERIOD_S * 0.999


class Punctual:
    """Notes how late everything is told, in seconds of our time."""

    def __init__(self, paper: PaperGateway) -> None:
        self._paper = paper
        self.late_s: list[float] = []

    def _told(self, of_ns: int) -> None:
        late_ns = self._paper.market_ns() - of_ns
        self.late_s.append(late_ns / 1e9 / self._paper.clock.speed)

    def on_exchange(self, event: ExchangeEvent) -> None: ...

    def on_event(self, event: MarketEvent) -> None:
        self._told(event_time_ns(event))

    def on_ticks(self, con_id: ConId, ticks: Sequence[Tick]) -> None: ...

    def bars_wanted(self) -> Sequence[WantedBar]:
        listed = self._paper.floor.market.instruments
        return [(one.contract.con_id, shown) for one in listed for shown in Shown]

    def on_bar(self, con_id: ConId, shown: Shown, bar: Bar) -> None:
        self._told(bar.at_ns + 5_000_000_000)

    def on_time(self, now_ns: int) -> None: ...

    def due_ns(self) -> int:
        return NEVER_NS


@pytest.mark.parametrize("speed", [0.1, 1.0, 30.0])
def test_nothing_is_told_later_than_a_period(speed: float) -> None:
    with World(3, Setting(sparse=None, pump_s=PERIOD_S)) as world:
        punctual = Punctual(world.gateway)
        world.gateway.set_speed(speed)
        world.gateway.floor.join(ClientId(99), punctual)
        world.run_for(20)
        assert punctual.late_s
        assert 0 <= max(punctual.late_s) <= PERIOD_S


def test_a_gateway_of_a_quiet_market_moves_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a quote or a bar comes, not a hundred times a second."""
    with World(3, Setting(pump_s=PERIOD_S)) as world:
        world.run_for(30)
        moves = counted(monkeypatch, world.gateway, "_pass_night")
        world.run_for(600)
        assert 600 / REST_MAX_S <= len(moves) <= 600, "a hundred a second would be 60,000"


def test_a_gateway_sleeps_at_night_though_its_client_asks_for_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with World(3, Setting(pump_s=PERIOD_S, start="21:00", days=2, skip_nights=False)) as world:
        world.run_for(30)
        moves = counted(monkeypatch, world.gateway, "_pass_night")
        world.run_for(600)
        assert 600 / REST_MAX_S <= len(moves) <= 4 * 600 / REST_MAX_S


def counted(
    monkeypatch: pytest.MonkeyPatch, paper: PaperGateway, name: str
) -> list[Callable[..., object]]:
    """Note every call of a method of *paper*."""
    calls: list[Callable[..., object]] = []
    method = getattr(paper, name)

    def noting() -> object:
        calls.append(method)
        return method()

    monkeypatch.setattr(paper, name, noting)
    return calls


def test_who_hears_of_time_says_when_it_is_due() -> None:
    """A desk without it would be left out silently."""
    for path in Path(session.__file__).parent.rglob("*.py"):
        for node in ast.walk(parsed(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                methods = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
                assert "on_time" not in methods or "due_ns" in methods, (path, node.name)


def test_a_command_meets_the_present() -> None:
    """What a person does while the gateway rests is not done in the past."""
    with World(3) as world:
        world.run_for(30)
        resting = [0.1, 0.7, 1.3, 2.9]
        for seconds in resting:
            world.run_for(seconds)
            now_ns = world.gateway.market_ns()
            world.do(read("notice 2110 later"))
            assert world.gateway.floor.now_ns == now_ns


def test_who_waits_for_a_moment_is_told_when_it_comes() -> None:
    with World(3, Setting(pump_s=PERIOD_S)) as world:
        world.run_for(30)
        goal_ns = world.gateway.market_ns() + 1_234_000_000
        began = world.loop.time()
        world.loop.run_until_complete(world.gateway.reached(goal_ns))
        assert world.loop.time() - began == pytest.approx(1.234, abs=PERIOD_S)


def test_pausing_a_gateway_that_rests_takes_nothing_back() -> None:
    """Rule 5 of ``server`` is about machines that are too slow, not about rest."""
    with World(3) as world:
        world.run_for(30)
        world.run_for(0.6)
        now_ns = world.gateway.market_ns()
        assert world.gateway.pause() == now_ns


def test_what_is_due_by_our_own_clock_ends_a_rest() -> None:
    with World(3, Setting(pump_s=PERIOD_S)) as world:
        world.run_for(30)
        done: list[float] = []
        at = world.loop.time() + 0.777
        world.gateway.wall_agenda.plan(int(at * 1e9), lambda: done.append(world.loop.time()))
        world.gateway.flush()
        world.run_for(1)
        assert done == [pytest.approx(at, abs=PERIOD_S)]
