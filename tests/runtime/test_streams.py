"""Streams outlive links, farms, refusals and silence, and their bars come in order and once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from contextvars import Context
from decimal import Decimal

import pytest

from ibelay.errors import BrokerRefusedError, LinkError
from ibelay.journal.records import Severity
from ibelay.model.contract import Contract
from ibelay.model.events import BarSeen, NoticeSeen
from ibelay.model.ids import ConId
from ibelay.model.market import Bar
from ibelay.ports.broker import BrokerLink
from ibelay.runtime.streaming.streams import Streams
from ibelay.testing.virtual import Host, VirtualLoop
from ibelay.testing.virtual.clock import HostClock

SECOND = 1_000_000_000
BEGAN_S = 1_000_000  # of the market, when the loop's time is 0
MOMENT_S = 0.001
COMPETING = "No market data during competing live session"
NOT_SUBSCRIBED = "Requested market data is not subscribed."
CON_IDS = {"SPY": ConId(7), "QQQ": ConId(8)}
SPY = CON_IDS["SPY"]


class ScriptedLink:
    """The stream half of a link: notes what is asked for, answers from a script.

    Attributes:
        asked: What was asked for since it was last read.
        history: Answers to come: seconds at which bars begin, an error, or None for silence.
        unknown: Symbols that IB does not know.
        dead: Whether nothing can be written to it.
    """

    def __init__(self, first_id: int = 1) -> None:
        self.asked: list[str] = []
        self.history_to_come: list[Sequence[int] | Exception | None] = []
        self.unknown: set[str] = set()
        self.dead = False
        self._next_id = first_id

    async def resolve(self, contract: Contract) -> Contract:
        """Give every symbol its con id."""
        self._write(f"resolve {contract.symbol}")
        if contract.symbol in self.unknown:
            raise BrokerRefusedError("IB knows 0 contracts")
        return Contract(symbol=contract.symbol, con_id=CON_IDS[contract.symbol])

    async def history(self, contract: Contract, *, duration: str, bar_size: str) -> list[Bar]:
        """Answer from the script."""
        assert bar_size == "5 secs"
        self._write(f"history {contract.symbol} {duration}")
        answer = self.history_to_come.pop(0) if self.history_to_come else []
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return [bar(begin_s) for begin_s in answer or ()]

    def subscribe_quotes(self, contract: Contract) -> int:
        """Note it."""
        return self._subscribe(f"quotes {contract.symbol}")

    def subscribe_bars(self, contract: Contract) -> int:
        """Note it."""
        return self._subscribe(f"bars {contract.symbol}")

    def unsubscribe(self, request_id: int) -> None:
        """Note it."""
        self._write(f"stop {request_id}")

    def _subscribe(self, what: str) -> int:
        number, self._next_id = self._next_id, self._next_id + 1
        self._write(f"{what} as {number}")
        return number

    def _write(self, text: str) -> None:
        if self.dead:
            raise LinkError("the line is dead")
        self.asked.append(text)


def bar(begin_s: int) -> Bar:
    """Return the bar that begins *begin_s* after the market's beginning."""
    price = Decimal(begin_s)
    at_ns = (BEGAN_S + begin_s) * SECOND
    return Bar(at_ns=at_ns, open=price, high=price, low=price, close=price, volume=Decimal(1))


