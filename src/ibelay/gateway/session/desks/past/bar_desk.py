"""The history desk for bars: once, or kept up to date, and the trading schedule.

Rules:
1. A request that keeps up to date gets the complete bars, then the bar in the making every
   5 seconds of market time; it takes one of the client's lines.
2. Its cancellation is confirmed by 162, as IB does; a cancellation of what is over is 366.

**Source**: IB "Historical Data" page; shared IB facts, sections 1b and 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from ibelay.errors import WireError
from ibelay.gateway.market.api import Instrument
from ibelay.gateway.session import hours
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.contracts import find_one
from ibelay.gateway.session.desks.past import limits
from ibelay.gateway.session.desks.past.bars import bar_start, bars, date_text, dated, together
from ibelay.gateway.session.desks.past.stretch import Stretch, What, stretch
from ibelay.gateway.session.entitlement import Refusal
from ibelay.gateway.session.quote_bars import Shown, WantedBar
from ibelay.model.ids import ConId
from ibelay.model.market import Bar
from ibelay.wire.encode import history as say
from ibelay.wire.requests import history as ask
from ibelay.wire.times import moment

_FIVE_SECONDS = 5


@dataclass(slots=True)
class _Kept:
    """A request that is kept up to date: the parts of its bar in the making."""

    con_id: ConId
    shown: Shown
    size_s: int
    format_date: int
    regular_hours: bool
    parts: list[Bar] = field(default_factory=list)

    def take(self, bar: Bar) -> Bar:
        """Return the bar in the making with *bar* at its end."""
        begin = bar_start(bar.at_ns, self.size_s)
        kept = [part for part in self.parts if part.at_ns >= begin]
        whole = together([*kept, bar])
        self.parts = [whole]
        return whole


class PastBarsDesk:
    """Serves historical bars of one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._floor = client.floor
        self._voice = client.voice
        self._kept: dict[int, _Kept] = {}

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestHistoricalData: self._historical_data,
            ask.CancelHistoricalData: self._cancel,
        }

    def bars_wanted(self) -> list[WantedBar]:
        """See ``BarListener``."""
        return [(kept.con_id, kept.shown) for kept in self._kept.values()]

    def on_bar(self, con_id: ConId, shown: Shown, bar: Bar) -> None:
        """Send the bar in the making of what is kept up to date."""
        for number, kept in self._kept.items():
            if kept.con_id != con_id or kept.shown is not shown:
                continue
            one = self._floor.instrument(con_id)
            if kept.regular_hours and one is not None:
                sessions = hours.sessions(self._floor.market, one)
                if not hours.regular(sessions, bar.at_ns):
                    continue
            whole = kept.take(bar)
            date = date_text(bar_start(bar.at_ns, kept.size_s), kept.size_s, kept.format_date)
            self._voice.say(say.historical_data_update(number, date, whole))

    def _historical_data(self, request: ask.RequestHistoricalData) -> None:
        number = request.request_id
        if number in self._kept:
            self._voice.refuse(number, 386, "Duplicate ticker ID for API historical data query.")
            return
        found = find_one(self._client, number, request.contract)
        if found is None:
            return
        try:
            sessions = partial(self._floor.market.sessions, found.contract.con_id)
            asked = stretch(request, self._floor.now_ns, sessions)
            refusal = self._refusal(request, found, asked)
            if refusal is not None:
                self._voice.refuse(number, refusal.code, refusal.text)
                return
            if asked.what is What.SCHEDULE:
                self._schedule(number, found, asked)
                return
            complete = bars(self._floor.market, found, asked)
        except WireError as error:
            self._no_history(number, str(error))
            return
        if not complete and not request.keep_up_to_date:
            contract = found.contract
            query = f"{contract.symbol}@{contract.exchange} {asked.what.capitalize()}"
            self._no_history(number, f"HMDS query returned no data: {query}")
            return
        if request.keep_up_to_date and not self._keep(request, found, asked):
            return
        rows = dated(complete, asked.size_s, request.format_date)
        start, end = moment(asked.start_ns), moment(asked.end_ns)
        self._voice.say(say.historical_data(number, start, end, rows))

    def _refusal(
        self, request: ask.RequestHistoricalData, one: Instrument, asked: Stretch
    ) -> Refusal | None:
        """Return why nothing is told, None if it is (``limits``)."""
        version = self._voice.version
        return (
            limits.unknown(asked.what, asked.size_s, request.duration, version)
            or limits.untold(one, asked.what)
            or limits.too_much(self._floor.market, one, asked)
        )

    def _keep(self, request: ask.RequestHistoricalData, found: Instrument, asked: Stretch) -> bool:
        number = request.request_id
        name = What.TRADES if asked.what.traded else asked.what
        if asked.size_s < _FIVE_SECONDS or name not in Shown.__members__:
            self._no_history(number, f"{asked.what} in such bars cannot be kept up to date")
            return False
        refusal = self._client.lines.take(number)
        if refusal is not None:
            self._voice.refuse(number, *refusal)
            return False
        begin = bar_start(asked.end_ns, asked.size_s)
        kept = _Kept(
            con_id=found.contract.con_id,
            shown=Shown(name),
            size_s=asked.size_s,
            format_date=request.format_date,
            regular_hours=asked.regular_hours,
        )
        recent = Stretch(
            start_ns=begin,
            end_ns=asked.end_ns,
            size_s=_FIVE_SECONDS,
            what=asked.what,
            regular_hours=asked.regular_hours,
        )
        kept.parts = bars(self._floor.market, found, recent)
        self._kept[number] = kept
        return True

    def _schedule(self, number: int, one: Instrument, asked: Stretch) -> None:
        con_id = one.contract.con_id
        found = self._floor.market.sessions(con_id, asked.start_ns, asked.end_ns)
        if not found:
            self._no_history(number, "HMDS query returned no data: no session in this stretch")
            return
        spans = [
            (one.open_ns, one.close_ns) if asked.regular_hours else (one.begin_ns, one.end_ns)
            for one in found
        ]
        self._voice.say(say.historical_schedule(number, spans))

    def _cancel(self, request: ask.CancelHistoricalData) -> None:
        number = request.request_id
        if self._kept.pop(number, None) is None:
            text = f"No historical data query found for ticker id:{number}"
            self._voice.refuse(number, 366, text)
            return
        self._client.lines.free(number)
        self._no_history(number, f"API historical data query cancelled: {number}")

    def _no_history(self, request_id: int, text: str) -> None:
        message = f"Historical Market Data Service error message:{text}"
        self._voice.refuse(request_id, 162, message)
