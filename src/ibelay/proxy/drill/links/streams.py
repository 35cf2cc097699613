"""Data that was asked for once and goes on coming: what was lost, and asked for again.

Rules:
1. A stream is known by what it is of, never by its request id: ids change with a connection.
2. A stream is *owed* when its connection is lost, when IB says that data was lost (1101), or
   when it had been flowing and a farm or IB's servers came back. It is paid by asking again, or
   by its next tick.
3. What is owed too long after the gateway can be reached again is lost, and found once.
4. A stream asked for twice on one connection is one too many unless there was a reason between.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ibelay.model.ids import ClientId
from ibelay.model.notices import NoticeClass, classify
from ibelay.proxy.drill.facts import Asked, Closed, Fact, Told
from ibelay.proxy.drill.findings import Docket, Finding, Heading
from ibelay.proxy.drill.links.lines import Line
from ibelay.proxy.drill.thresholds import SECOND_NS, Thresholds
from ibelay.proxy.drill.trading.instruments import Instruments
from ibelay.wire import requests as ask
from ibelay.wire.answers import NextIdTold, NoticeTold, TickTold
from ibelay.wire.requests.data import CancelMarketDepth, RequestMarketDepth

MAX_STREAMS = 2_000
FLOWING_NS = 60 * SECOND_NS
DATA_LOST, DATA_KEPT = 1101, 1102
FARMS_BACK = frozenset({2104, 2106})
_REFUSED = frozenset({NoticeClass.DATA, NoticeClass.BAD_REQUEST, NoticeClass.REJECT})
_CANCELS = (
    ask.CancelMarketData,
    ask.CancelRealTimeBars,
    ask.CancelTickByTick,
    ask.CancelHistoricalData,
    CancelMarketDepth,
)
Key = tuple[ClientId | None, str]


@dataclass(slots=True)
class Stream:
    """One subscription on one connection."""

    key: Key
    since_ns: int
    ticked_ns: int | None = None
    disturbed: bool = False


@dataclass(slots=True)
class Owed:
    """A stream that has to come back; *due_ns* is None while nobody could bring it back."""

    since_ns: int
    why: str
    due_ns: int | None


class Streams:
    """Watches subscriptions."""

    def __init__(self, thresholds: Thresholds, instruments: Instruments, docket: Docket) -> None:
        self._limit = thresholds
        self._instruments = instruments
        self._docket = docket
        self._live: dict[tuple[int, int], Stream] = {}
        self.owed: dict[Key, Owed] = {}
        self.asked = 0
        self.restored = 0
        self.lost = 0
        self.lost_of: Counter[ClientId | None] = Counter()
        self.doubled = 0

    def owed_by(self, client_id: ClientId | None) -> list[str]:
        """Return what a client has not asked for again."""
        return [what for (owner, what) in self.owed if owner == client_id]

    def see(self, fact: Fact, line: Line | None) -> None:
        """Take in *fact*."""
        if line is None:
            return
        match fact:
            case Asked(request=request):
                what = self._subscription(request)
                if what is not None:
                    self._asked(fact, line, what)
                elif isinstance(request, _CANCELS):
                    self._live.pop((line.number, request.request_id), None)
            case Told(answer=TickTold(request_id=request_id), passed=True):
                self._ticked(line, request_id, fact.at_ns)
            case Told(answer=NoticeTold() as notice, passed=True):
                self._noticed(fact.at_ns, line, notice)
            case Told(answer=NextIdTold(), passed=True):
                self._due(line.client_id, fact.at_ns + self._limit.recover_ns)
            case Closed():
                self._closed(line, fact.at_ns)
            case _:
                pass

    def tick(self, now_ns: int) -> None:
        """Find what is overdue at *now_ns*."""
        late = [key for key, one in self.owed.items() if one.due_ns and one.due_ns < now_ns]
        for key in late:
            owed = self.owed.pop(key)
            self.lost += 1
            if len(self.lost_of) >= MAX_STREAMS:
                del self.lost_of[next(iter(self.lost_of))]
            self.lost_of[key[0]] += 1
            what = f"{key[1]} was not asked for again since {owed.why}"
            why = "the bot trades on prices that stand still"
            cure = "after every loss ask again, on fresh ids, for all that was subscribed"
            self._docket.find(Finding(now_ns, Heading.STREAMS, what, why, cure))

    def adopt(self, old: ClientId, new: ClientId) -> None:
        """Let a client that came back under another id owe what it owed before."""
        for key in [key for key in self.owed if key[0] == old]:
            self.owed.setdefault((new, key[1]), self.owed.pop(key))
        self.lost_of[new] += self.lost_of.pop(old, 0)

    def _asked(self, fact: Asked, line: Line, what: str) -> None:
        assert not isinstance(fact.request, ask.Refusal)  # noqa: S101  # for the type alone
        key = (line.client_id, what)
        self.asked += 1
        if self.owed.pop(key, None) is not None:
            self.restored += 1
            self._disturb(line, key)
        twins = [
            one
            for (number, _id), one in self._live.items()
            if number == line.number and one.key == key and not one.disturbed
        ]
        if twins:
            self._doubled(fact.at_ns, what)
        if len(self._live) >= MAX_STREAMS:
            del self._live[next(iter(self._live))]
        request_id: int = getattr(fact.request, "request_id", -1)
        self._live[line.number, request_id] = Stream(key, fact.at_ns)

    def _doubled(self, at_ns: int, what: str) -> None:
        self.doubled += 1
        finding = Finding(
            at_ns,
            Heading.STREAMS,
            f"{what} was asked for while it was subscribed already",
            "a line of market data is used up, and every tick is counted twice",
            "cancel the old request first, or keep it",
            grave=False,
        )
        self._docket.find(finding)

    def _disturb(self, line: Line, key: Key) -> None:
        for (number, _id), one in self._live.items():
            if number == line.number and one.key == key:
                one.disturbed = True

    def _ticked(self, line: Line, request_id: int, now_ns: int) -> None:
        stream = self._live.get((line.number, request_id))
        if stream is not None:
            stream.ticked_ns = now_ns
            self.owed.pop(stream.key, None)

    def _noticed(self, now_ns: int, line: Line, notice: NoticeTold) -> None:
        if notice.code == DATA_LOST:
            self._owe(line, now_ns, "IB said that data was lost (1101)", flowing_only=False)
        elif notice.code == DATA_KEPT or notice.code in FARMS_BACK:
            self._owe(line, now_ns, f"code {notice.code}, and stood still", flowing_only=True)
        elif notice.about > 0 and classify(notice.code, notice.text) in _REFUSED:
            self._live.pop((line.number, notice.about), None)

    def _closed(self, line: Line, now_ns: int) -> None:
        for place in [place for place in self._live if place[0] == line.number]:
            stream = self._live.pop(place)
            if len(self.owed) < MAX_STREAMS:
                self.owed[stream.key] = Owed(now_ns, "its connection was lost", None)
                self._docket.try_out(Heading.STREAMS)

    def _owe(self, line: Line, now_ns: int, why: str, *, flowing_only: bool) -> None:
        due = now_ns + self._limit.recover_ns
        for (number, _id), stream in self._live.items():
            if number != line.number or len(self.owed) >= MAX_STREAMS:
                continue
            last = stream.ticked_ns
            if flowing_only and (
                last is None or now_ns - last > FLOWING_NS + self._limit.recover_ns
            ):
                continue
            if last is not None and now_ns - last < SECOND_NS and flowing_only:
                continue  # it flows
            stream.disturbed = True
            self.owed.setdefault(stream.key, Owed(now_ns, why, due))
            self._docket.try_out(Heading.STREAMS)

    def _due(self, client_id: ClientId | None, due_ns: int) -> None:
        for (owner, _what), owed in self.owed.items():
            if owner == client_id and owed.due_ns is None:
                owed.due_ns = due_ns

    def _subscription(self, request: object) -> str | None:
        """Return what *request* subscribes to, as people say it; None if it is no subscription."""
        match request:
            case ask.RequestMarketData(snapshot=False, contract=contract):
                return f"market data of {self._instruments.name(contract)}"
            case ask.RequestRealTimeBars(contract=contract, what_to_show=shown):
                return f"real-time bars ({shown}) of {self._instruments.name(contract)}"
            case ask.RequestTickByTick(contract=contract, kind=kind):
                return f"ticks ({kind}) of {self._instruments.name(contract)}"
            case RequestMarketDepth(contract=contract):
                return f"market depth of {self._instruments.name(contract)}"
            case ask.RequestHistoricalData(contract=contract, keep_up_to_date=True) as bars:
                name = self._instruments.name(contract)
                return f"bars ({bars.bar_size}, {bars.what_to_show}) of {name} kept up to date"
            case _:
                return None