class Room:
    """Streams on a virtual loop, and what they say and are told."""

    def __init__(self, loop: VirtualLoop, context: Context | None = None) -> None:
        self.loop = loop
        self.link = ScriptedLink()
        self.bars: list[int] = []
        self.notes: list[tuple[str, str]] = []
        self.streams = Streams(
            HostClock(loop, BEGAN_S * SECOND),
            market_ns=lambda: BEGAN_S * SECOND + loop.now_ns(),
            deliver=self._deliver,
            note=lambda text, severity: self.notes.append((severity, text)),
        )
        self._worker = loop.create_task(self.streams.run(), context=context)

    def _deliver(self, contract: Contract, bars: Sequence[Bar]) -> None:
        if contract.symbol == "SPY":
            self.bars += [one.at_ns // SECOND - BEGAN_S for one in bars]

    def connect(self, link: ScriptedLink, *, last_s: int | None = None) -> None:
        """Restore the streams on *link* and let it be READY."""
        self.link = link
        last = {} if last_s is None else {"SPY": (BEGAN_S + last_s) * SECOND}
        restored = self.loop.create_task(self.streams.restore(as_link(link), last_bars=last))
        self.run(0)
        assert restored.done(), restored
        restored.result()
        self.streams.attend(as_link(link))

    def run(self, seconds: float) -> None:
        """Let time go by; of a moment everything that follows from it."""
        self.loop.run_for(seconds or MOMENT_S)

    def flow(self, seconds: int, *, quotes: bool = True) -> None:
        """Let time go by with a bar, and maybe a quote, every 5 s, of SPY."""
        for _ in range(0, seconds, 5):
            self.run(5)
            self.bar()
            if quotes:
                self.streams.quoted(SPY)

    def bar(self) -> None:
        """Let the bar that has just closed be heard."""
        now_s = round(self.loop.time())
        self.streams.take(BarSeen(con_id=SPY, bar=bar(now_s - now_s % 5 - 5)))

    def say(self, code: int, text: str = "", about: int = -1) -> None:
        """Let IB say something."""
        self.streams.notice(NoticeSeen(request_id=about, code=code, text=text))

    def asked(self) -> list[str]:
        """Return what was asked for since the last call."""
        said, self.link.asked = self.link.asked, []
        return said

    def end(self) -> None:
        """End the worker."""
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            self.loop.run_until_complete(self._worker)

    def close(self) -> None:
        """End the worker and the loop."""
        self.end()
        self.loop.close()


@pytest.fixture
def room() -> Iterator[Room]:
    """Return a room without streams."""
    room = Room(VirtualLoop())
    with closing(room):
        yield room


@pytest.fixture
def spy(room: Room) -> Room:
    """Return a room in which SPY flows for 20 s, with quotes as request 1 and bars as 2."""
    room.streams.want([Contract(symbol="SPY")])
    room.connect(ScriptedLink())
    room.flow(20)
    assert room.asked() == ["resolve SPY", "quotes SPY as 1", "bars SPY as 2"]
    assert room.bars == [0, 5, 10, 15]
    return room


def as_link(link: ScriptedLink) -> BrokerLink:
    """Pass the stream half for the whole."""
    return link  # type: ignore[return-value]  # streams use no other half


def test_a_contract_that_is_resolved_already_gets_its_live_bars(room: Room) -> None:
    """After a restart a strategy names the contract of its open trade, con id and all."""
    room.streams.want([Contract(symbol="SPY", con_id=SPY)])
    room.connect(ScriptedLink())
    room.flow(5)
    assert room.bars == [0]
    assert room.asked() == ["quotes SPY as 1", "bars SPY as 2"]


def test_missed_bars_come_before_live_ones_and_none_twice(room: Room) -> None:
    """Live bars wait while history is fetched; the growing bar is left to the live stream."""
    room.streams.want([Contract(symbol="SPY")])
    room.run(117)
    link = ScriptedLink()
    link.history_to_come = [None, [100, 105, 110, 115, 120, 125, 130]]
    room.connect(link, last_s=100)
    room.flow(10)
    assert room.bars == [], "live bars are held back"
    room.run(5.5)
    assert room.asked()[-2:] == ["history SPY 37 S", "history SPY 72 S"]
    assert room.bars == [105, 110, 115, 120, 125]
    room.bar()
    room.flow(5)
    assert room.bars == [105, 110, 115, 120, 125, 130]


def test_every_link_gets_fresh_requests_and_1101_cancels_the_old_ones(spy: Room) -> None:
    again = ScriptedLink(first_id=3)
    spy.connect(again)
    assert spy.asked() == ["quotes SPY as 3", "bars SPY as 4"]
    spy.connect(again)
    assert spy.asked() == ["stop 3", "quotes SPY as 5", "stop 4", "bars SPY as 6"]


def test_a_stream_that_flows_is_left_alone(spy: Room) -> None:
    spy.flow(3600)
    assert spy.asked() == []
    assert len(spy.bars) == 724
    assert spy.notes == []


def test_a_stream_that_dies_silently_is_asked_for_under_a_new_id(spy: Room) -> None:
    """F12: nothing is said, nothing comes."""
    spy.link.history_to_come = [range(10, 60, 5)]
    spy.run(35)
    assert spy.asked() == ["stop 2", "bars SPY as 3", "stop 1", "quotes SPY as 4"]
    assert spy.notes == [("info", "SPY bars, SPY quotes: silent for 30 s; asked for again")]
    spy.run(5)
    spy.bar()
    spy.run(0)
    assert spy.asked() == ["history SPY 65 S"]
    assert spy.bars == list(range(0, 60, 5))


def test_a_closed_market_costs_two_requests_in_five_minutes(spy: Room) -> None:
    spy.run(3600)
    spy.asked()
    spy.run(3600)
    asked = [one for one in spy.asked() if not one.startswith("stop")]
    assert len(asked) == 24
    assert len(spy.notes) == 1, "and is told once"


def test_quotes_that_do_not_change_are_no_sign_of_death_while_bars_come(spy: Room) -> None:
    spy.flow(299, quotes=False)
    assert spy.asked() == []
    spy.flow(10, quotes=False)
    assert spy.asked() == ["stop 1", "quotes SPY as 3"]


def test_no_time_runs_while_the_link_is_not_ready(spy: Room) -> None:
    spy.streams.attend(None)
    spy.run(600)
    assert spy.asked() == []
    spy.streams.attend(as_link(spy.link))
    spy.run(29)
    assert spy.asked() == []
    spy.run(2)
    assert spy.asked() == ["stop 2", "bars SPY as 3", "stop 1", "quotes SPY as 4"]


def test_a_refused_stream_is_asked_for_again_and_the_others_are_not(room: Room) -> None:
    """F15, F32."""
    room.streams.want([Contract(symbol="SPY"), Contract(symbol="QQQ")])
    room.connect(ScriptedLink())
    room.asked()
    room.say(10197, COMPETING, about=4)
    room.run(4.9)
    assert room.asked() == []
    room.run(0.2)
    assert room.asked() == ["stop 4", "bars QQQ as 5"]
    room.say(322, "Duplicate ticker id", about=5)
    room.run(9.9)
    assert room.asked() == []
    room.run(0.2)
    assert room.asked() == ["stop 5", "bars QQQ as 6"]
    assert room.notes == [
        (
            "info",
            f"QQQ bars: refused (10197 {COMPETING}); asked for again in 5 s",
        )
    ]


def test_a_refusal_of_a_request_that_was_given_up_is_ignored(spy: Room) -> None:
    spy.run(31)
    assert spy.asked() == ["stop 2", "bars SPY as 3", "stop 1", "quotes SPY as 4"]
    spy.say(300, "Can't find EId with tickerId:2", about=2)
    spy.say(10197, COMPETING, about=2)
    spy.run(15)
    assert spy.asked() == []


def test_what_does_not_flow_says_why_until_it_flows(spy: Room) -> None:
    """As the status page shows it."""
    spy.link.history_to_come = [None, range(0, 60, 5)]
    stream = spy.streams.by_symbol["SPY"]
    assert stream.problem == ""
    spy.say(10197, COMPETING, about=1)
    assert stream.problem == f"quotes refused: 10197 {COMPETING}"
    spy.run(6)
    assert stream.problem == f"quotes asked for again: 10197 {COMPETING}"
    spy.streams.quoted(SPY)
    spy.run(26)
    assert stream.problem == "bars asked for again: silent for 30 s"
    spy.run(8)
    spy.bar()
    spy.run(0)
    assert stream.problem == "missed bars are being fetched"
    spy.run(20)
    assert stream.problem == ""


def test_what_flows_again_by_itself_is_not_asked_for(spy: Room) -> None:
    spy.run(3)
    spy.say(10197, COMPETING, about=2)
    spy.run(2)
    spy.bar()
    spy.flow(60)
    assert spy.asked() == []
    assert [text for _severity, text in spy.notes][-1] == "SPY bars: flowing again"


def test_many_refusals_at_once_are_one_line(room: Room) -> None:
    room.streams.want([Contract(symbol="SPY"), Contract(symbol="QQQ")])
    room.connect(ScriptedLink())
    for number in (1, 2, 3, 4, 1, 2, 3, 4):
        room.say(10197, "competing", about=number)
    room.run(0)
    names = "SPY quotes, SPY bars, QQQ quotes, QQQ bars"
    expected = f"{names}: refused (10197 competing); asked for again in 5 s"
    assert room.notes == [("info", expected)]


def test_a_missing_permission_is_told_once_as_a_warning_and_tried_seldom(spy: Room) -> None:
    spy.say(354, NOT_SUBSCRIBED, about=1)
    asked = []
    for _ in range(8):
        spy.flow(450, quotes=False)
        asked += spy.asked()
        quotes = [one for one in asked if one.startswith("quotes")]
        if quotes:
            number = int(quotes[-1].split()[-1])
            spy.say(354, NOT_SUBSCRIBED, about=number)
    assert [one for one in asked if one.startswith("quotes")] != []
    assert len(asked) <= 2 * 4
    warnings = [text for severity, text in spy.notes if severity == Severity.WARNING]
    text = f"refused until somebody acts (354 {NOT_SUBSCRIBED}); asked for again every 900 s"
    assert warnings == [f"SPY quotes: {text}"]


def test_a_farm_that_is_back_asks_for_what_it_killed(spy: Room) -> None:
    """F14: a blip of three seconds killed the bars for eight hours."""
    spy.say(2103, "Market data farm connection is broken:usfarm")
    spy.run(3)
    spy.say(2104, "Market data farm connection is OK:usfarm")
    spy.run(7.1)
    assert spy.asked() == ["stop 2", "bars SPY as 3", "stop 1", "quotes SPY as 4"]


def test_a_farm_that_is_back_leaves_alone_what_flows(spy: Room) -> None:
    """F13, and after it the bars that the farm swallowed are fetched."""
    spy.link.history_to_come = [[10, 15, 20, 25]]
    spy.say(2103, "Market data farm connection is broken:usfarm")
    spy.run(6)
    spy.say(2104, "Market data farm connection is OK:usfarm")
    spy.run(4)
    spy.bar()
    spy.streams.quoted(SPY)
    spy.flow(20)
    assert [one.split()[0] for one in spy.asked()] == ["history"]
    assert spy.bars == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]


