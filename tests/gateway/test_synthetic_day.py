"""The shape of a made-up day: auctions, activity, the common factor, gaps and halts."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - as in the other tests
from itertools import pairwise
from statistics import correlation, mean

import pytest

from ibelay.gateway.market import synthetic
from ibelay.gateway.market.api import Auction, Halted, Print, QuoteChange, event_time_ns
from ibelay.gateway.market.hours import SECOND_NS, trading_day
from ibelay.gateway.market.making.halts import Halt
from ibelay.gateway.market.making.worth import Worth
from ibelay.gateway.market.symbols import stock
from ibelay.gateway.market.synthetic import SyntheticMarket
from ibelay.model.ids import ConId

DATE, NEXT = "2025-06-02", "2025-06-03"
MINUTE_NS, HOUR_NS = 60 * SECOND_NS, 3600 * SECOND_NS


def con_id(market: SyntheticMarket, place: int = 0) -> ConId:
    return market.instruments[place].contract.con_id


def auctions(market: SyntheticMarket) -> list[Print]:
    events = market.events_of(con_id(market), market.start_ns, market.end_ns)
    return [event for event in events if isinstance(event, Print) and event.auction]


def test_session_opens_and_closes_with_an_auction_at_the_official_price() -> None:
    market = synthetic(1, ["IBM"], DATE)
    opening, closing = auctions(market)
    assert (opening.auction, closing.auction) == (Auction.OPEN, Auction.CLOSE)
    assert market.open_ns < opening.at_ns < market.open_ns + SECOND_NS // 1000
    assert closing.at_ns == market.close_ns
    first = next(iter(market.events_of(con_id(market), market.open_ns, market.close_ns)))
    assert first == opening
    last = market.bars(con_id(market), market.close_ns - 5 * SECOND_NS, market.close_ns, 5)
    assert last[-1].close == closing.price
    assert min(opening.size, closing.size) >= 10_000


def test_official_close_is_the_next_days_previous_close_and_there_is_a_gap() -> None:
    closing = auctions(synthetic(1, ["IBM"], DATE))[-1]
    after = synthetic(1, ["IBM"], NEXT)
    begin = after.events_of(con_id(after), after.start_ns, after.start_ns + MINUTE_NS)
    first = next(event for event in begin if isinstance(event, QuoteChange))
    assert first.quote.previous_close == closing.price
    assert first.quote.bid is not None
    assert 0.0005 < abs(first.quote.bid / closing.price - 1) < 0.06


def test_early_close_ends_the_session_with_its_auction() -> None:
    market = synthetic(1, ["IBM"], "2025-07-03")
    assert auctions(market)[-1].at_ns == market.close_ns
    assert market.close_ns - market.open_ns == 3 * HOUR_NS + HOUR_NS // 2


def test_volume_has_the_shape_of_a_u_and_spreads_the_opposite() -> None:
    market = synthetic(2, ["IBM"], DATE)
    hour = SECOND_NS * 1800
    volumes, spreads = [], []
    for begin in range(market.open_ns, market.close_ns, hour):
        events = list(market.events_of(con_id(market), begin, begin + hour))
        prints = [e for e in events if isinstance(e, Print) and not e.auction]
        volumes.append(sum(e.size for e in prints))
        quotes = [e.quote for e in events if isinstance(e, QuoteChange)]
        spreads.append(mean((q.ask or D(0)) - (q.bid or D(0)) for q in quotes))
    middle = len(volumes) // 2
    assert volumes[0] > 2 * volumes[middle] < volumes[-1]
    assert spreads[0] < spreads[middle] > spreads[-1]


def returns(symbol: str, seed: int) -> list[float]:
    """Return what each five minutes of the session gained."""
    day = trading_day(DATE)
    path = Worth(seed, day).of(stock(symbol, day)).minutes[330:721:5]
    return [after / before - 1 for before, after in pairwise(path)]


def test_symbols_go_with_the_market_more_often_than_against_it() -> None:
    for symbol in ("AIG", "IBM"):
        together = [correlation(returns("SPY", seed), returns(symbol, seed)) for seed in range(20)]
        assert mean(together) > 0.25
        assert max(together) < 0.97
    assert mean(correlation(returns("SPY", s), returns("QQQ", s)) for s in range(20)) > 0.6


def halted_market(*, words: tuple[str, ...] = ("SPY", "IBM")) -> tuple[SyntheticMarket, Halt]:
    open_ns = synthetic(1, ["SPY"], DATE).open_ns
    halt = Halt(
        symbol="SPY", begin_ns=open_ns + HOUR_NS, end_ns=open_ns + HOUR_NS + 300 * SECOND_NS
    )
    return synthetic(1, words, DATE, halts=[halt]), halt


def test_halt_says_so_then_nothing_then_an_auction() -> None:
    market, halt = halted_market()
    events = list(
        market.events_of(con_id(market), halt.begin_ns - MINUTE_NS, halt.end_ns + MINUTE_NS)
    )
    (stop,) = [e for e in events if halt.begin_ns <= event_time_ns(e) < halt.end_ns]
    assert isinstance(stop, QuoteChange)
    assert (stop.halted, stop.quote.bid, stop.quote.ask) == (Halted.VOLATILITY, None, None)
    after = [e for e in events if event_time_ns(e) >= halt.end_ns]
    assert isinstance(after[0], Print)
    assert after[0].auction is Auction.REOPEN
    assert isinstance(after[1], QuoteChange)
    assert after[1].halted is Halted.NO


def test_halt_changes_nothing_before_and_after_and_nothing_of_others() -> None:
    market, halt = halted_market()
    free = synthetic(1, ["SPY", "IBM"], DATE)
    begin, end = halt.begin_ns - MINUTE_NS, halt.end_ns + MINUTE_NS
    kept = [
        e
        for e in free.events_of(con_id(free), begin, end)
        if not halt.begin_ns <= event_time_ns(e) < halt.end_ns
    ]
    stayed = [
        e
        for e in market.events_of(con_id(market), begin, end)
        if not halt.begin_ns <= event_time_ns(e) <= halt.end_ns
    ]
    assert stayed == kept
    ibm = con_id(market, 1)
    assert list(market.events_of(ibm, begin, end)) == list(free.events_of(ibm, begin, end))


def test_options_are_halted_with_their_underlying() -> None:
    market, halt = halted_market()
    option = next(
        one.contract.con_id
        for one in market.universe
        if one.contract.local_symbol == "SPY   250620C00450000"
    )
    events = list(market.events_of(option, halt.begin_ns, halt.end_ns))
    (stop,) = [event for event in events if isinstance(event, QuoteChange)]
    assert stop.halted is Halted.VOLATILITY
    assert events == [stop]
    assert list(market.events_of(option, halt.end_ns, halt.end_ns + MINUTE_NS))


def test_halt_needs_a_length_and_a_reason() -> None:
    for wrong in ({"begin_ns": 2, "end_ns": 2}, {"begin_ns": 1, "end_ns": 2, "reason": Halted.NO}):
        with pytest.raises(ValueError, match="length and a reason"):
            Halt(symbol="SPY", **wrong)  # type: ignore[arg-type]


def test_bars_of_an_option_cover_its_session() -> None:
    market = synthetic(1, ["SPY"], DATE)
    option = next(one for one in market.universe if one.contract.sec_type == "OPT")
    bars = market.bars(option.contract.con_id, market.start_ns, market.close_ns, 3600 // 2)
    assert len(bars) == 13
    assert bars[0].at_ns == market.open_ns
