"""From words to instruments: what is named, and what derives from it.

Rules:
1. What a word names is *listed*: stocks, indices, pairs, coins, bonds, and of a futures
   root the front month. Everything else (options, later and expired futures, what futures
   are on) is *derived*: it exists, and has prices once somebody wants them.
2. What several words bring along, such as ES by ``ES:FUT`` and by ``SPX:IND``, is there once.
3. Expiries are relative to the market's date; what the words and the date give is the
   same whatever the seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain as joined

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.hours import TradingDay
from ibelay.gateway.market.symbols import stock, usual_price
from ibelay.gateway.market.universe import futures, spot
from ibelay.gateway.market.universe.known import FUTURES, INDICES
from ibelay.gateway.market.universe.numbers import unique
from ibelay.gateway.market.universe.options import OptionClass, chain
from ibelay.gateway.market.universe.words import Kind, Word

_KEPT = 4


@dataclass(frozen=True, slots=True)
class Universe:
    """Listed instruments in the order of their words, and all derived ones."""

    listed: tuple[Instrument, ...]
    derived: tuple[Instrument, ...]

    @property
    def everything(self) -> tuple[Instrument, ...]:
        """Return both, the listed first."""
        return self.listed + self.derived


def listed(words: Sequence[Word], day: TradingDay) -> tuple[Instrument, ...]:
    """Return what *words* name themselves (rule 1).

    Raises:
        ConfigurationError: Two have the same made-up con_id.
    """
    return unique(_named(word, day) for word in words)


@lru_cache(maxsize=_KEPT)
def universe(words: tuple[Word, ...], day: TradingDay) -> Universe:
    """Return everything that exists in a market of *words* on *day*.

    Raises:
        ConfigurationError: Two instruments have the same made-up con_id.
    """
    named = listed(words, day)
    every = (one for word, front in zip(words, named, strict=True) for one in _of(word, front, day))
    everything = unique(_once(joined(named, every)))
    return Universe(named, everything[len(named) :])


def _once(instruments: Iterable[Instrument]) -> Iterator[Instrument]:
    """Yield what several words bring along once: two of the same id but of other terms stay."""
    seen: set[tuple[str, str, int]] = set()
    for one in instruments:
        contract = one.contract
        key = (contract.sec_type, contract.local_symbol, contract.con_id)
        if key not in seen:
            seen.add(key)
            yield one


def _named(word: Word, day: TradingDay) -> Instrument:
    match word.kind:
        case Kind.STOCK:
            return stock(word.symbol, day)
        case Kind.INDEX:
            return spot.index(word.symbol, day)
        case Kind.FUTURE:
            return next(one for one in futures.futures(word.symbol, day) if one.tradable)
        case Kind.FOREX:
            return spot.forex(word.symbol, day)
        case Kind.CRYPTO:
            return spot.crypto(word.symbol, day)
        case Kind.BOND:
            return spot.bond(word.symbol, day)


def _of(word: Word, named: Instrument, day: TradingDay) -> Iterator[Instrument]:
    """Yield what derives from *word*."""
    if word.kind is Kind.STOCK:
        yield from chain(named, OptionClass(word.symbol), usual_price(word.symbol), day)
    elif word.kind is Kind.INDEX:
        known = INDICES[word.symbol]
        for name, morning in known.option_classes:
            option_class = OptionClass(name, morning=morning, monthly_only=morning)
            yield from chain(named, option_class, known.price, day)
        for root, facts in FUTURES.items():
            if facts.under == word.symbol:
                yield from _root(root, day)
    elif word.kind is Kind.FUTURE:
        yield from _root(word.symbol, day)


def _root(root: str, day: TradingDay) -> Iterator[Instrument]:
    yield futures.underlying(root, day)
    yield from futures.futures(root, day)