def test_a_farm_that_was_never_broken_asks_for_nothing(spy: Room) -> None:
    """Every logon and every 1102 says that all farms are OK."""
    spy.say(2103, "Market data farm connection is broken:eufarm")
    spy.say(2104, "Market data farm connection is OK:usfarm")
    spy.run(10)
    assert spy.asked() == []


def test_a_farm_for_history_that_is_back_lets_history_be_asked_for_at_once(spy: Room) -> None:
    refusal = BrokerRefusedError("HMDS data farm is away")
    spy.link.history_to_come = [refusal, refusal, refusal, range(0, 40, 5)]
    spy.say(2105, "HMDS data farm connection is broken:ushmds")
    spy.run(10)
    spy.flow(20)
    spy.run(1)
    assert spy.bars == [0, 5, 10, 15]
    asked = len(spy.asked())
    spy.say(2106, "HMDS data farm connection is OK:ushmds")
    spy.run(0)
    assert len(spy.asked()) == 1 <= asked
    assert spy.bars[:7] == [0, 5, 10, 15, 20, 25, 30]


def test_history_that_does_not_come_is_asked_for_again(spy: Room) -> None:
    """F46: the first answer is lost."""
    spy.link.history_to_come = [None, range(0, 45, 5)]
    spy.run(10)
    spy.flow(5)
    assert spy.bars == [0, 5, 10, 15]
    spy.run(10.1)
    assert [text for _severity, text in spy.notes] == [
        "SPY: missed bars did not come (no answer within 10 s); trying again"
    ]
    spy.run(5)
    assert [one.split()[0] for one in spy.asked()] == ["history", "history"]
    assert spy.bars == list(range(0, 45, 5))


