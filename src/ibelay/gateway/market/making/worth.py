"""What each instrument's middle price is made of.

========== ==========================================================================
STK        a walk of its own; SPY's is the market's, see ``legs``
IND        SPX follows SPY, NDX follows QQQ, VIX goes against SPX five times as far;
           what futures are on follows the index, or walks by itself (CL, GC)
FUT        its underlying, grown by the root's carry until it expires
OPT        Black and Scholes on its underlying, see ``optioned``
CASH       one currency's walk against the dollar divided by the other's
CRYPTO     a walk with twice the swing of a stock
BOND       the price at the government's yield, which walks, plus the bond's spread
========== ==========================================================================
"""

from __future__ import annotations

from datetime import date
from math import exp

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.hours import TradingDay
from ibelay.gateway.market.making.legs import LOYALTY
from ibelay.gateway.market.making.optioned import fair_values
from ibelay.gateway.market.making.sources import Following, Source, Walk
from ibelay.gateway.market.pricing.bonds import clean_price
from ibelay.gateway.market.pricing.model import YEAR_NS
from ibelay.gateway.market.pricing.surface import Surface, surface
from ibelay.gateway.market.symbols import usual_price
from ibelay.gateway.market.universe.known import BONDS, COINS, CURRENCIES, FUTURES, INDICES
from ibelay.model.ids import ConId

_FUNDS = {"SPX": "SPY", "NDX": "QQQ"}
_LOYAL = {"QQQ": 0.95, "IWM": 0.9, "DIA": 0.95}
_FEAR = 5
_USUAL_YIELD = 4.2
_CALM, _CALMER, _WILD = 0.35, 0.5, 2.0
_ALONE = 0.5
# More are made again when they are asked for again; what they are made of stays.
SOURCES_MAX = 1_500


class Worth:
    """The sources of one day, each made once."""

    def __init__(self, seed: int, day: TradingDay) -> None:
        self._seed = seed
        self._day = day
        self._made: dict[str, Source] = {}
        self._of: dict[ConId, Source] = {}

    def of(self, instrument: Instrument) -> Source:
        """Return the middle prices of *instrument*.

        Raises:
            ValueError: Nothing is known of its type.
        """
        con_id = instrument.contract.con_id
        if con_id not in self._of:
            if len(self._of) >= SOURCES_MAX:
                self._of.clear()
            self._of[con_id] = self._make(instrument)
        return self._of[con_id]

    def surface(self, symbol: str) -> Surface:
        """Return the volatilities of *symbol* on the day."""
        return surface(self._seed, symbol, self._day.date.isoformat())

    def _make(self, instrument: Instrument) -> Source:
        contract = instrument.contract
        match contract.sec_type:
            case "STK":
                return self._stock(contract.symbol)
            case "IND":
                return self._index(contract.symbol)
            case "FUT":
                return self._future(instrument)
            case "OPT":
                on_stock = instrument.under_sec_type == "STK"
                symbol = instrument.under_symbol
                under = self._stock(symbol) if on_stock else self._index(symbol)
                return fair_values(instrument, under, self.surface(symbol), self._day)
            case "CASH":
                return self._pair(contract.symbol, contract.currency)
            case "CRYPTO":
                return self._walk(contract.symbol, COINS[contract.symbol].price, _WILD)
            case "BOND":
                return self._bond(contract.local_symbol)
            case other:
                raise ValueError(f"nothing is known of the prices of a {other}")

    def _stock(self, symbol: str) -> Source:
        if symbol not in self._made:
            self._made[symbol] = Walk(
                self._seed,
                symbol,
                self._day,
                usual=usual_price(symbol),
                loyalty=_LOYAL.get(symbol, LOYALTY),
            )
        return self._made[symbol]

    def _walk(self, name: str, usual: float, swing: float) -> Source:
        """Return a walk that goes with the market as often as against it."""
        key = f"{name}:walk"
        if key not in self._made:
            self._made[key] = Walk(
                self._seed, key, self._day, usual=usual, swing=swing, loyalty=_ALONE
            )
        return self._made[key]

    def _index(self, symbol: str) -> Source:
        fund = _FUNDS.get(symbol)
        if fund is not None:
            times = INDICES[symbol].price / usual_price(fund)
            return Following(self._day, [self._stock(fund)], lambda _ns, price: times * price)
        if symbol == "VIX":
            calm = usual_price("SPY")
            usual = INDICES["VIX"].price
            return Following(
                self._day,
                [self._stock("SPY")],
                lambda _ns, price: usual * (calm / price) ** _FEAR,
            )
        known = FUTURES[symbol]
        if known.under == symbol:
            return self._walk(symbol, known.price, 1.0)
        return self._index(known.under)

    def _future(self, instrument: Instrument) -> Source:
        symbol = instrument.contract.symbol
        expires_ns, carry = instrument.expires_ns or 0, FUTURES[symbol].carry

        def grown(at_ns: int, price: float) -> float:
            return price * exp(carry * max(0, expires_ns - at_ns) / YEAR_NS)

        return Following(self._day, [self._index(symbol)], grown)

    def _pair(self, base: str, quote: str) -> Source:
        sides = [self._currency(name) for name in (base, quote) if name != "USD"]
        if quote == "USD":
            return sides[0]
        if base == "USD":
            return Following(self._day, sides, lambda _ns, price: 1 / price)
        return Following(self._day, sides, lambda _ns, one, other: one / other)

    def _currency(self, name: str) -> Source:
        return self._walk(name, float(CURRENCIES[name][0]), _CALM)

    def _bond(self, cusip: str) -> Source:
        known, today = BONDS[cusip], self._day.date
        matures = date.fromisoformat(known.maturity)
        years, coupon = max((matures - today).days, 1) / 365.25, float(known.coupon)

        def priced(_at_ns: int, per_cent: float) -> float:
            return clean_price(coupon, years, per_cent / 100 + known.spread)

        return Following(self._day, [self._walk("yield", _USUAL_YIELD, _CALMER)], priced)
