"""What every market offers, synthetic or replayed.

Times are market time: ns since the epoch, UTC. A market is deterministic: the same
arguments give the same prices, whatever the speed of the clock above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Protocol

from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.market import Bar, Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingSession:
    """One session of an instrument, in ns since the epoch, UTC.

    ``begin <= open < close <= end``: regular trading is from *open_ns* up to *close_ns*,
    extended hours are the rest. Where there are no extended hours, begin is open and end
    is close.
    """

    begin_ns: int
    open_ns: int
    close_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceStep:
    """From *low_edge* up, prices move by *increment* (one row of IB's market rule)."""

    low_edge: Decimal
    increment: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A contract, what contract details tell of it, and how it trades.

    Attributes:
        contract: As IB identifies it, ``con_id`` resolved.
        min_tick: Smallest step of the price; *price_steps* refine it where it depends on
            the price.
        trading_hours: All hours in IB's form.
        liquid_hours: Regular hours in IB's form.
        time_zone: Of both, as IB names it.
        sessions: When it trades, over the market's whole stretch, in order of time; empty
            for "the market's own ``open_ns`` to ``close_ns``".
        tradable: Whether orders are taken (an index is not traded).
        market_rule_id: IB's number of *price_steps*.
        min_size: Smallest quantity of an order.
        size_increment: Quantities are multiples of it.
        initial_margin: Dollars of initial margin of one contract where the exchange says
            so (futures); None where margin follows from the price.
        maintenance_margin: The same for maintenance.
        under_con_id: Of the underlying, for futures and options; 0 for none.
        under_symbol: Its symbol.
        under_sec_type: Its type.
        contract_month: YYYYMM of futures and options.
        expires_ns: When it stops trading; None for never.
        stock_type: IB's word, such as COMMON or ETF.
        facts: Further fields of contract details by IB's names, such as ``coupon`` or
            ``maturity`` of a bond.
    """

    contract: Contract
    long_name: str
    min_tick: Decimal = Decimal("0.01")
    trading_hours: str = ""
    liquid_hours: str = ""
    time_zone: str = "US/Eastern"
    sessions: tuple[TradingSession, ...] = ()
    tradable: bool = True
    market_name: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    stock_type: str = "COMMON"
    order_types: str = ""
    valid_exchanges: tuple[str, ...] = ("SMART",)
    market_rule_id: int = 26
    price_steps: tuple[PriceStep, ...] = ()
    price_magnifier: int = 1
    min_size: Decimal = Decimal(1)
    size_increment: Decimal = Decimal(1)
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    under_con_id: ConId = ConId(0)
    under_symbol: str = ""
    under_sec_type: str = ""
    contract_month: str = ""
    expires_ns: int | None = None
    sec_ids: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    def session_at(self, now_ns: int) -> TradingSession | None:
        """Return the session *now_ns* lies in or, between two, the next; None after the last."""
        return next((one for one in self.sessions if now_ns < one.end_ns), None)


class Halted(IntEnum):
    """Whether trading is halted, by IB's numbers of tick 49."""

    NO = 0
    REGULATORY = 1
    VOLATILITY = 2


class Figure(StrEnum):
    """A volatility that there are daily bars of, by IB's whatToShow."""

    HISTORICAL_VOLATILITY = "HISTORICAL_VOLATILITY"
    OPTION_IMPLIED_VOLATILITY = "OPTION_IMPLIED_VOLATILITY"


class Auction(StrEnum):
    """Which auction a print comes from."""

    OPEN = "open"
    CLOSE = "close"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteChange:
    """The top of book of one instrument as it stands from ``quote.at_ns`` on.

    A halt is a quote without sides and *halted*; the next quote ends it.
    """

    con_id: ConId
    quote: Quote
    halted: Halted = Halted.NO


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A trade of others; makes bars and last prices, fills nothing of ours by itself.

    The print of an *auction* carries the official opening or closing price, at which orders
    for the open or the close are filled.
    """

    con_id: ConId
    at_ns: int
    price: Decimal
    size: Decimal
    auction: Auction | None = None


MarketEvent = QuoteChange | Print


def event_time_ns(event: MarketEvent) -> int:
    """Return when *event* happened."""
    return event.at_ns if isinstance(event, Print) else event.quote.at_ns


class Market(Protocol):
    """A source of prices over a stretch of market time."""

    @property
    def instruments(self) -> Sequence[Instrument]:
        """What is listed: what ``events`` tells of."""
        ...

    @property
    def universe(self) -> Sequence[Instrument]:
        """Everything that exists here: the listed first, then what has events when named."""
        ...

    @property
    def start_ns(self) -> int:
        """First moment of the data (pre-market included)."""
        ...

    @property
    def open_ns(self) -> int:
        """Beginning of the regular session (09:30 New York)."""
        ...

    @property
    def close_ns(self) -> int:
        """End of the regular session (16:00 New York)."""
        ...

    @property
    def end_ns(self) -> int:
        """Last moment of the data."""
        ...

    def events(self, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield events of what is listed with ``after_ns < at_ns <= until_ns``, in order."""
        ...

    def events_of(self, con_id: ConId, after_ns: int, until_ns: int) -> Iterator[MarketEvent]:
        """Yield the events of one instrument with ``after_ns < at_ns <= until_ns``."""
        ...

    def standing(self, con_id: ConId, at_ns: int) -> Iterator[MarketEvent]:
        """Yield what a board needs to show one instrument at *at_ns*, in order of time.

        That is every print of the day and at least the last quote.
        """
        ...

    def bars(self, con_id: ConId, after_ns: int, until_ns: int, size_s: int) -> list[Bar]:
        """Return TRADES bars that begin at or after *after_ns* and end by *until_ns*.

        Bars of 86,400 s are told of the days before ``start_ns``, where there are any.
        """
        ...

    def volatility_bars(
        self, con_id: ConId, after_ns: int, until_ns: int, figure: Figure
    ) -> list[Bar]:
        """Return daily bars of a volatility, per year; none where it is not known."""
        ...

    def sessions(self, con_id: ConId, after_ns: int, until_ns: int) -> list[TradingSession]:
        """Return the sessions of one instrument that (after, until] touches, in order."""
        ...

    def history_ns(self, con_id: ConId) -> int:
        """Return the first moment of which ``events_of`` and ``bars`` tell."""
        ...
