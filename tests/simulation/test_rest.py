"""What a bot at rest costs: it wakes for what is due, and for nothing else."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from ibelay.machines.link_events import LinkState
from ibelay.model.contract import Contract
from ibelay.model.market import Bar
from ibelay.runtime.alarm import Alarm
from ibelay.runtime.strategy import Desk, Fill, OrderUpdate
from ibelay.testing.simulation.setting import Setting
from ibelay.testing.simulation.world import World

MINUTES = 10
SYMBOLS = ("SPY", "QQQ", "AAPL")


class NoState(msgspec.Struct):
    """Nothing to remember."""


class Idle:
    """Looks at nothing and does nothing."""

    name = "idle"
    state_type = NoState

    def initial_state(self, session_date: str) -> NoState:
        return NoState()

    def carry_over(self, state: NoState, session_date: str) -> NoState:
        return state

    def contracts(self, state: NoState) -> tuple[Contract, ...]:
        return ()

    def on_bar(self, state: NoState, desk: Desk, contract: Contract, bar: Bar) -> None: ...

    def on_fill(self, state: NoState, desk: Desk, fill: Fill) -> None: ...

    def on_order(self, state: NoState, desk: Desk, update: OrderUpdate) -> None: ...

    def why_not_trading(self, state: NoState) -> str:
        return "it never does"


class Watching(Idle):
    """Looks at some contracts and does nothing."""

    def contracts(self, state: NoState) -> tuple[Contract, ...]:
        return tuple(Contract(symbol=symbol) for symbol in SYMBOLS)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> Counter[Alarm]:
    """Count how often each alarm let its sleeper go."""
    counted: Counter[Alarm] = Counter()
    wait = Alarm.wait

    async def counting(alarm: Alarm, seconds: float | None) -> None:
        await wait(alarm, seconds)
        counted[alarm] += 1

    monkeypatch.setattr(Alarm, "wait", counting)
    return counted


def test_a_ready_bot_wakes_for_its_heartbeat_only(woken: Counter[Alarm]) -> None:
    """Twice a beat: to ask, and to take the answer."""
    with World(1, Setting(strategy=Idle)) as world:
        world.run_for(120)  # until nothing is left of the time before it was READY
        bot = world.process.bot
        assert bot is not None
        assert bot.session.value.state is LinkState.READY
        woken.clear()
        world.run_for(MINUTES * 60)
        beats = MINUTES * 60 / 5
        assert bot.session.value.state is LinkState.READY
        assert beats <= woken[bot.session.pulse._look] <= 2 * beats + 2
        assert woken[bot.trader.duties] == 0
        assert woken[bot.streams._alarm] == 0


def test_streams_that_flow_are_looked_after_twice_a_minute_however_many(
    woken: Counter[Alarm],
) -> None:
    """One timer stands for all of them, and what was heard puts it off."""
    with World(1, Setting(strategy=Watching, symbols=SYMBOLS)) as world:
        world.run_for(120)
        bot = world.process.bot
        assert bot is not None
        woken.clear()
        world.run_for(MINUTES * 60)
        assert {stream.problem for stream in bot.streams.by_symbol.values()} == {""}
        assert len(bot.streams.by_symbol) == len(SYMBOLS)
        assert 0 < woken[bot.streams._alarm] <= MINUTES * 60 / 25 + 1


def test_a_bot_that_waits_for_its_gateway_is_not_woken_to_look_at_a_link_it_has_not(
    woken: Counter[Alarm],
) -> None:
    with World(1, Setting(strategy=Idle)) as world:
        world.run_for(30)
        world.unplug(86_400)
        world.run_for(120)
        bot = world.process.bot
        assert bot is not None
        assert bot.session.link is None
        woken.clear()
        world.run_for(MINUTES * 60)
        assert woken[bot.session.pulse._look] == 0
