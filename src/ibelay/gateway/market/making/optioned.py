"""The quotes and prints of an option, computed from its underlying second by second.

Rules:
1. The fair price is Black and Scholes' with the surface's volatility at that second. The
   bid is below it and the ask above by at least a cent each, and by 1 % of it, to the
   steps of the class; what is worth less than a step has no bid.
2. A quote is said when its prices differ from those of the second before, and at the
   beginning of each minute; sizes change by the minute.
3. A few prints an hour, at the bid or the ask.
4. Nothing is made before somebody asks: ``standing`` tells what a board shows of the day so
   far at the cost of its prints alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from itertools import chain
from zlib import crc32

from ibelay.gateway.market.api import (
    Instrument,
    MarketEvent,
    PriceStep,
    Print,
    QuoteChange,
    event_time_ns,
)
from ibelay.gateway.market.hours import SECOND_NS, TradingDay
from ibelay.gateway.market.making.halts import halt_at
from ibelay.gateway.market.making.legs import MINUTE_NS, minute_of, seeded
from ibelay.gateway.market.making.quoted import Making
from ibelay.gateway.market.making.sources import SECONDS, Following, Source
from ibelay.gateway.market.pricing.black_scholes import price
from ibelay.gateway.market.pricing.model import setting, terms
from ibelay.gateway.market.pricing.surface import Surface
from ibelay.model.market import Quote

_MS_NS = 1_000_000
_AFTER_UNDERLYING_NS = 450 * _MS_NS
_PRINT_NS = 800 * _MS_NS
_PER_MILLE = 120
_WIDTH, _LEAST_WIDTH = 0.01, 0.01
_KEPT_MINUTES = 2
_MOST_LOTS, _MOST_TRADED = 80, 20
Prices = tuple[Decimal | None, Decimal]


def fair_values(option: Instrument, under: Source, surface: Surface, day: TradingDay) -> Source:
    """Return the fair prices of *option* on *day* (rule 1); 0 once it is over."""

    def fair(at_ns: int, spot: float) -> float:
        vanilla = terms(option, at_ns)
        if vanilla is None:
            return 0.0
        world = setting(spot)
        volatility = surface.volatility(vanilla.strike, world.forward(vanilla.years), vanilla.years)
        return price(vanilla, world, volatility)

    return Following(day, [under], fair)


class OptionSeries:
    """The day of one option; implements ``bars.Series``.

    Args:
        making: What it is made of; its source is the fair price.
        previous_close: Fair price at the close before, to the step.
    """

    def __init__(self, making: Making, previous_close: Decimal | None) -> None:
        self._making = making
        self._previous_close = previous_close
        self._con_id = making.instrument.contract.con_id
        self._steps = making.instrument.price_steps
        self._minutes: dict[int, tuple[list[int], list[MarketEvent]]] = {}

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events with ``after_ns < at_ns <= until_ns``, in order of time."""
        first, last = self._span(after_ns, until_ns)
        for minute in range(first, last + 1):
            times, events = self._minute(minute)
            yield from events[bisect_right(times, after_ns) : bisect_right(times, until_ns)]

    def standing(self, at_ns: int) -> list[MarketEvent]:
        """Return the day's prints up to *at_ns* and the last quote before it."""
        first, last = self._span(self._making.day.start_ns, at_ns)
        prints: list[MarketEvent] = []
        quote: MarketEvent | None = None
        for minute in range(first, last + 1):
            prints += [one for one in self._prints(minute) if one.at_ns <= at_ns]
        for minute in range(last, first - 1, -1):
            times, events = self._minute(minute)
            past = reversed(events[: bisect_right(times, at_ns)])
            quote = next((one for one in past if isinstance(one, QuoteChange)), None)
            if quote is not None:
                break
        return prints if quote is None else sorted([*prints, quote], key=event_time_ns)

    def _span(self, after_ns: int, until_ns: int) -> tuple[int, int]:
        """Return the first and the last minute of (after, until] in which it can trade."""
        day, span = self._making.day, self._making.span
        first = max(span.start, minute_of(day, after_ns))
        return first, min(span.stop - 1, minute_of(day, until_ns))

    def _minute(self, minute: int) -> tuple[list[int], list[MarketEvent]]:
        known = self._minutes.get(minute)
        if known is None:
            if len(self._minutes) >= _KEPT_MINUTES:
                self._minutes.pop(next(iter(self._minutes)))
            events = sorted(chain(self._quotes(minute), self._prints(minute)), key=event_time_ns)
            known = self._minutes[minute] = ([event_time_ns(event) for event in events], events)
        return known

    def _quotes(self, minute: int) -> Iterator[MarketEvent]:
        begin_ns = self._making.day.start_ns + minute * MINUTE_NS
        chance = seeded(*self._making.key, minute, "sizes")
        bid_size, ask_size = (Decimal(chance.randint(1, _MOST_LOTS)) for _ in range(2))
        before: Prices | None = None
        for second, fair in enumerate(self._making.source.mids(minute)):
            at_ns = begin_ns + second * SECOND_NS + _AFTER_UNDERLYING_NS
            halt = halt_at(self._making.halts, at_ns)
            if halt is not None and halt_at(self._making.halts, at_ns - SECOND_NS) is None:
                yield QuoteChange(
                    con_id=self._con_id,
                    quote=Quote(at_ns=at_ns, previous_close=self._previous_close),
                    halted=halt.reason,
                )
            prices = None if halt else self._prices(fair, at_ns)
            if prices is not None and prices != before:
                bid, ask = prices
                quote = Quote(
                    at_ns=at_ns,
                    bid=bid,
                    ask=ask,
                    bid_size=None if bid is None else bid_size,
                    ask_size=ask_size,
                    previous_close=self._previous_close,
                )
                yield QuoteChange(con_id=self._con_id, quote=quote)
            before = prices

    def _prints(self, minute: int) -> list[Print]:
        # Asked of every minute of a day at once: a checksum decides, chance only where it must.
        if crc32(f"{self._con_id}:{self._making.key}:{minute}".encode()) % 1000 >= _PER_MILLE:
            return []
        chance = seeded(*self._making.key, minute, "prints")
        second = chance.randrange(SECONDS)
        at_ns = self._making.day.start_ns + minute * MINUTE_NS + second * SECOND_NS + _PRINT_NS
        prices = self._prices(self._making.source.mid(minute, second), at_ns)
        if prices is None or halt_at(self._making.halts, at_ns) is not None:
            return []
        bid, ask = prices
        traded = ask if bid is None or chance.random() < 0.5 else bid
        size = Decimal(chance.randint(1, _MOST_TRADED))
        return [Print(con_id=self._con_id, at_ns=at_ns, price=traded, size=size)]

    def _prices(self, fair: float, at_ns: int) -> Prices | None:
        """Return bid and ask at *at_ns*, None where the option does not trade."""
        expires_ns = self._making.instrument.expires_ns
        over = expires_ns is not None and at_ns >= expires_ns
        return None if over or not self._making.trades(at_ns) else around(fair, self._steps)


def around(fair: float, steps: Sequence[PriceStep]) -> Prices:
    """Return bid and ask around the fair price (rule 1)."""
    side = max(_LEAST_WIDTH, fair * _WIDTH)
    bid = to_step(Decimal(fair - side), steps, ROUND_FLOOR)
    ask = to_step(Decimal(fair + side), steps, ROUND_CEILING)
    return (bid if bid > 0 else None), ask


def to_step(value: Decimal, steps: Sequence[PriceStep], rounding: str) -> Decimal:
    """Return *value* on the increment of its price, at least 0, without trailing zeros."""
    increment = steps[0].increment
    for step in steps:
        if value >= step.low_edge:
            increment = step.increment
    over, under = increment.as_integer_ratio()
    whole = (max(value, Decimal(0)) * under / over).to_integral_value(rounding)
    return _priced(int(whole) * over, under)


@lru_cache(maxsize=1 << 14)
def _priced(over: int, under: int) -> Decimal:
    return Decimal(over) / under
