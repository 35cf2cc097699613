"""The user's own strategies and scripts go through the bad days that ours do."""

from __future__ import annotations

import gc
import importlib
import subprocess
import sys
import threading
import time
from decimal import Decimal
from functools import partial
from pathlib import Path
from textwrap import dedent
from types import FrameType

import pytest

from ibelay.cli.main import main
from ibelay.errors import ConfigurationError
from ibelay.journal.records import IntentRecorded
from ibelay.testing.simulation import campaign
from ibelay.testing.simulation.bad_days import script
from ibelay.testing.simulation.bad_days.plan import Plan, read
from ibelay.testing.simulation.bad_days.profiles import HOUR_NS, PROFILES, draw
from ibelay.testing.simulation.campaign import moment_of
from ibelay.testing.simulation.observed import Appended, Asked, Observation
from ibelay.testing.simulation.programs.own import check, of_settings
from ibelay.testing.simulation.programs.standstill import _frames_of, _place, watched
from ibelay.testing.simulation.run import Outcome, run, setting_of
from ibelay.testing.simulation.setting import Kind, Subject
from ibelay.wire.requests import PlaceOrder, RequestRealTimeBars

EXAMPLES = Path(__file__).parents[2] / "examples"
SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
CONFIGURATION = 78
STRATEGY = """
    from decimal import Decimal
    import msgspec
    from ibelay.model.contract import Contract
    from ibelay.model.order import Action

    class State(msgspec.Struct):
        date: str
        bars: int = 0

    BOOTS = []

    class Mine:
        name, state_type = "mine", State
        def initial_state(self, date): return State(date)
        def carry_over(self, state, date): return State(date)
        def contracts(self, state): return (Contract(symbol="QQQ"),)
        def on_bar(self, state, desk, contract, bar):
            state.bars += 1
            if desk.units(contract) or desk.cannot_enter or state.bars % 3:
                return
            stop = (bar.close * Decimal("0.999")).quantize(Decimal("0.01"))
            desk.bracket(contract, Action.BUY, Decimal(7), stop_price=stop, target_price=None,
                         reason="test")
        def on_fill(self, state, desk, fill): pass
        def on_order(self, state, desk, update): pass
        def why_not_trading(self, state): return "waiting"

    class Wrong(Mine):
        def on_fill(self, state, desk, fill): raise KeyError("not thought of")

    def make():
        BOOTS.append(1)
        assert len(BOOTS) == 1, "a process that begins remembers nothing"
        return Mine()

    def wrong(): return Wrong()

    class Future(Mine):
        def contracts(self, state): return (Contract(symbol="ES", sec_type="FUT"),)

    def future(): return Future()

    def nothing(): return None
"""
SCRIPT = """
    import asyncio; from ib_async import Stock

    async def main(ib, host, port, client_id):
        while True:
            try:
                await ib.connectAsync(host, port, clientId=client_id, timeout=10)
                break
            except (OSError, TimeoutError):
                await asyncio.sleep(5)
        await asyncio.Event().wait()

    async def once(ib, host, port, client_id):
        await ib.connectAsync(host, port, clientId=client_id, timeout=10)
        raise LookupError("not thought of")

    async def ends(ib, host, port, client_id):
        await asyncio.sleep(30)

    async def leaves(ib, host, port, client_id):
        await asyncio.sleep(3)
        raise SystemExit(0)

    async def connects(ib, host, port, client_id):
        ib.connect(host, port, clientId=client_id)

    async def few(ib, host): pass

    def plain(ib, host, port, client_id): pass

    def too_late(): raise LookupError("thought of too late")

    async def later(ib, host, port, client_id):
        asyncio.get_running_loop().call_later(1, too_late)
        await asyncio.Event().wait()

    def wrong(*args): raise LookupError("not thought of either")

    async def hears(ib, host, port, client_id):
        await ib.connectAsync(host, port, clientId=client_id, timeout=10)
        bars = ib.reqRealTimeBars(Stock("QQQ", "SMART", "USD"), 5, "TRADES", False)
        bars.updateEvent += wrong
        await asyncio.Event().wait()

    async def sees(ib, host, port, client_id):
        await ib.connectAsync(host, port, clientId=client_id, timeout=10)
        (qqq,) = await ib.qualifyContractsAsync(Stock("QQQ", "SMART", "USD"))
        ib.reqMktData(qqq).updateEvent += wrong
        await asyncio.Event().wait()
"""


