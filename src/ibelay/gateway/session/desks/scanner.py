"""The scanner desk: ranks the stocks traded here, now and every 30 seconds of market time.

Rules:
1. A scan ranks by the figure of its code; ties keep the order of the market. What has no
   price yet is not ranked.
2. At most 10 scans per client, at most 50 rows each, as at IB.
3. An empty result is said: notice 165, then no rows.

**Source**: IB "Market Scanner" page; docs/evidence/gateway-recordings (165).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from ibelay.control.agenda import NEVER_NS
from ibelay.gateway.market.api import Instrument
from ibelay.gateway.session.board.ticks import CLOSE, LAST, OPEN, VOLUME, PriceTick, SizeTick
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.wire.encode import scanner as say
from ibelay.wire.requests import scanner as ask
from ibelay.wire.times import SECOND_NS

MAX_SCANS = 10
MAX_ROWS = 50
EVERY_NS = 30 * SECOND_NS
_SCALE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Seen:
    """A stock as the board shows it; prices in dollars, volume in shares."""

    instrument: Instrument
    last: Decimal
    open: Decimal
    close: Decimal
    volume: Decimal


def _percent(now: Decimal, before: Decimal) -> Decimal:
    return ((now / before - 1) * 100).quantize(_SCALE) if before else Decimal(0)


SCANS: Mapping[str, tuple[str, Callable[[Seen], Decimal]]] = MappingProxyType(
    {
        "TOP_PERC_GAIN": ("Top % Gainers", lambda row: _percent(row.last, row.close)),
        "TOP_PERC_LOSE": ("Top % Losers", lambda row: -_percent(row.last, row.close)),
        "TOP_OPEN_PERC_GAIN": ("Top % since Open", lambda row: _percent(row.last, row.open)),
        "TOP_OPEN_PERC_LOSE": (
            "Top % Losers since Open",
            lambda row: -_percent(row.last, row.open),
        ),
        "HIGH_OPEN_GAP": ("Top Close-to-Open % Gain", lambda row: _percent(row.open, row.close)),
        "LOW_OPEN_GAP": ("Top Close-to-Open % Loss", lambda row: -_percent(row.open, row.close)),
        "MOST_ACTIVE": ("Most Active", lambda row: row.volume),
        "MOST_ACTIVE_USD": ("Most Active ($)", lambda row: row.volume * row.last),
        "HOT_BY_VOLUME": ("Hot by Volume", lambda row: row.volume),
    }
)


def parameters() -> str:
    """Return what can be scanned for, in the shape of IB's document."""
    codes = "".join(
        f"<ScanType><displayName>{name.replace('&', '&amp;')}</displayName>"
        f"<scanCode>{code}</scanCode><instruments>STK</instruments></ScanType>"
        for code, (name, _figure) in SCANS.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ScanParameterResponse>'
        '<InstrumentList varName="instrumentList"><Instrument><name>US Stocks</name>'
        "<type>STK</type></Instrument></InstrumentList>"
        '<LocationTree varName="locationTree"><Location><displayName>US Stocks</displayName>'
        "<locationCode>STK.US.MAJOR</locationCode></Location></LocationTree>"
        f'<ScanTypeList varName="scanTypeList">{codes}</ScanTypeList></ScanParameterResponse>'
    )


@dataclass(slots=True)
class _Scan:
    request: ask.RequestScannerSubscription
    next_ns: int


class ScannerDesk:
    """Serves the market scanner."""

    def __init__(self, client: Client) -> None:
        self._floor = client.floor
        self._voice = client.voice
        self._scans: dict[int, _Scan] = {}

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestScannerParameters: self._parameters,
            ask.RequestScannerSubscription: self._subscribe,
            ask.CancelScannerSubscription: self._cancel,
        }

    def on_time(self, now_ns: int) -> None:
        """Rank again what is due."""
        for scan in self._scans.values():
            if now_ns >= scan.next_ns:
                scan.next_ns = now_ns + EVERY_NS
                self._tell(scan.request)

    def due_ns(self) -> int:
        """See ``TimeListener``."""
        return min(scan.next_ns for scan in self._scans.values()) if self._scans else NEVER_NS

    def _parameters(self, _request: ask.RequestScannerParameters) -> None:
        self._voice.say(say.scanner_parameters(parameters()))

    def _subscribe(self, request: ask.RequestScannerSubscription) -> None:
        number = request.request_id
        if number in self._scans:
            self._voice.refuse(number, 385, "Duplicate ticker ID for API scanner subscription.")
        elif len(self._scans) >= MAX_SCANS:
            self._refuse(number, f"at most {MAX_SCANS} scanner subscriptions at a time")
        elif request.scan_code not in SCANS:
            self._refuse(number, f"scan code {request.scan_code[:40]!r} is not served here")
        else:
            self._scans[number] = _Scan(request, self._floor.now_ns + EVERY_NS)
            self._tell(request)

    def _cancel(self, request: ask.CancelScannerSubscription) -> None:
        number = request.request_id
        if self._scans.pop(number, None) is None:
            text = f"No scanner subscription found for ticker id:{number}"
            self._voice.refuse(number, 365, text)

    def _refuse(self, request_id: int, why: str) -> None:
        text = f"Historical Market Data Service error message:{why}"
        self._voice.refuse(request_id, 162, text)

    def _tell(self, request: ask.RequestScannerSubscription) -> None:
        _name, figure = SCANS[request.scan_code]
        rows = sorted(self._seen(request), key=figure, reverse=True)
        most = MAX_ROWS if request.rows is None else min(request.rows, MAX_ROWS)
        if not rows:
            text = "Historical Market Data Service query message:no items retrieved"
            self._voice.refuse(request.request_id, 165, text)
        ranked = [
            (row.instrument.contract, row.instrument.market_name, str(figure(row)))
            for row in rows[:most]
        ]
        self._voice.say(say.scanner_data(request.request_id, ranked))

    def _seen(self, request: ask.RequestScannerSubscription) -> list[Seen]:
        if not request.location.startswith("STK") or request.instrument != "STK":
            return []
        rows = [self._row(one) for one in self._floor.market.instruments]
        return [row for row in rows if row is not None and _wanted(request, row)]

    def _row(self, one: Instrument) -> Seen | None:
        if one.contract.sec_type != "STK":
            return None
        shown = self._floor.face(one.contract.con_id).shown()
        prices = {tick.kind: tick.price for tick in shown if isinstance(tick, PriceTick)}
        sizes = {tick.kind: tick.size for tick in shown if isinstance(tick, SizeTick)}
        last = prices.get(LAST)
        if last is None:
            return None
        close = prices.get(CLOSE, last)
        return Seen(one, last, prices.get(OPEN, close), close, sizes.get(VOLUME, Decimal(0)))


def _wanted(request: ask.RequestScannerSubscription, row: Seen) -> bool:
    above, below, volume = request.above_price, request.below_price, request.above_volume
    return (
        (above is None or row.last >= above)
        and (below is None or below <= 0 or row.last <= below)
        and (volume is None or row.volume >= volume)
    )
