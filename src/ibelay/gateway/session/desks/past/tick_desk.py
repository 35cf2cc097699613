"""The history desk for ticks: ticks of the past, first moments, histograms.

Rules:
1. Of start and end exactly one is given; ticks are counted from the start on, or back from
   the end, at most 1,000, and never split a second at the far end, as at IB.
2. A histogram counts shares by price over its period; over more than three sessions at the
   average prices of half hours.
3. What an instrument has no bars of it has no ticks of (``limits``); at most a week is looked
   through for ticks (``nearest``).

**Source**: IB "Historical Time & Sales", "Histogram Data" and "Head Timestamp" pages.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from itertools import islice, takewhile

from ibelay.errors import WireError
from ibelay.gateway.market.api import Instrument, Market, MarketEvent, Print, QuoteChange
from ibelay.gateway.session import hours
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.contracts import find_one
from ibelay.gateway.session.desks.past.bars import bars
from ibelay.gateway.session.desks.past.limits import HMDS, too_much, untold
from ibelay.gateway.session.desks.past.nearest import FARTHEST_NS, earlier, later
from ibelay.gateway.session.desks.past.stretch import (
    DAY_S,
    Sessions,
    Stretch,
    What,
    duration_start,
    what_to_show,
)
from ibelay.wire.encode import history as say
from ibelay.wire.requests import history as ask
from ibelay.wire.times import SECOND_NS, parse_moment, utc_moment

MAX_TICKS = 1000
_EPOCH_SECONDS = 2
_HALF_HOUR_S = 1_800
_EXACT_SESSIONS = 3
_TRADED_AS = {"CRYPTO": What.AGGTRADES}
_TICK_KINDS = frozenset({"TRADES", "BID_ASK", "MIDPOINT"})
_PERIOD = re.compile(
    r"(\d{1,4}) ?(second|minute|hour|day|week|month|year|[SDWMY])s?", re.IGNORECASE
)
_LETTER = {"day": "D", "week": "W", "month": "M", "year": "Y"}
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


class PastTicksDesk:
    """Serves what a client asks about ticks of the past."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._floor = client.floor
        self._voice = client.voice

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestHistoricalTicks: self._ticks,
            ask.RequestHeadTimestamp: self._head_timestamp,
            ask.CancelHeadTimestamp: self._nothing_to_cancel,
            ask.RequestHistogram: self._histogram,
            ask.CancelHistogram: self._nothing_to_cancel,
        }

    def _nothing_to_cancel(self, request: ask.CancelHeadTimestamp | ask.CancelHistogram) -> None:
        text = f"No historical data query found for ticker id:{request.request_id}"
        self._voice.refuse(request.request_id, 366, text)

    def _ticks(self, request: ask.RequestHistoricalTicks) -> None:
        number = request.request_id
        found = find_one(self._client, number, request.contract)
        if found is None:
            return
        try:
            events = self._found(request, found)
        except WireError as error:
            self._refuse(number, str(error))
            return
        kind = request.what_to_show.upper()
        if kind == "TRADES":
            venue = found.contract.primary_exchange or found.contract.exchange
            prints = [event for event in events if isinstance(event, Print)]
            self._voice.say(say.historical_ticks_last(number, prints_of(prints), venue))
            return
        quotes = [event.quote for event in events if isinstance(event, QuoteChange)]
        tell = say.historical_ticks_bid_ask if kind == "BID_ASK" else say.historical_ticks
        self._voice.say(tell(number, quotes))

    def _found(self, request: ask.RequestHistoricalTicks, one: Instrument) -> list[MarketEvent]:
        kind, count = request.what_to_show.upper(), request.count
        if kind not in _TICK_KINDS:
            raise WireError(f"whatToShow {kind[:20]!r}: expected TRADES, BID_ASK or MIDPOINT")
        if bool(request.start) == bool(request.end):
            raise WireError("expected either a start or an end time, not both and not neither")
        as_bars = _TRADED_AS.get(one.contract.sec_type, What.TRADES)
        refusal = untold(one, as_bars if kind == "TRADES" else What(kind))
        if refusal is not None:
            raise WireError(refusal.text.removeprefix(HMDS))
        if not 1 <= count <= MAX_TICKS:
            raise WireError(f"{count} ticks: expected 1 to {MAX_TICKS}")
        market, now_ns = self._floor.market, self._floor.now_ns
        end = min(now_ns, parse_moment(request.end) if request.end else now_ns)
        con_id = one.contract.con_id
        begin = parse_moment(request.start) if request.start else end
        kept: type = Print if kind == "TRADES" else QuoteChange
        sessions = market.sessions(con_id, begin - FARTHEST_NS, min(end, begin + FARTHEST_NS))

        def wanted(event: MarketEvent) -> bool:
            return isinstance(event, kept) and (
                not request.regular_hours or hours.regular(sessions, at_of(event))
            )

        if request.start:
            return _first(filter(wanted, later(market, con_id, begin, end)), count)
        return _last(earlier(market, con_id, end, count, wanted), count)

    def _head_timestamp(self, request: ask.RequestHeadTimestamp) -> None:
        number = request.request_id
        found = find_one(self._client, number, request.contract)
        if found is None:
            return
        try:
            refusal = untold(found, what_to_show(request.what_to_show))
        except WireError as error:
            self._refuse(number, str(error))
            return
        if refusal is not None:
            self._voice.refuse(number, refusal.code, refusal.text)
            return
        market, con_id = self._floor.market, found.contract.con_id
        first_ns = market.history_ns(con_id)
        sessions = market.sessions(con_id, first_ns, first_ns + 7 * DAY_S * SECOND_NS)
        begins = [one.open_ns if request.regular_hours else one.begin_ns for one in sessions]
        at_ns = max(first_ns, begins[0]) if begins else first_ns
        epoch = request.format_date == _EPOCH_SECONDS
        text = str(at_ns // SECOND_NS) if epoch else utc_moment(at_ns)
        self._voice.say(say.head_timestamp(number, text))

    def _histogram(self, request: ask.RequestHistogram) -> None:
        number, market, now_ns = request.request_id, self._floor.market, self._floor.now_ns
        found = find_one(self._client, number, request.contract)
        if found is None:
            return
        try:
            begun = partial(market.sessions, found.contract.con_id)
            asked = Stretch(
                start_ns=_period_start(request.period, now_ns, begun),
                end_ns=now_ns,
                size_s=_HALF_HOUR_S,
                what=What.TRADES,
                regular_hours=request.regular_hours,
            )
        except WireError as error:
            self._refuse(number, str(error))
            return
        traded_as = _TRADED_AS.get(found.contract.sec_type, What.TRADES)
        refusal = untold(found, traded_as) or too_much(market, found, asked)
        if refusal is not None:
            self._voice.refuse(number, refusal.code, refusal.text)
            return
        self._voice.say(say.histogram(number, sorted(shares_at(market, found, asked).items())))

    def _refuse(self, request_id: int, text: str) -> None:
        self._voice.refuse(request_id, 162, f"{HMDS}{text}")


def shares_at(market: Market, one: Instrument, asked: Stretch) -> dict[Decimal, Decimal]:
    """Return what was traded at each price; over many days at the averages of half hours."""
    con_id = one.contract.con_id
    sessions = market.sessions(con_id, asked.start_ns, asked.end_ns)
    if len(sessions) > _EXACT_SESSIONS:
        rows = [(bar.at_ns, bar.wap, bar.volume) for bar in bars(market, one, asked)]
    else:
        events = market.events_of(con_id, asked.start_ns, asked.end_ns)
        rows = prints_of(event for event in events if isinstance(event, Print))
    found: dict[Decimal, Decimal] = {}
    for at_ns, price, size in rows:
        if not asked.regular_hours or hours.regular(sessions, at_ns):
            found[price] = found.get(price, Decimal(0)) + size
    return found


def at_of(event: MarketEvent) -> int:
    """Return when *event* happened."""
    return event.at_ns if isinstance(event, Print) else event.quote.at_ns


def prints_of(prints: Iterable[Print]) -> list[tuple[int, Decimal, Decimal]]:
    """Return (time in ns, price, size) of *prints*."""
    return [(event.at_ns, event.price, event.size) for event in prints]


def _first(events: Iterable[MarketEvent], count: int) -> list[MarketEvent]:
    """Return the first *count* events, and what shares the second of the last of them."""
    line = iter(events)
    found = list(islice(line, count))
    if found:
        second = at_of(found[-1]) // SECOND_NS
        found += takewhile(lambda event: at_of(event) // SECOND_NS == second, line)
    return found


def _last(events: Iterable[MarketEvent], count: int) -> list[MarketEvent]:
    """Return the last *count* events, and what shares the second of the first of them."""
    found: deque[MarketEvent] = deque()
    for event in events:
        found.append(event)
        while len(found) > count and _second(found[0]) != _second(found[-count]):
            found.popleft()
    return list(found)


def _second(event: MarketEvent) -> int:
    return at_of(event) // SECOND_NS


def _period_start(period: str, now_ns: int, sessions: Sessions) -> int:
    match = _PERIOD.fullmatch(period.strip())
    if match is None:
        raise WireError(f"time period {period[:20]!r}: expected such as '3 days'")
    count, unit = int(match[1]), match[2].lower()
    if unit in _SECONDS:
        return now_ns - count * _SECONDS[unit] * SECOND_NS
    return duration_start(f"{count} {_LETTER.get(unit, unit.upper())}", now_ns, sessions)
