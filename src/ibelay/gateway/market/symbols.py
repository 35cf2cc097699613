"""What the markets know of stocks: con_ids, names, usual prices. A table of data.

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


_KNOWN = {
    "SPY": _Known(756733, "ARCA", "SPDR S&P 500 ETF TRUST", 450),
    "QQQ": _Known(320227571, "NASDAQ", "INVESCO QQQ TRUST SERIES 1", 380),
    "AAPL": _Known(265598, "NASDAQ", "APPLE INC", 190),
    "MSFT": _Known(272093, "NASDAQ", "MICROSOFT CORP", 410),
    "NVDA": _Known(4815747, "NASDAQ", "NVIDIA CORP", 120),
    "TSLA": _Known(76792991, "NASDAQ", "TESLA INC", 250),
    "AMD": _Known(4391, "NASDAQ", "ADVANCED MICRO DEVICES", 150),
    "AIG": _Known(61319701, "NYSE", "AMERICAN INTERNATIONAL GROUP", 75),
    "BAC": _Known(10098, "NYSE", "BANK OF AMERICA CORP", 38),
    "IBM": _Known(8314, "NYSE", "INTL BUSINESS MACHINES CORP", 185),
}


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
        trading_hours=day.trading_hours,
        liquid_hours=day.liquid_hours,
    )
