"""Recordings: bots that live through the bad half-hour at a real chaos proxy, in virtual time.

The bot, the proxy and the paper gateway are the real ones; so is what passes between them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from ibelay.control.scenario import At
from ibelay.proxy.drill.judge import Judge
from ibelay.proxy.drill.report import Report
from ibelay.proxy.drill.script.half_hour import MINUTES, half_hour
from ibelay.proxy.drill.witness import Witness
from ibelay.testing.simulation.setting import Setting
from ibelay.testing.simulation.world import BOT, World
from ibelay.testing.virtual import Host

MINUTE_S = 60


class Recording:
    """Looks on at the proxy of a world, and plays the half-hour there."""

    def __init__(self, world: World) -> None:
        assert world.proxy is not None
        self.world = world
        self._judge = Judge()
        self._witness = Witness(self._judge)
        world.proxy.observers.append(self._witness)

    def play(self) -> Report:
        """Play the half-hour, and return what the judge says."""
        for step in half_hour().steps:
            assert isinstance(step.when, At)
            for command in step.do:
                self.world.loop.call_at(step.when.ns / 1e9, self.world._at_proxy, command)
        self.world.run_for(MINUTES * MINUTE_S)
        now_ns = self.world.loop.now_ns()
        self._witness.finish(now_ns)
        return self._judge.report(now_ns)


def of_ibelay(seed: int) -> Report:
    """Return what the judge says of ibelay's bot."""
    world = World(seed, Setting(proxied=True))
    recording = Recording(world)
    with world:
        return recording.play()


def of_script(script: Callable[[], Coroutine[None, None, None]], seed: int) -> Report:
    """Return what the judge says of a script that connects to the proxy by itself."""
    world = World(seed, Setting(proxied=True))
    recording = Recording(world)
    with world:
        world.process.kill()
        world.process.call_off()
        asyncio.set_event_loop(world.loop)
        world.network.power_up(BOT)
        task = world.loop.create_task(script(), context=Host(BOT).context())
        try:
            return recording.play()
        finally:
            task.cancel()
            asyncio.set_event_loop(None)