STUCK = """
    import threading, time
    from own_strategy import Mine

    class Waits(Mine):
        def on_bar(self, *args):
            while True: time.sleep(0.001)

    class Busy(Mine):
        def on_fill(self, *args):
            while True: pass

    def slow():
        while True: time.sleep(0.001)

    def waiting(): return Waits()
    def busy(): return Busy()
"""
ODD = """\
import msgspec, sys
from own_strategy import Mine
class OddError(Exception): pass
def mute(): raise OddError

class Begins(Mine):
    def initial_state(self, date):
        if date:
            raise msgspec.MsgspecError
        return super().initial_state(date)
class Wants(Mine):
    def contracts(self, state): return ({}["x"],)
begins, wants = Begins, Wants
class Leaves(Mine):
    def contracts(self, state): sys.exit(0)
leaves = Leaves
class Names(Mine):
    def contracts(self, state): return ("SPY",)
names = Names
class Hides(Mine):
    @property
    def state_type(self): raise KeyError("hidden")
hides = Hides
"""
BROKEN = {
    "own_broken": "import sys\n{}['x']\n",
    "own_ended": "import sys\nsys.exit(3)\n",
    "own_slip": "def make(: pass\n",
    "own_lack": "import no_such_lib\n",
    "own_asserts": "assert False, 'no'\n",
    "own_lazy": "def __getattr__(name):\n    raise KeyError(name)\n",
    "own_odd": ODD,
    "own_makes": "import sys\ndef make():\n    sys.exit(0)\n",
}
STUBBORN = """
    def go_on(over):
        while not over():
            try:
                while not over(): pass
            except BaseException: pass
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's, with a strategy and a script in it."""
    (tmp_path / "own_strategy.py").write_text(dedent(STRATEGY))
    (tmp_path / "own_script.py").write_text(dedent(SCRIPT))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_strategy", raising=False)
    monkeypatch.delitem(sys.modules, "own_script", raising=False)
    return tmp_path


def bracketed(seen: list[Observation]) -> set[tuple[str, Decimal]]:
    """Return symbols and quantities of all that was intended."""
    return {
        (record.contract.symbol, record.order.quantity)
        for one in seen
        if isinstance(one, Appended)
        for record in one.records
        if isinstance(record, IntentRecorded)
    }


def settings_of(here: Path, largest: int) -> Subject:
    """Return the bot of a ``bot.toml`` with that limit of an order."""
    text = f"""
    [bot]
    strategy = "own_strategy:make"
    account = "U1234567"
    max_quantity = {largest}
    [gateway]
    port = 1
    [heartbeat]
    interval_s = 3
    """
    (here / "bot.toml").write_text(dedent(text))
    return of_settings("bot.toml")


def played(own: str, *steps: str, kind: Kind = Kind.RUNTIME) -> tuple[Outcome, list[Observation]]:
    """Return what came of four minutes with *steps*, and all that was seen."""
    seen: list[Observation] = []
    plan = Plan(
        seed=3,
        profile="hostile",
        span_ns=4 * MINUTE_NS,
        steps=tuple(read(step) for step in steps),
        subject=Subject(kind=kind, own=own, symbols=("QQQ",)),
    )
    return run(plan, watch=seen.append), seen


def test_a_strategy_trades_what_it_wants_and_remembers_only_its_state() -> None:
    """Its module is imported anew for every process: it asserts that itself."""
    outcome, seen = played("own_strategy:make", "+61.000000s: kill", "+122.000000s: kill")
    assert outcome.breach is None
    assert bracketed(seen) == {("QQQ", Decimal(7))}


