"""Bars from prints, and from quotes where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D  # noqa: N817 - the tests are full of them

from ibelay.gateway.market.api import MarketEvent, Print, QuoteChange, event_time_ns
from ibelay.gateway.market.bars import BarSeries
from ibelay.gateway.market.hours import SECOND_NS, trading_day
from ibelay.model.ids import ConId
from ibelay.model.market import Bar, Quote

DAY = trading_day("2013-10-08")
ONE = ConId(1)


def trade(second: float, price: str, size: int = 100, con_id: ConId = ONE) -> Print:
    at_ns = DAY.start_ns + int(second * SECOND_NS)
    return Print(con_id=con_id, at_ns=at_ns, price=D(price), size=D(size))


def quote(second: float, bid: str, ask: str) -> QuoteChange:
    at_ns = DAY.start_ns + int(second * SECOND_NS)
    return QuoteChange(con_id=ONE, quote=Quote(at_ns=at_ns, bid=D(bid), ask=D(ask)))


class Listed:
    """A series that is a list."""

    def __init__(self, *events: MarketEvent) -> None:
        self.all = events
        self.asked = 0

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        self.asked += 1
        return (e for e in self.all if after_ns < event_time_ns(e) <= until_ns)


def series_of(events: Listed, size_s: int = 5) -> BarSeries:
    return BarSeries(
        events,
        midnight_ns=DAY.midnight_ns,
        start_ns=DAY.start_ns,
        end_ns=DAY.end_ns,
        size_s=size_s,
    )


def bars(events: Listed, until_s: int, size_s: int = 5) -> list[Bar]:
    return series_of(events, size_s).between(DAY.start_ns, DAY.start_ns + until_s * SECOND_NS)


def test_bar_holds_what_happened_after_its_beginning_up_to_its_end() -> None:
    series = Listed(
        trade(0, "7"), trade(1, "10", 300), trade(3, "12"), trade(5, "9"), trade(6, "20")
    )
    (bar,) = bars(series, 5)
    assert bar.at_ns == DAY.start_ns
    assert (bar.open, bar.high, bar.low, bar.close) == (D(10), D(12), D(9), D(9))
    assert (bar.volume, bar.count, bar.wap) == (D(500), 3, D("10.2"))


def test_bar_without_prints_stands_at_the_last_one() -> None:
    found = bars(Listed(trade(1, "10"), quote(7, "30", "31"), trade(12, "11")), 15)
    assert [(bar.open, bar.close, bar.volume) for bar in found] == [
        (D(10), D(10), D(100)),
        (D(10), D(10), D(0)),
        (D(11), D(11), D(100)),
    ]


def test_before_the_first_print_bars_are_mid_quotes_and_before_any_price_none() -> None:
    found = bars(Listed(quote(6, "9", "11"), quote(8, "11", "13"), trade(16, "15")), 20)
    assert [(bar.open, bar.high, bar.close, bar.count) for bar in found] == [
        (D(10), D(12), D(12), 0),
        (D(12), D(12), D(12), 0),
        (D(15), D(15), D(15), 1),
    ]
    assert found[0].at_ns == DAY.start_ns + 5 * SECOND_NS


def test_bars_come_whole_and_are_the_same_however_they_are_asked_for() -> None:
    events = [trade(n * 1.7, str(10 + n % 7)) for n in range(40)]
    at_once, in_pieces = series_of(Listed(*events)), series_of(Listed(*events))
    end = DAY.start_ns + 60 * SECOND_NS
    pieces: list[Bar] = []
    for second in range(0, 60, 10):
        begin = DAY.start_ns + second * SECOND_NS
        pieces += in_pieces.between(begin, begin + 10 * SECOND_NS)
    assert at_once.between(DAY.start_ns, end) == pieces
    assert len(pieces) == 12
    inner = at_once.between(DAY.start_ns + 1, end - 1)
    assert inner == pieces[1:-1]


def test_bars_are_built_once() -> None:
    series = Listed(trade(1, "10"))
    one = series_of(series)
    first = one.between(DAY.start_ns, DAY.start_ns + 600 * SECOND_NS)
    asked = series.asked
    assert one.between(DAY.start_ns, DAY.start_ns + 600 * SECOND_NS) == first
    assert series.asked == asked


def test_no_bar_goes_beyond_the_end_of_the_day() -> None:
    one = series_of(Listed(trade(1, "10")), 3600)
    (last,) = one.between(DAY.end_ns - 3600 * SECOND_NS, DAY.end_ns + 10**15)
    assert last.at_ns == DAY.end_ns - 3600 * SECOND_NS
