"""What is known of indices, futures, currencies, coins and bonds. A table of data.

Con_ids are IB's where given; ``numbers`` makes up the others. Prices are where the synthetic
market trades, margins about what the exchanges asked in 2025; neither claims to be exact.

**Source**: con_ids and minimum ticks as IB's public documents and users' logs show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

D = Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """An index; *option_classes* are (class, settled in the morning) of its options."""

    con_id: int
    exchange: str
    name: str
    price: int
    option_classes: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureFacts:
    """A root of futures.

    Attributes:
        under_con_id: IB's number of what the future is on; 0 if not known.
        under: Whose price it follows: a symbol of ``INDICES``, or its own.
        months: Of delivery, 1 to 12.
        listed: How many expiries trade at a time.
        expiry: The rule of its last trading day, see ``expiries``.
        price: Of the underlying where it is no index, dollars.
        carry: Growth of the price per year to expiry, as a share.
        initial_margin: Dollars for one contract; maintenance is ten elevenths of it.
        con_ids: IB's numbers by contract month, where known.
    """

    exchange: str
    name: str
    under: str
    multiplier: int
    min_tick: Decimal
    rule_id: int
    months: tuple[int, ...]
    listed: int
    expiry: str
    carry: float
    initial_margin: int
    under_con_id: int = 0
    price: int = 0
    con_ids: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinFacts:
    """A coin against the dollar."""

    con_id: int
    name: str
    price: int
    min_tick: Decimal
    rule_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BondFacts:
    """A bond; *spread* is its yield above the government's, per year."""

    symbol: str
    issuer: str
    coupon: Decimal
    issued: str
    maturity: str
    kind: str
    ratings: str
    spread: float


INDICES = {
    "SPX": IndexFacts(
        con_id=416904,
        exchange="CBOE",
        name="S&P 500 STOCK INDEX",
        price=4500,
        option_classes=(("SPX", True), ("SPXW", False)),
    ),
    "NDX": IndexFacts(con_id=416843, exchange="NASDAQ", name="NASDAQ 100 STOCK INDEX", price=15600),
    "VIX": IndexFacts(con_id=13455763, exchange="CBOE", name="CBOE VOLATILITY INDEX", price=17),
}

_QUARTERS = (3, 6, 9, 12)
_EVERY_MONTH = tuple(range(1, 13))
FUTURES = {
    "ES": FutureFacts(
        exchange="CME",
        name="E-MINI S&P 500",
        under="SPX",
        under_con_id=11004968,
        multiplier=50,
        min_tick=D("0.25"),
        rule_id=67,
        months=_QUARTERS,
        listed=6,
        expiry="third Friday",
        carry=0.03,
        initial_margin=16500,
        con_ids=(
            ("202312", 495512552),
            ("202412", 495512557),
            ("202512", 495512563),
            ("202612", 515416632),
        ),
    ),
    "NQ": FutureFacts(
        exchange="CME",
        name="E-MINI NASDAQ 100",
        under="NDX",
        under_con_id=11004958,
        multiplier=20,
        min_tick=D("0.25"),
        rule_id=67,
        months=_QUARTERS,
        listed=5,
        expiry="third Friday",
        carry=0.035,
        initial_margin=24200,
    ),
    "MES": FutureFacts(
        exchange="CME",
        name="MICRO E-MINI S&P 500",
        under="SPX",
        under_con_id=362673777,
        multiplier=5,
        min_tick=D("0.25"),
        rule_id=67,
        months=_QUARTERS,
        listed=5,
        expiry="third Friday",
        carry=0.03,
        initial_margin=1650,
        con_ids=(("202312", 586139726),),
    ),
    "CL": FutureFacts(
        exchange="NYMEX",
        name="LIGHT SWEET CRUDE OIL",
        under="CL",
        multiplier=1000,
        min_tick=D("0.01"),
        rule_id=3032,
        months=_EVERY_MONTH,
        listed=8,
        expiry="before the 25th",
        carry=-0.04,
        initial_margin=6600,
        price=70,
    ),
    "GC": FutureFacts(
        exchange="COMEX",
        name="GOLD",
        under="GC",
        multiplier=100,
        min_tick=D("0.1"),
        rule_id=3021,
        months=(2, 4, 6, 8, 10, 12),
        listed=6,
        expiry="third to last day",
        carry=0.045,
        initial_margin=15400,
        price=2400,
    ),
}

# The first of a pair is the one that stands further left here, as IB writes pairs.
CURRENCIES = {
    "EUR": (D("1.08"), "European Monetary Union Euro"),
    "GBP": (D("1.27"), "British pound"),
    "AUD": (D("0.66"), "Australian dollar"),
    "NZD": (D("0.61"), "New Zealand dollar"),
    "USD": (D(1), "United States dollar"),
    "CAD": (D("0.73"), "Canadian dollar"),
    "CHF": (D("1.12"), "Swiss franc"),
    "SEK": (D("0.095"), "Swedish krona"),
    "JPY": (D("0.0067"), "Japanese yen"),
}
PAIRS = {
    "EUR.USD": 12087792,
    "GBP.USD": 12087797,
    "USD.JPY": 15016059,
    "AUD.USD": 14433401,
    "USD.CAD": 15016062,
    "USD.CHF": 12087820,
    "NZD.USD": 39453441,
    "EUR.GBP": 12087807,
    "EUR.CHF": 12087817,
    "EUR.JPY": 14321016,
    "GBP.JPY": 14321015,
}

COINS = {
    "BTC": CoinFacts(
        con_id=479624278,
        name="Bitcoin cryptocurrency",
        price=60000,
        min_tick=D("0.25"),
        rule_id=3067,
    ),
    "ETH": CoinFacts(
        con_id=495759171,
        name="Ethereum cryptocurrency",
        price=3000,
        min_tick=D("0.01"),
        rule_id=3026,
    ),
}

# By CUSIP; treasuries first. One has a whole coupon: some clients cannot read another.
BONDS = {
    "91282CLW9": BondFacts(
        symbol="US-T",
        issuer="United States Treasury",
        coupon=D("4.25"),
        issued="20241115",
        maturity="20341115",
        kind="GOVT",
        ratings="Aa1/AA+",
        spread=0.0,
    ),
    "91282CJZ5": BondFacts(
        symbol="US-T",
        issuer="United States Treasury",
        coupon=D("4"),
        issued="20240215",
        maturity="20340215",
        kind="GOVT",
        ratings="Aa1/AA+",
        spread=0.0,
    ),
    "912810UE6": BondFacts(
        symbol="US-T",
        issuer="United States Treasury",
        coupon=D("4.5"),
        issued="20241115",
        maturity="20541115",
        kind="GOVT",
        ratings="Aa1/AA+",
        spread=0.003,
    ),
    "037833AL4": BondFacts(
        symbol="AAPL",
        issuer="APPLE INC",
        coupon=D("3.85"),
        issued="20130503",
        maturity="20430504",
        kind="CORP",
        ratings="Aaa/AA+",
        spread=0.009,
    ),
    "594918CE2": BondFacts(
        symbol="MSFT",
        issuer="MICROSOFT CORP",
        coupon=D("2.921"),
        issued="20210317",
        maturity="20520317",
        kind="CORP",
        ratings="Aaa/AAA",
        spread=0.008,
    ),
}