def test_live_bars_are_held_for_five_minutes_and_then_the_gap_is_told(spy: Room) -> None:
    spy.link.history_to_come = [None] * 20
    spy.run(10)
    spy.flow(295)
    assert spy.bars == [0, 5, 10, 15]
    spy.flow(15)
    assert spy.bars[:5] == [0, 5, 10, 15, 30]
    assert spy.bars == sorted(set(spy.bars))
    warnings = [text for severity, text in spy.notes if severity == Severity.WARNING]
    assert len(warnings) == 1
    assert "from 1970-01-12T13:47:00.000Z to 1970-01-12T13:47:10.000Z could not" in warnings[0]


def test_what_did_not_come_is_let_go_when_its_day_is_over(spy: Room) -> None:
    """Midnight in New York comes 54,800 s after the market's beginning here."""
    spy.link.history_to_come = [None] * 200
    spy.streams.attend(None)
    spy.run(60)
    spy.connect(spy.link)
    spy.run(54_000)
    assert 100 < sum(one.startswith("history") for one in spy.asked()) < 200
    spy.run(1500)
    spy.asked()
    spy.run(3600)
    assert not any(one.startswith("history") for one in spy.asked())
    warnings = [text for severity, text in spy.notes if severity == Severity.WARNING]
    assert warnings == [
        "SPY: the bars after 1970-01-12T13:46:55.000Z did not come before their day was over"
    ]


