"""Recordings: what really passes between a bot and the paper gateway, told to a judge.

Both run in virtual time, so that the bad half-hour takes seconds and is the same in every run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field

from ibelay.control.scenario import At
from ibelay.model.faults import Command, Performer
from ibelay.model.faults.performers import PERFORMERS
from ibelay.proxy.conversation.conversation import TO_CLIENT, TO_GATEWAY
from ibelay.proxy.drill.facts import Who
from ibelay.proxy.drill.judge import Judge
from ibelay.proxy.drill.report import Report
from ibelay.proxy.drill.script.half_hour import half_hour
from ibelay.proxy.drill.witness import Witness
from ibelay.testing.simulation.world import BOT, World
from ibelay.testing.virtual import Host
from ibelay.testing.virtual.stream import End
from ibelay.wire.framing import FrameDecoder

VERSION = 178
MAX_FRAME = 16 << 20
_AT_ONCE_NS = 20_000_000


@dataclass
class _Tapped:
    """One connection of the bot."""

    line: int
    out: FrameDecoder = field(default_factory=lambda: FrameDecoder(MAX_FRAME))
    into: FrameDecoder = field(default_factory=lambda: FrameDecoder(MAX_FRAME))
    greeted: bool = False
    frames_out: int = 0
    frames_in: int = 0


class Recording:
    """Looks on in a world, and lets things go wrong there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.judge = Judge()
        self._witness = Witness(self.judge)
        self._tapped: dict[End, _Tapped] = {}
        self._lines = 0
        self._broke_ns = -_AT_ONCE_NS
        world.network.on_write.append(self._wrote)
        world.network.on_read.append(self._read)

    def play(self, minutes: float, *, without: Iterable[type[Command]] = ()) -> Report:
        """Play the bad half-hour as far as a gateway can, and return what the judge says."""
        left_out = tuple(without)
        for step in half_hour().steps:
            assert isinstance(step.when, At)
            for command in step.do:
                able = Performer.GATEWAY in PERFORMERS[type(command)]
                if able and not isinstance(command, left_out):
                    self.world.loop.call_at(step.when.ns / 1e9, self._break, command)
        self._look()
        self.world.run_for(minutes * 60)
        return self.judge.report(self.world.loop.now_ns())

    def _break(self, command: Command) -> None:
        self._look_once()
        self._broke_ns = self.world.loop.now_ns()
        self.world.do(command)
        self._witness.done(self._broke_ns, command)

    def _look(self) -> None:
        self._look_once()
        self.world.loop.call_later(0.01, self._look)

    def _look_once(self) -> None:
        now_ns = self.world.loop.now_ns()
        self._witness.finish(now_ns)
        for end in [end for end in self._tapped if end.is_closing()]:
            by = Who.FAULT if now_ns - self._broke_ns < _AT_ONCE_NS else Who.CLIENT
            self._witness.closed(now_ns, self._tapped.pop(end).line, by)

    def _tap(self, end: End) -> _Tapped:
        if end not in self._tapped:
            self._look_once()
            self._lines += 1
            self._tapped[end] = _Tapped(self._lines)
            self._witness.opened(self.world.loop.now_ns(), self._lines)
        return self._tapped[end]

    def _wrote(self, end: End, data: bytes) -> None:
        if end.local[0] != BOT:
            return
        tap, now_ns = self._tap(end), self.world.loop.now_ns()
        tap.out.feed(data)
        tap.greeted = tap.greeted or tap.out.take_prefix(b"API\0")
        for payload in tap.out.frames() if tap.greeted else ():
            tap.frames_out += 1
            if tap.frames_out > 1:
                self._witness.message(now_ns, tap.line, TO_GATEWAY, payload, VERSION, passed=True)

    def _read(self, end: End, data: bytes) -> None:
        if end.local[0] != BOT:
            return
        tap, now_ns = self._tap(end), self.world.loop.now_ns()
        tap.into.feed(data)
        for payload in tap.into.frames():
            tap.frames_in += 1
            if tap.frames_in > 1:
                self._witness.message(now_ns, tap.line, TO_CLIENT, payload, VERSION, passed=True)


def of_ibelay(seed: int, minutes: float, *, without: Iterable[type[Command]] = ()) -> Report:
    """Return what the judge says of ibelay's bot."""
    with World(seed) as world:
        return Recording(world).play(minutes, without=without)


def of_script(
    script: Callable[[], Coroutine[None, None, None]], seed: int, minutes: float
) -> Report:
    """Return what the judge says of a script that connects to ``gateway`` by itself."""
    with World(seed) as world:
        world.process.kill()
        world.process.call_off()
        recording = Recording(world)
        asyncio.set_event_loop(world.loop)
        host = Host(BOT)
        world.network.power_up(BOT)
        task = world.loop.create_task(script(), context=host.context())
        try:
            return recording.play(minutes)
        finally:
            task.cancel()
            asyncio.set_event_loop(None)
