"""Made-up contract ids: the same in every run, and never twice in a market.

Rules:
1. A number depends on what is numbered only, not on the market it is in.
2. Kinds have ranges of their own, above the numbers IB has given out so far:

   ============== ==========================================================
   900 million    stocks, by a hash of the symbol (``symbols``)
   1,000 million  futures: root and month
   1,001 million  what futures are on, pairs and bonds, by a hash of the name
   1,010 million  options: a block of 2^17 for each trading class
   ============== ==========================================================

3. Within a block an option's number is made of its day (10 bits), strike (6) and right (1).
   A day repeats after 1,024 days, a strike after 64 steps: a chain is smaller than that.
4. Classes without a block of their own share out the rest by a hash. Whatever still
   collides is refused, never confused (``unique``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.symbols import stable_hash
from ibelay.model.ids import ConId

_FUTURES_FROM = 1_000_000_000
_MONTHS_PER_ROOT = 2_000
_NAMED_FROM, _NAMED_RANGE = 1_001_000_000, 9_000_000
_OPTIONS_FROM, _BLOCK = 1_010_000_000, 1 << 17
_OWN_BLOCKS, _HASHED_BLOCKS = 256, 8_100
DAYS, STRIKES = 1 << 10, 1 << 6
# Only ever longer: a class keeps its place.
_CLASSES = (
    "SPX", "SPXW", "SPY", "QQQ", "AAPL", "MSFT", "NVDA", "TSLA", "AMD", "AIG", "BAC", "IBM",
    "AMZN", "META", "GOOG", "GOOGL", "NFLX", "IWM", "DIA", "GLD", "TLT", "JPM", "XOM", "KO",
    "JNJ", "WMT", "DIS", "F", "T", "INTC", "CSCO", "V", "BA", "PFE", "C", "GS",
)  # fmt: skip


def future_number(root: int, year: int, month: int) -> ConId:
    """Return the id of the future of *month* in *year* of the root at place *root*."""
    return ConId(_FUTURES_FROM + root * _MONTHS_PER_ROOT + (year - 1990) * 12 + month)


def named_number(name: str) -> ConId:
    """Return the id of what is known by *name*, which must tell its kind too."""
    return ConId(_NAMED_FROM + stable_hash(name) % _NAMED_RANGE)


def option_number(
    trading_class: str, expiry: date, strike: Decimal, step: Decimal, right: str
) -> ConId:
    """Return the id of an option; *step* is the finest distance of the class's strikes."""
    if trading_class in _CLASSES:
        block = _CLASSES.index(trading_class)
    else:
        block = _OWN_BLOCKS + stable_hash(f"{trading_class}:OPT") % _HASHED_BLOCKS
    place = expiry.toordinal() % DAYS * STRIKES + int(strike / step) % STRIKES
    return ConId(_OPTIONS_FROM + block * _BLOCK + place * 2 + (right == "P"))


def unique(instruments: Iterable[Instrument]) -> tuple[Instrument, ...]:
    """Return *instruments* if no two have the same id.

    Raises:
        ConfigurationError: Two have; the sentence names them.
    """
    seen: dict[ConId, Instrument] = {}
    for one in instruments:
        other = seen.setdefault(one.contract.con_id, one)
        if other is not one:
            raise ConfigurationError(
                f"{_name(other)} and {_name(one)} have the same made-up con_id "
                f"{one.contract.con_id}: leave one of them out"
            )
    return tuple(seen.values())


def _name(one: Instrument) -> str:
    return f"{one.contract.local_symbol or one.contract.symbol} ({one.contract.sec_type})"
