"""What the markets know of stocks and funds: con_ids, names, usual prices. A table of data.

Con_ids of the listed symbols follow IB's where known; every other symbol gets a made-up
one, the same in every run, so that a bot's notes about a symbol stay true.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.hours import TradingDay
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId

_MADE_UP_FROM = 900_000_000
_MADE_UP_RANGE = 100_000_000


@dataclass(frozen=True, slots=True)
class _Known:
    con_id: int
    exchange: str
    name: str
    price: int
    stock_type: str = "COMMON"


_KNOWN = {
    "SPY": _Known(756733, "ARCA", "SPDR S&P 500 ETF TRUST", 450, "ETF"),
    "QQQ": _Known(320227571, "NASDAQ", "INVESCO QQQ TRUST SERIES 1", 380, "ETF"),
    "IWM": _Known(9579970, "ARCA", "ISHARES RUSSELL 2000 ETF", 200, "ETF"),
    "DIA": _Known(73128548, "ARCA", "SPDR DJIA TRUST", 390, "ETF"),
    "GLD": _Known(51529211, "ARCA", "SPDR GOLD SHARES", 220, "ETF"),
    "TLT": _Known(15547841, "NASDAQ", "ISHARES 20+ YEAR TREASURY BD", 92, "ETF"),
    "AAPL": _Known(265598, "NASDAQ", "APPLE INC", 190),
    "MSFT": _Known(272093, "NASDAQ", "MICROSOFT CORP", 410),
    "NVDA": _Known(4815747, "NASDAQ", "NVIDIA CORP", 120),
    "TSLA": _Known(76792991, "NASDAQ", "TESLA INC", 250),
    "AMD": _Known(4391, "NASDAQ", "ADVANCED MICRO DEVICES", 150),
    "AMZN": _Known(3691937, "NASDAQ", "AMAZON.COM INC", 180),
    "META": _Known(107113386, "NASDAQ", "META PLATFORMS INC-CLASS A", 500),
    "GOOG": _Known(208813720, "NASDAQ", "ALPHABET INC-CL C", 165),
    "GOOGL": _Known(208813719, "NASDAQ", "ALPHABET INC-CL A", 164),
    "NFLX": _Known(15124833, "NASDAQ", "NETFLIX INC", 640),
    "INTC": _Known(270639, "NASDAQ", "INTEL CORP", 30),
    "CSCO": _Known(268084, "NASDAQ", "CISCO SYSTEMS INC", 48),
    "AIG": _Known(61319701, "NYSE", "AMERICAN INTERNATIONAL GROUP", 75),
    "BAC": _Known(10098, "NYSE", "BANK OF AMERICA CORP", 38),
    "IBM": _Known(8314, "NYSE", "INTL BUSINESS MACHINES CORP", 185),
    "JPM": _Known(1520593, "NYSE", "JPMORGAN CHASE & CO", 200),
    "XOM": _Known(13977, "NYSE", "EXXON MOBIL CORP", 115),
    "KO": _Known(8894, "NYSE", "COCA-COLA CO/THE", 62),
    "JNJ": _Known(8719, "NYSE", "JOHNSON & JOHNSON", 155),
    "WMT": _Known(13824, "NYSE", "WALMART INC", 65),
    "DIS": _Known(6459, "NYSE", "WALT DISNEY CO/THE", 100),
    "F": _Known(9599491, "NYSE", "FORD MOTOR CO", 12),
    "T": _Known(37018770, "NYSE", "AT&T INC", 18),
    "BA": _Known(4762, "NYSE", "BOEING CO/THE", 180),
    "PFE": _Known(11031, "NYSE", "PFIZER INC", 28),
}
_VENUES = (
    "SMART",
    "AMEX",
    "NYSE",
    "ARCA",
    "BATS",
    "NASDAQ",
    "ISLAND",
    "IEX",
    "EDGEA",
    "BYX",
    "MEMX",
)


def stable_hash(text: str) -> int:
    """Return a number made of *text*, the same in every process (unlike ``hash``)."""
    return zlib.crc32(text.encode())


def clean_symbols(symbols: Sequence[str]) -> list[str]:
    """Return *symbols* in capitals without repeats.

    Raises:
        ConfigurationError: There is none, or one is not made of letters, digits, dots, spaces.
    """
    names = list(dict.fromkeys(symbol.strip().upper() for symbol in symbols))
    if not names:
        raise ConfigurationError("no symbol to trade: expected at least one, such as SPY")
    for name in names:
        if not name.replace(".", "").replace(" ", "").isalnum() or not name.isascii():
            raise ConfigurationError(
                f"symbol {name!r} cannot be used: expected letters and digits, such as SPY"
            )
    return names


def con_id_of(symbol: str) -> ConId:
    """Return the contract id of *symbol*, positive and the same in every run."""
    known = _KNOWN.get(symbol)
    return ConId(known.con_id if known else _MADE_UP_FROM + stable_hash(symbol) % _MADE_UP_RANGE)


def usual_price(symbol: str) -> int:
    """Return dollars around which a synthetic *symbol* trades: 20 to 299 if not listed."""
    known = _KNOWN.get(symbol)
    return known.price if known else 20 + stable_hash(symbol) % 280


def stock(symbol: str, day: TradingDay) -> Instrument:
    """Return the US stock *symbol* with the hours of *day*."""
    known = _KNOWN.get(symbol)
    return Instrument(
        contract=Contract(
            symbol=symbol,
            con_id=con_id_of(symbol),
            primary_exchange=known.exchange if known else "NASDAQ",
            local_symbol=symbol,
            trading_class="NMS" if known is None or known.exchange == "NASDAQ" else symbol,
        ),
        long_name=known.name if known else f"{symbol} INC",
        min_tick=Decimal("0.01"),
        stock_type=known.stock_type if known else "COMMON",
        valid_exchanges=_VENUES,
        trading_hours=day.trading_hours,
        liquid_hours=day.liquid_hours,
    )
