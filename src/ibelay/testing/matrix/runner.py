"""The runner: one fault, one actor, one seed, in virtual time; and what came of it.

Rules:
1. What the gateway can do is done by it, and by the chaos proxy what only that can.
2. The market runs at the speed of our clock and no night is left out, so that a moment of the
   scenario is the same moment for everybody.
3. A command that could not be done makes the run worthless, and is told as such.
4. The invariants of DESIGN section 5 are asked of ibelay's own bot in every scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, Self

from ibelay.control.agenda import NEVER_NS, Agenda
from ibelay.control.agenda import Act as Due
from ibelay.control.player import Place, Player
from ibelay.errors import ConfigurationError
from ibelay.gateway.control.ears import Ears
from ibelay.model.faults import Command
from ibelay.testing.matrix.actors.bot import BotActor
from ibelay.testing.matrix.actors.others import ScriptActor
from ibelay.testing.matrix.evidence import Diary, Evidence
from ibelay.testing.matrix.fault import Fault
from ibelay.testing.matrix.figures.troubles import troubles
from ibelay.testing.matrix.judgement import Judgement, judge
from ibelay.testing.matrix.plan import Act, Reconnect
from ibelay.testing.matrix.plan import Watch as WatchList
from ibelay.testing.simulation.invariants.watch import Watch
from ibelay.testing.simulation.observed import Broke, Calmed, Observation, Truth
from ibelay.testing.simulation.setting import BOT_NAME, CLIENT_ID
from ibelay.testing.simulation.world import World

LOOK_EVERY_S = 15.0


class Actor(Protocol):
    """Who goes through a scenario."""

    diary: Diary

    def world(self, seed: int) -> World:
        """Return the world it lives in, not yet begun."""
        ...

    def __enter__(self) -> Self:
        """Prepare what it needs beside a world."""
        ...

    def __exit__(self, *error: object) -> None:
        """Leave nothing behind."""
        ...

    def begin(self) -> None:
        """Begin, in a world that has begun."""
        ...

    def do(self, command: Command) -> str:
        """Let something go wrong; raise ``ConfigurationError`` if it cannot be done."""
        ...

    def obey(self, act: Act) -> None:
        """Do what a person does, from outside."""
        ...

    def close(self) -> None:
        """Write down in the diary what it believes."""
        ...


ACTORS: dict[str, Callable[[Fault], Actor]] = {
    "ibelay": BotActor,
    "dropin": partial(ScriptActor, name="dropin"),
    "ib_async": partial(ScriptActor, name="ib_async"),
    "watchdog": partial(ScriptActor, name="watchdog"),
}


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run.

    Attributes:
        judgement: Figures and findings.
        breach: The first invariant that did not hold, in words; empty if all did.
        undone: Commands that could not be done.
        evidence: Everything that was observed.
    """

    judgement: Judgement
    breach: str
    undone: tuple[str, ...]
    evidence: Evidence


class _Clockwork(Agenda):
    """An agenda that is run by a virtual loop's own timers."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._loop = world.loop

    def plan(self, at_ns: int, act: Due, name: str = "") -> None:
        """Plan, and wake up for it."""
        super().plan(at_ns, act, name)
        self._loop.call_at(max(self._loop.time(), at_ns / 1e9), self._run)

    def _run(self) -> None:
        self.run(self._loop.now_ns() + 1)  # a float's last digit is no reason to be late


class _Stage:
    """Everything around the world of one run."""

    def __init__(self, fault: Fault, world: World, actor: Actor) -> None:
        self._actor = actor
        self.seen: list[Observation] = []
        self.undone: list[str] = []
        self.watch = Watch(bot=BOT_NAME, client_id=CLIENT_ID)
        self.agenda = _Clockwork(world)
        self._world = world
        self._calmed = False
        world.watchers.append(self.see)
        place = Place(
            agenda=self.agenda,
            now_ns=world.loop.now_ns,
            do=self._do,
            new_york_ns=world.gateway.market_ns,
        )
        self._ears = Ears([Player(fault.scenario, place)])

    def see(self, seen: Observation) -> None:
        """Remember, watch, and let the scenario hear."""
        self.seen.append(seen)
        self.watch.see(seen)
        if isinstance(seen, Truth):
            self._ears.hear([seen.event])

    def play(self, seconds: float) -> None:
        """Let time go by, and look at the books now and then."""
        while (now := self._world.loop.time()) < seconds:
            self._world.loop.run_to(min(seconds, now + LOOK_EVERY_S))
            calm = self._is_calm()
            if calm and not self._calmed:
                self.see(Calmed(self._world.loop.now_ns()))
            self._calmed = calm
            self._world.settled(faulty=not calm)

    def _is_calm(self) -> bool:
        now = self._world.loop.now_ns()
        broke = [one for one in self.seen if isinstance(one, Broke)]
        return self.agenda.next_ns == NEVER_NS and all(
            one.end_ns <= now for one in troubles(broke, NEVER_NS)
        )

    def _do(self, command: Command) -> str:
        try:
            return self._actor.do(command)
        except ConfigurationError as error:
            self.undone.append(str(error))
            raise


def run(fault: Fault, actor: str = "ibelay", seed: int | None = None) -> Result:
    """Run *fault* with one actor and return what came of it.

    Args:
        fault: What is to go wrong.
        actor: One of ``ACTORS``.
        seed: Of everything left to chance; the file's, if left out.
    """
    player = ACTORS[actor](fault)
    world = player.world(fault.setting.seed if seed is None else seed)
    began = world.gateway.floor.now_ns
    stage = _Stage(fault, world, player)
    with player, world:
        player.begin()
        for planned in fault.plan:
            if isinstance(planned.act, WatchList | Reconnect):
                stage.agenda.plan(planned.at_ns, _obeying(player, planned.act), "person")
        stage.play(fault.setting.lasts_ns / 1e9)
        player.close()
        breach = stage.watch.first if actor == "ibelay" else None
    evidence = Evidence(
        observations=tuple(stage.seen),
        diary=player.diary,
        client_id=CLIENT_ID,
        symbols=fault.setting.symbols,
        began_market_ns=began,
        ended_ns=fault.setting.lasts_ns,
    )
    return Result(judge(fault.expect, evidence), str(breach or ""), tuple(stage.undone), evidence)


def _obeying(actor: Actor, act: Act) -> Callable[[], None]:
    return lambda: actor.obey(act)