def test_history_keeps_to_the_limit_of_sixty_requests_in_ten_minutes(spy: Room) -> None:
    spy.link.history_to_come = [BrokerRefusedError("pacing violation")] * 500
    for _ in range(100):
        spy.say(2103, "Market data farm connection is broken:usfarm")
        spy.run(10)
        spy.link.history_to_come[0] = range(10_000, 10_000, 5)
        spy.flow(5)
    assert sum(one.startswith("history") for one in spy.asked()) <= 3 * 60


def test_a_contract_that_ib_does_not_know_is_asked_for_again(room: Room) -> None:
    """And does not keep the others from flowing."""
    room.streams.want([Contract(symbol="QQQ"), Contract(symbol="SPY")])
    link = ScriptedLink()
    link.unknown = {"QQQ"}
    room.connect(link)
    assert room.asked() == ["resolve QQQ", "resolve SPY", "quotes SPY as 1", "bars SPY as 2"]
    link.unknown = set()
    room.run(5.1)
    assert room.asked() == ["resolve QQQ", "bars QQQ as 3", "quotes QQQ as 4"]


def test_a_symbol_that_is_added_is_asked_for_at_once_and_one_that_is_dropped_no_more(
    spy: Room,
) -> None:
    spy.streams.want([Contract(symbol="QQQ")])
    spy.run(0)
    assert spy.asked() == ["resolve QQQ", "bars QQQ as 3", "quotes QQQ as 4"]
    spy.streams.drop("SPY", as_link(spy.link))
    assert spy.asked() == ["stop 1", "stop 2"]
    spy.say(10197, "competing", about=2)
    spy.bar()
    spy.run(20)
    assert spy.asked() == []
    assert spy.bars == [0, 5, 10, 15]


def test_a_dead_link_is_left_alone_until_there_is_another(spy: Room) -> None:
    spy.link.dead = True
    spy.run(600)
    again = ScriptedLink(first_id=50)
    spy.connect(again)
    assert spy.asked() == ["quotes SPY as 50", "bars SPY as 51"]


def test_a_loop_that_stood_still_does_not_take_its_own_silence_for_a_streams(room: Room) -> None:
    """What arrived meanwhile is read only after the timer that fell due has run."""
    host = Host("bot")
    stalling = Room(room.loop, host.context())
    stalling.streams.want([Contract(symbol="SPY")])
    stalling.connect(ScriptedLink())
    stalling.flow(20)
    stalling.asked()
    room.loop.stall(host, 40)
    stalling.run(40.5)
    assert stalling.asked() == []
    stalling.flow(30)
    assert not any(one.startswith("bars") for one in stalling.asked())
    stalling.end()


def test_a_symbol_is_dropped_from_a_dead_link_too(spy: Room) -> None:
    spy.link.dead = True
    spy.streams.drop("SPY", as_link(spy.link))
    assert spy.streams.by_symbol == {}


def test_what_twenty_five_symbols_need_leaves_room_for_orders_in_every_second(room: Room) -> None:
    symbols = [f"S{number}" for number in range(25)]
    CON_IDS.update({symbol: ConId(100 + n) for n, symbol in enumerate(symbols)})
    room.streams.want([Contract(symbol=symbol) for symbol in symbols])
    restoring = room.loop.create_task(
        room.streams.restore(as_link(room.link), last_bars=dict.fromkeys(symbols, BEGAN_S * SECOND))
    )
    counts = list[int]()
    while not restoring.done() or counts[-1]:
        room.run(1)
        if restoring.done():
            room.streams.attend(as_link(room.link))
        counts.append(len(room.asked()))
    assert sum(counts) >= 25 * 3
    assert max(counts) <= 41