@pytest.mark.parametrize(("largest", "bought"), [(7, {("QQQ", Decimal(7))}), (6, set())])
def test_a_bot_goes_through_them_with_its_own_settings(
    here: Path, largest: int, bought: set[tuple[str, Decimal]]
) -> None:
    """Its limit holds, and its gateway and its account are not touched."""
    subject = settings_of(here, largest)
    assert subject.symbols == ("QQQ",)
    seen: list[Observation] = []
    steps = (read("+61.000000s: kill"),)
    plan = Plan(seed=3, profile="hostile", span_ns=3 * MINUTE_NS, steps=steps, subject=subject)
    assert run(plan, watch=seen.append).breach is None
    assert bracketed(seen) == bought
    config = setting_of(plan).bot
    assert config is not None
    assert config.session.heartbeat.interval_ns == 3 * SECOND_NS
    assert script.read(script.write(plan)) == plan


def test_what_a_file_watches_is_streamed_besides(here: Path) -> None:
    """As a bot does that is no simulated one; its market has it."""
    settings_of(here, 0)
    file = here / "bot.toml"
    file.write_text(file.read_text().replace("[gateway]", 'watch_list = ["IBM", "QQQ"]\n[gateway]'))
    subject = of_settings("bot.toml")
    assert subject.symbols == ("QQQ", "IBM")
    seen: list[Observation] = []
    plan = Plan(seed=3, profile="calm", span_ns=MINUTE_NS, steps=(), subject=subject)
    assert run(plan, watch=seen.append).breach is None
    asked = [one.request for one in seen if isinstance(one, Asked)]
    streamed = {one.contract.symbol for one in asked if isinstance(one, RequestRealTimeBars)}
    assert streamed == {"QQQ", "IBM"}
    with pytest.raises(ConfigurationError, match="wants IBM, of which this market has nothing"):
        of_settings("bot.toml", ["QQQ"])


def test_what_a_file_says_of_the_supervisor_holds_too(here: Path) -> None:
    subject = settings_of(here, 0)
    with (here / "bot.toml").open("a") as file:
        file.write("[supervisor]\ndelay_s = 20\n")
    plan = Plan(seed=1, profile="calm", span_ns=1, steps=(), subject=subject)
    assert setting_of(plan).restarts.delay_ns == 20 * SECOND_NS


@pytest.mark.parametrize("kind", list(Kind))
def test_ours_trades_what_the_market_has(kind: Kind) -> None:
    """A quiet bot would keep every promise."""
    traded: set[str] = set()

    def watch(one: Observation) -> None:
        if isinstance(one, Asked) and isinstance(one.request, PlaceOrder):
            traded.add(one.request.contract.symbol)

    subject = Subject(kind=kind, symbols=("AMD", "QQQ"))
    plan = Plan(seed=3, profile="calm", span_ns=10 * MINUTE_NS, steps=(), subject=subject)
    assert run(plan, watch=watch).breach is None
    assert traded == ({"AMD", "QQQ"} if kind is Kind.RUNTIME else {"AMD"})


def test_a_strategy_that_raises_is_a_failure_though_the_bot_survives_it() -> None:
    outcome, _seen = played("own_strategy:wrong")
    assert outcome.breach is not None
    assert outcome.breach.invariant == "RAISED"
    assert outcome.breach.sentence == (
        "the strategy raised KeyError('not thought of') in on_fill (own_strategy.py:30)"
    )


def test_a_script_comes_back_from_a_kill() -> None:
    outcome, _seen = played("own_script:main", "+61.000000s: kill", kind=Kind.DROP_IN)
    assert outcome.breach is None


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("own_script:once", "LookupError: not thought of (own_script.py:15)"),
        (
            "own_script:later",
            "a callback failed: LookupError: thought of too late (own_script.py:31)",
        ),
        ("own_script:hears", "LookupError: not thought of either (own_script.py:37)"),
        ("own_script:sees", "LookupError: not thought of either (own_script.py:37)"),
        ("own_script:ends", "ScriptEndedError: script 'own_script:ends' returned"),
        ("own_script:leaves", "ended itself by sys.exit(0) at own_script.py:22;"),
        ("own_script:connects", "until an answer comes at own_script.py:25, as ib.connect and"),
    ],
)
def test_a_script_that_ends_is_a_failure(own: str, said: str) -> None:
    outcome, _seen = played(own, kind=Kind.DROP_IN)
    assert outcome.breach is not None
    assert outcome.breach.invariant == "no crash"
    assert said in outcome.breach.sentence


