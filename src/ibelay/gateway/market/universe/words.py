"""The words by which a market is told what to trade.

Rules:
1. A word is a symbol, or a symbol, a colon and a type: ``SPY``, ``SPX:IND``, ``ES:FUT``,
   ``EUR.USD:CASH``, ``BTC:CRYPTO``, ``91282CLW9:BOND`` (a bond by its CUSIP). Without a
   type it is a US stock or fund. Small letters are capitals; repeats count once.
2. Every stock symbol exists. Of the other types exist those of ``known``, and every pair
   of its currencies, written as IB does (``EUR.USD``, not ``USD.EUR``).
3. What derives from a word comes with it, without a word of its own: the options of a stock
   or of SPX, the futures of an index, and of a futures root all its expiries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.symbols import clean_symbols
from ibelay.gateway.market.universe.known import BONDS, COINS, CURRENCIES, FUTURES, INDICES

# Each word of a stock brings along about a thousand options.
WORDS_MAX = 200


class Kind(StrEnum):
    """A type of word, written as IB writes security types."""

    STOCK = "STK"
    INDEX = "IND"
    FUTURE = "FUT"
    FOREX = "CASH"
    CRYPTO = "CRYPTO"
    BOND = "BOND"


@dataclass(frozen=True, slots=True)
class Word:
    """One thing to trade."""

    symbol: str
    kind: Kind


def read_words(texts: Sequence[str]) -> tuple[Word, ...]:
    """Return what *texts* name, in their order, each once.

    Raises:
        ConfigurationError: There is none, or too many, or one names nothing that exists.
    """
    if not texts:
        clean_symbols(texts)  # says what is missing
    if len(texts) > WORDS_MAX:
        raise ConfigurationError(
            f"{len(texts)} symbols are too many for one market: expected {WORDS_MAX} at most"
        )
    return tuple(dict.fromkeys(_read(text) for text in texts))


def _read(text: str) -> Word:
    symbol, colon, kind_text = text.strip().upper().partition(":")
    if colon and kind_text not in set(Kind):
        raise ConfigurationError(
            f"symbol {text!r} cannot be used: expected one of {', '.join(Kind)} after the colon"
        )
    kind = Kind(kind_text) if colon else Kind.STOCK
    (symbol,) = clean_symbols([symbol])
    if kind is Kind.FOREX:
        return Word(_pair(symbol), kind)
    known = _KNOWN.get(kind)
    if known is not None and symbol not in known:
        raise ConfigurationError(
            f"symbol {text!r} is not known: expected one of {', '.join(known)} before :{kind}"
        )
    return Word(symbol, kind)


_KNOWN = {
    Kind.INDEX: tuple(INDICES),
    Kind.FUTURE: tuple(FUTURES),
    Kind.CRYPTO: tuple(COINS),
    Kind.BOND: tuple(BONDS),
}


def _pair(symbol: str) -> str:
    order = list(CURRENCIES)
    base, _dot, quote = symbol.partition(".")
    if base not in order or quote not in order or order.index(base) >= order.index(quote):
        raise ConfigurationError(
            f"pair {symbol!r} is not known: expected such as EUR.USD or USD.JPY, of "
            f"{', '.join(order)} in this order"
        )
    return symbol
