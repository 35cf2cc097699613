"""One run: a plan in a world under watch, then peace, and what came of it.

Rules:
1. Invariants are asked after every observation; the run ends at the first that is broken.
2. After the plan everything is put right, and the system has a time to come back in: then the
   books are compared, and whatever is still open is a breach (I14).
3. A bot that crashes by itself, or a callback that lets something escape, is a breach too;
   so is one that keeps the clock from moving.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from ibelay.errors import ConfigurationError
from ibelay.testing.simulation.bad_days.conductor import Conductor
from ibelay.testing.simulation.bad_days.plan import Plan
from ibelay.testing.simulation.bad_days.profiles import PROFILES
from ibelay.testing.simulation.invariants.breach import Bounds, Breach
from ibelay.testing.simulation.invariants.watch import Watch
from ibelay.testing.simulation.observed import Asked, Observation
from ibelay.testing.simulation.process import sentence
from ibelay.testing.simulation.programs.own import owned
from ibelay.testing.simulation.programs.standstill import StandstillError
from ibelay.testing.simulation.setting import CLIENT_ID, Kind, Setting
from ibelay.testing.simulation.situations import Situation, Situations
from ibelay.testing.simulation.timeline import line
from ibelay.testing.simulation.world import World
from ibelay.testing.virtual import StuckError
from ibelay.wire.requests import PlaceOrder

LOOK_EVERY_S = 300.0
LOOK_AT_LAST_S = 20.0
LIVENESS_S = 260.0
SQLITE_EVERY = 10
DENSE_EVERY = 20
CRASH = "no crash"
HEADWAY = "headway"
_SLICE_S = 20.0
_REMEMBERED = 4_000
_SHOWN_NS = 180_000_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        plan: What went wrong.
        breach: The first invariant that did not hold, or None.
        seconds: Virtual seconds.
        digest: Hash of all that went over the network.
        timeline: The last minutes, a line each; empty if all is well.
        done: How many commands were done.
        orders: How many orders and changes of orders the bot handed to its socket.
        situations: What they met, and how often.
    """

    plan: Plan
    breach: Breach | None
    seconds: float
    digest: str
    timeline: tuple[str, ...]
    done: int
    orders: int
    situations: tuple[tuple[Situation, int], ...]


class Stage:
    """Everything around the world of one run."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan = plan
        self.world = world
        bounds = Bounds(exposure=world.setting.exposure)
        self.watch = Watch(
            bot=world.setting.bot_name,
            client_id=CLIENT_ID,
            bounds=bounds,
            drop_in=world.setting.kind is Kind.DROP_IN,
        )
        self.recent: deque[Observation] = deque(maxlen=_REMEMBERED)
        self.done = self.orders = 0
        self.stuck: Breach | None = None
        self.situations = Situations()
        self.conductor = Conductor(
            plan,
            call_at=world.loop.call_at,
            now_ns=world.loop.now_ns,
            do=self._do,
        )

    @property
    def breach(self) -> Breach | None:
        """The first thing that is wrong."""
        if self.watch.first is not None:
            return self.watch.first
        if self.stuck is not None:
            return self.stuck
        now = self.world.loop.now_ns()
        if self.world.process.crashes:
            error = self.world.process.crashes[0]
            return Breach(CRASH, now, f"the bot's process ended by itself: {sentence(error)}")
        if self.world.loop.failures:
            failed = self.world.loop.failures[0]
            raised = failed.get("exception")
            what = failed["message"] if raised is None else sentence(raised)
            return Breach(CRASH, now, f"a callback failed: {what}")
        return None

    def see(self, seen: Observation) -> None:
        """Take an observation to all who want it."""
        self.recent.append(seen)
        if isinstance(seen, Asked):
            self.orders += isinstance(seen.request, PlaceOrder)
        self.situations.see(seen)
        self.watch.see(seen)
        self.conductor.see(seen)

    def play(self, seconds: float, look_every_s: float) -> bool:
        """Let time go by, looking at the books now and then; return whether all is well."""
        until = self.world.loop.time() + seconds
        look = self.world.loop.time() + look_every_s
        while self.world.loop.time() < until:
            try:
                self.world.loop.run_to(min(until, self.world.loop.time() + _SLICE_S))
            except StuckError as error:
                self.stuck = Breach(HEADWAY, self.world.loop.now_ns(), str(error))
            except StandstillError as error:
                self.stuck = Breach(HEADWAY, self.world.loop.now_ns(), error.sentence)
            except SystemExit as error:
                ended = f"the bot's process ended by itself, by sys.exit({error.code!r})"
                self.stuck = Breach(CRASH, self.world.loop.now_ns(), ended)
            if self.stuck is not None:
                return False
            if self.world.loop.time() >= look:
                look += look_every_s
                self.world.settled(faulty=self.world.faulty)
            if self.breach is not None:
                return False
        return True

    def _do(self, command: object) -> None:
        self.world.do(command)  # type: ignore[arg-type]  # a plan's are commands
        self.done += 1


def setting_of(plan: Plan) -> Setting:
    """Return where *plan* is played.

    Every tenth seed writes to the store of production, every twentieth trades on the gateway's
    own synthetic market with its several quotes and prints a second.
    """
    subject = plan.subject
    setting = PROFILES[plan.profile].setting_of(plan.seed, plan.span_ns)
    if subject.own:
        setting = owned(setting, subject)
    else:
        strategy = partial(setting.strategy, subject.symbols)
        script = partial(setting.script, symbol=subject.symbols[0])
        setting = replace(setting, strategy=strategy, script=script)
    dense = plan.seed % DENSE_EVERY == DENSE_EVERY // 2 - 1
    return replace(
        setting,
        kind=subject.kind,
        symbols=subject.symbols,
        sqlite=plan.seed % SQLITE_EVERY == 0,
        sparse=None if dense else setting.sparse,
    )


def run(
    plan: Plan,
    setting: Setting | None = None,
    *,
    watch: Callable[[Observation], None] | None = None,
) -> Outcome:
    """Play *plan* and return what came of it.

    Args:
        plan: What goes wrong, and the seed of everything else.
        setting: Where; the profile's, if left out.
        watch: Sees everything as well.

    Raises:
        ConfigurationError: The user's code cannot be made, or does not get on with being made.
    """
    setting = setting or setting_of(plan)
    world = World(plan.seed, setting)
    stage = Stage(plan, world)
    world.watchers.append(stage.see)
    if watch is not None:
        world.watchers.append(watch)
    try:
        with world:
            return _played(stage, world)
    except StandstillError as error:  # the first process did not even begin
        raise ConfigurationError(error.sentence) from error


def _played(stage: Stage, world: World) -> Outcome:
    """Return what comes of a plan in the world that was begun for it."""
    plan = stage.plan
    well = stage.play(plan.span_ns / 1e9, LOOK_EVERY_S)
    if well:
        stage.conductor.stop()
        world.calm()
        well = stage.play(LIVENESS_S, LOOK_AT_LAST_S)
    if well:
        world.over()
    breach = stage.breach
    return Outcome(
        plan=plan,
        breach=breach,
        seconds=world.loop.time(),
        digest=world.digest,
        timeline=() if breach is None else _last(stage.recent, breach),
        done=stage.done,
        orders=stage.orders,
        situations=tuple(sorted(stage.situations.met.items())),
    )


def _last(recent: deque[Observation], breach: Breach) -> tuple[str, ...]:
    lines = (line(seen) for seen in recent if seen.at_ns >= breach.at_ns - _SHOWN_NS)
    return tuple(one for one in lines if one)