@pytest.mark.parametrize(
    ("kind", "own", "said"),
    [
        (Kind.RUNTIME, "own_strategy:missing", "was not found"),
        (Kind.RUNTIME, "no_such:make", "was not found"),
        (Kind.RUNTIME, "own_strategy", "expected 'package.module:function'"),
        (Kind.RUNTIME, "own_strategy:nothing", "is no strategy: it has no name"),
        (Kind.RUNTIME, "own_strategy:BOOTS", "is list; expected a function"),
        (Kind.DROP_IN, "own_script:plain", "expected an 'async def'"),
        (Kind.DROP_IN, "own_script:few", "does not take 4 arguments"),
        (Kind.RUNTIME, "own_broken:make", "cannot be imported: KeyError.'x'. at .*own_broken.py:2"),
        (Kind.RUNTIME, "own_ended:make", "cannot be imported: SystemExit.3. at .*own_ended.py:2"),
        (Kind.RUNTIME, "own_slip:make", "cannot be imported: .*own_slip.py, line 1"),
        (Kind.RUNTIME, "own_lack:make", "cannot be imported: .*'no_such_lib'.* at .*own_lack.py:1"),
        (Kind.RUNTIME, "own_makes:make", "could not be made: SystemExit.0. at .*own_makes.py:3"),
        (Kind.RUNTIME, "own_asserts:make", "imported: AssertionError.'no'. at .*own_asserts.py:1"),
        (Kind.RUNTIME, "own_lazy:make", "cannot be imported: KeyError.'make'. at .*own_lazy.py:2"),
        (Kind.RUNTIME, "own_odd:mute", "could not be made: OddError.. at .*own_odd.py:4"),
        (
            Kind.RUNTIME,
            "own_odd:begins",
            "not say what it trades: MsgspecError.. at .*own_odd.py:9",
        ),
        (Kind.RUNTIME, "own_odd:wants", "not say what it trades: KeyError.'x'. at .*own_odd.py:12"),
        (
            Kind.RUNTIME,
            "own_odd:leaves",
            "not say what it trades: SystemExit.0. at .*own_odd.py:15",
        ),
        (Kind.RUNTIME, "own_odd:names", "wants .'SPY',.: expected ibelay.model.contract.Contract"),
        (Kind.RUNTIME, "own_odd:hides", "could not be made: KeyError.'hidden'. at .*own_odd.py:22"),
        (Kind.DROP_IN, "own_script:missing", "script 'own_script:missing' was not found"),
    ],
)
def test_what_is_neither_is_refused_before_the_first_run(kind: Kind, own: str, said: str) -> None:
    for module, text in BROKEN.items():
        Path(f"{module}.py").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        check(Subject(kind=kind, own=own))


def test_a_strategy_is_made_once_before_the_first_run(here: Path) -> None:
    """It may take its time: it reads files, or asks a service what is traded today."""
    (here / "counting.py").write_text(
        "from pathlib import Path\nfrom own_strategy import Mine\n\n\ndef make():\n"
        "    with Path('made').open('a') as file:\n        file.write('.')\n    return Mine()\n"
    )
    once = ["simulate", "--strategy", "counting:make", "--symbols", "SPY"]
    assert main(once) == CONFIGURATION
    assert (here / "made").read_text() == "."


@pytest.mark.parametrize(
    ("kind", "own"), [(Kind.RUNTIME, "own_strategy:nothing"), (Kind.DROP_IN, "own_script:plain")]
)
def test_what_cannot_be_made_leaves_no_world_behind(kind: Kind, own: str) -> None:
    """Virtual time would stand in the place of the system's for whatever comes next."""
    clock = time.time  # noqa: TID251  # whose it is, is what is asked
    with pytest.raises(ConfigurationError):
        played(own, kind=kind)
    assert gc.isenabled()
    assert time.time is clock  # noqa: TID251  # the same


