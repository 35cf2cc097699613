"""A Hypothesis state machine over one world: it chooses what goes wrong, and shrinks it.

Rules are the faults of the vocabulary, done at once or when something happens next, and time
that passes. After each rule every invariant is asked; in the end everything is put right and
the bot has its time to come back. What breaks is reduced by Hypothesis to the rules that matter.

It needs Hypothesis, which the extra ``ibelay[simulate]`` brings:

    class TestBot(SimulationMachine.TestCase):
        settings = settings(max_examples=200, stateful_step_count=12)
"""

from __future__ import annotations

from ibelay.errors import ConfigurationError

try:
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
except ImportError as error:  # pragma: no cover  # the tests have it
    raise ConfigurationError(
        "the state machine of simulations needs Hypothesis: install ibelay[simulate]"
    ) from error

from ibelay.model.faults import read
from ibelay.testing.simulation.bad_days.plan import Event, Plan, Step
from ibelay.testing.simulation.bad_days.profiles import PROFILES
from ibelay.testing.simulation.run import LIVENESS_S, LOOK_AT_LAST_S, Stage
from ibelay.testing.simulation.world import World

PROFILE = "broker"
_SPANS = st.sampled_from(["1s", "5s", "20s", "60s"])
_ABOUT_ORDERS = ("openOrder", "orderStatus", "execDetails", "commissionReport")
_ENDS = ("openOrderEnd", "execDetailsEnd", "positionEnd", "completedOrdersEnd")
_COMMANDS = st.one_of(
    st.sampled_from(
        ["rst", "fin", "kill", "power-cut", "lose-ack", "swallow-orders count=3", "cancel SPY"]
    ),
    st.sampled_from(["reject-next 201 count=3", "partial SPY 20", "correct SPY quantity=15"]),
    st.builds("{} {}".format, st.sampled_from(["unplug", "stall", "reset", "dialog"]), _SPANS),
    st.builds("freeze span={}".format, _SPANS),
    st.builds("restart {} roll-back=3".format, _SPANS),
    st.builds("drop {}".format, st.sampled_from([*_ABOUT_ORDERS, *_ENDS])),
    st.builds("delay {} {} count=1".format, st.sampled_from(_ABOUT_ORDERS), _SPANS),
)
_AFTERS_NS = st.sampled_from([0, 100_000, 500_000, 2_000_000])


class SimulationMachine(RuleBasedStateMachine):
    """One world, of which Hypothesis decides what befalls it.

    Attributes:
        stage: The world and all that is around it; None before it opens and after its end.
    """

    def __init__(self) -> None:
        super().__init__()
        self._world: World | None = None
        self.stage: Stage | None = None

    @initialize(seed=st.integers(0, 3))
    def boot(self, seed: int) -> None:
        """Open a world; few seeds, so that what matters is what goes wrong."""
        plan = Plan(seed=seed, profile=PROFILE, span_ns=0, steps=())
        world = World(seed, PROFILES[PROFILE].setting)
        self.stage = Stage(plan, world)
        world.watchers.append(self.stage.see)
        self._world = world.__enter__()

    @rule(text=_COMMANDS)
    def goes_wrong(self, text: str) -> None:
        """Do it now, if it can be done as things stand."""
        self._add(Step(at_ns=self._now_ns(), command=read(text)))

    @rule(text=_COMMANDS, event=st.sampled_from(Event), after_ns=_AFTERS_NS)
    def goes_wrong_when(self, text: str, event: Event, after_ns: int) -> None:
        """Do it when *event* comes next."""
        command = read(text)
        self._add(Step(at_ns=self._now_ns(), command=command, on=event, after_ns=after_ns))

    @rule(seconds=st.sampled_from([1.0, 5.0, 15.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        """Let the bot trade."""
        self._playing().play(seconds, LOOK_AT_LAST_S)

    @invariant()
    def nothing_is_broken(self) -> None:
        """Ask every invariant."""
        if self.stage is not None and self.stage.breach is not None:
            raise AssertionError(str(self.stage.breach))

    def teardown(self) -> None:
        """Put everything right; the bot has its time to come back."""
        if self._world is None or self.stage is None:
            return
        try:
            if self.stage.breach is None:
                self.stage.conductor.stop()
                self._world.calm()
                self.stage.play(LIVENESS_S, LOOK_AT_LAST_S)
                self._world.over()
                self.nothing_is_broken()
        finally:
            self._world.__exit__(None, None, None)
            self._world = self.stage = None

    def _add(self, step: Step) -> None:
        self._playing().conductor.add(step)

    def _now_ns(self) -> int:
        return self._playing().world.loop.now_ns()

    def _playing(self) -> Stage:
        if self.stage is None:
            raise RuntimeError("the world is not open: boot comes first")
        return self.stage