def test_what_is_done_to_orders_is_done_to_all_that_is_traded() -> None:
    both = Subject(symbols=("SPY", "BRK B"))
    steps = draw(1, PROFILES["broker"], 4 * HOUR_NS, both).steps
    named = {str(step.command) for step in steps if step.command.word == "cancel"}
    assert any("SPY" in one for one in named)
    assert any("BRK B" in one for one in named)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--strategy", "own_strategy:make", "--script", "own_script:main"),
        ("--strategy", "own_strategy:make", "--bot", "dropin"),
        ("--strategy", "own_strategy:nothing"),
        ("--strategy", "own_strategy:make", "--symbols", "SPY"),
        ("--strategy", "own_strategy:future"),
        ("--config", "bot.toml", "--strategy", "own_strategy:make"),
        ("--config", "bot.toml", "--script", "own_script:main"),
        ("--config", "bot.toml", "--bot", "dropin"),
        ("--config", "none.toml"),
        ("--strategy", ""),
        ("--script", ""),
        ("--symbols", ""),
        ("--symbols", "SPY;QQQ"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--seeds", "1", "--hours", "0.02", *arguments]) == CONFIGURATION
    said = capsys.readouterr()
    assert said.out == ""
    assert "expected" in said.err or "is no strategy" in said.err


def simulated(*options: str) -> subprocess.CompletedProcess[str]:
    """Return what the command says at a terminal of the user's folder."""
    command = [str(Path(sys.executable).parent / "ibelay"), "simulate", "--hours", "0.1", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_failure_says_how_it_is_played_again() -> None:
    done = simulated("--strategy", "own_strategy:wrong", "--symbols", "QQQ", "--profile", "calm")
    assert "the strategy raised KeyError('not thought of') in on_fill" in done.stdout
    again = done.stdout.splitlines()[-1]
    assert again.startswith("again: ibelay simulate --replay ")
    assert again.endswith(" --profile calm --strategy own_strategy:wrong --symbols QQQ")
    assert (done.returncode, done.stderr) == (1, "")


def test_a_strategy_that_leaves_something_to_chance_is_told_so(here: Path) -> None:
    (here / "loose.py").write_text(
        "import random\nfrom own_strategy import Mine\n\n\n"
        "class Loose(Mine):\n"
        "    def on_bar(self, state, desk, contract, bar):\n"
        "        if random.random() < 0.5:\n"
        "            super().on_bar(state, desk, contract, bar)\n\n\n"
        "def make():\n    return Loose()\n"
    )
    done = simulated("--strategy", "loose:make", "--symbols", "QQQ", "--seeds", "1")
    assert "loose:make does not do the same when it is given the same" in done.stdout
    done = simulated("--strategy", "own_strategy:make", "--symbols", "QQQ", "--seeds", "1")
    assert "does not do the same" not in done.stdout


@pytest.mark.parametrize(
    ("subject", "profile"),
    [
        (Subject(own="my_strategy:make"), "hostile"),
        (Subject(own="my_strategy:make"), "broker"),
        (Subject(kind=Kind.DROP_IN, own="my_script:main"), "hostile"),
    ],
)
def test_the_examples_live_through_bad_days(
    subject: Subject, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    for seed in (1, 2, 3):
        assert run(draw(seed, PROFILES[profile], HOUR_NS // 2, subject)).breach is None


def test_code_that_does_not_get_on_is_ended_and_told_where(here: Path) -> None:
    """Once while it waits for what never comes, once while it is busy for ever."""
    (here / "stuck.py").write_text(dedent(STUCK))
    for name, line, function in (("waiting", 7, "on_bar"), ("busy", 11, "on_fill")):
        own = f"stuck:{name}"
        plan = Plan(
            seed=1,
            profile="calm",
            span_ns=4 * MINUTE_NS,
            steps=(),
            subject=Subject(own=own, symbols=("QQQ",)),
        )
        said: list[str] = []
        with watched(own, said.append, looks=3, every_s=0.05):
            breach = run(plan).breach
        assert breach is not None
        assert (breach.invariant, said) == ("RAISED", [])
        assert f"{own} keeps the simulation from going on: at each of the last 3" in str(breach)
        assert f"it was in {here / 'stuck.py'}:{line}, {function}." in str(breach)


def test_a_strategy_that_takes_too_long_to_be_made_is_a_sentence(here: Path) -> None:
    """What ends it is a kind of KeyboardInterrupt, and nobody has interrupted anything."""
    (here / "stuck.py").write_text(dedent(STUCK))
    with (
        pytest.raises(ConfigurationError, match=r"it was in .*stuck.py:14, slow\."),
        watched("stuck:slow", print, looks=3, every_s=0.05),
    ):
        played("stuck:slow")


def test_code_that_cannot_be_ended_is_told_where(here: Path) -> None:
    """It takes every exception for a reason to go on."""
    (here / "stubborn.py").write_text(dedent(STUBBORN))
    stubborn = importlib.import_module("stubborn")
    told, said = threading.Event(), []

    def say(sentence: str) -> None:
        said.append(sentence)
        told.set()

    with watched("stubborn:make", say, looks=3, every_s=0.02):
        stubborn.go_on(told.is_set)
    assert len(said) == 1
    assert "It cannot be interrupted there" in said[0]
    assert f"it was in {here / 'stubborn.py'}:" in said[0]


@pytest.mark.parametrize("call", ["on_bar", "on_fill", "contracts"])
def test_a_strategy_that_ends_its_process_is_a_failure(here: Path, call: str) -> None:
    """Not the end of the command, and with the code of a success at that."""
    (here / "ending.py").write_text(
        "import sys\nfrom own_strategy import Mine\n\n\nclass Ends(Mine):\n"
        f"    def {call}(self, *args):\n        sys.exit(0)\n\n\ndef make(): return Ends()\n"
    )
    outcome, _seen = played("ending:make")
    assert outcome.breach is not None
    assert outcome.breach.sentence == (f"the strategy raised SystemExit(0) in {call} (ending.py:7)")


def test_who_asks_for_a_run_is_not_taken_for_code_that_does_not_get_on(here: Path) -> None:
    """A test of the user's lies beside the strategy, and waits for the run as long as it lasts."""
    (here / "asking.py").write_text("def ask(run): return run()\n")
    asking = importlib.import_module("asking")
    importlib.import_module("own_strategy")
    thread = threading.get_ident()

    def seen(outside: list[FrameType]) -> str:
        return str(asking.ask(lambda: _place("own_strategy:make", thread, outside)))

    assert asking.ask(lambda: _place("own_strategy:make", thread, _frames_of(thread))) == ""
    assert seen(_frames_of(thread)) == f"{here / 'asking.py'}:1, ask"


def test_what_a_package_without_an_init_remembers_does_not_survive_a_kill(here: Path) -> None:
    (here / "own_bots").mkdir()
    (here / "own_strategy.py").rename(here / "own_bots" / "mine.py")
    outcome, seen = played("own_bots.mine:make", "+61.000000s: kill")
    assert outcome.breach is None
    assert bracketed(seen)


def test_a_failure_of_code_that_does_not_get_on_can_be_shrunk(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the runs that it takes is looked after as the first was."""
    (here / "stuck.py").write_text(dedent(STUCK))
    monkeypatch.setattr(campaign, "watched", partial(watched, looks=3, every_s=0.05))
    subject = Subject(own="stuck:busy", symbols=("QQQ",))
    plan = Plan(seed=1, profile="calm", span_ns=4 * MINUTE_NS, steps=(), subject=subject)
    assert moment_of("RAISED", plan) is not None


def test_a_program_of_the_users_that_simulates_is_not_forgotten_itself(here: Path) -> None:
    """It lies beside the strategy, and begins processes of its own afterwards."""
    (here / "go.py").write_text(
        "from ibelay.testing.simulation.campaign import campaign\n"
        "from ibelay.testing.simulation.setting import Kind, Subject\n"
        "if __name__ == '__main__':\n"
        "    mine = Subject(kind=Kind.RUNTIME, own='own_strategy:make', symbols=('QQQ',))\n"
        "    for jobs in (1, 2):\n"
        "        for ran in campaign([1, 2], 'hostile', 0.05, jobs=jobs, subject=mine):\n"
        "            print(ran.outcome.breach)\n"
    )
    done = subprocess.run(
        [sys.executable, "go.py"], capture_output=True, text=True, check=False, cwd=here
    )
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["None"] * 4, "")
