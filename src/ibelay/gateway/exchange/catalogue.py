"""What exists here, found as IB finds it.

Rules:
1. A con_id decides alone; with the type CONTFUT it gives the continuous contract.
2. Without one, every term that is filled in must fit: symbol, type, currency, exchange
   (SMART or any venue where it trades), expiry (a day, or a month for all its days),
   strike, right (C or CALL), multiplier, local symbol and trading class. What is left empty
   fits everything: a future without a month is all its expiries. A symbol may be left out
   where a local symbol or a trading class is given.
3. CONTFUT is the front month of each root that fits.
4. Expired contracts are found by con_id, and otherwise only when asked for.
5. A combination (BAG) is found if all its legs are, and at least two.
6. A search finds what is no derivative by the beginning of its symbol or of a word of its
   name; exact symbols first, then longer ones, then names; at most 16, as IB.

**Source**: IB "Contracts", "Symbol Search" and "Option Chains" pages; shared IB facts,
section 1c (200 for none and for several, where one is needed).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.market.universe.futures import continuous
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId

FOUND_MAX = 16
_MIN_LEGS = 2
_KNOWN_MAX = 1024
_MONTH_LETTERS = 6
_Key = TypeVar("_Key", bound=Hashable)
_DERIVATIVES = frozenset({"OPT", "FUT", "FOP", "WAR", "BAG"})
_OPTIONS = frozenset({"OPT", "FOP"})
_RIGHTS = {"CALL": "C", "PUT": "P"}
_ANY_NUMBER = (Decimal(0), Decimal(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionChain:
    """Expirations (YYYYMMDD) and strikes of one class on one exchange, both sorted."""

    exchange: str
    trading_class: str
    multiplier: Decimal
    expirations: tuple[str, ...]
    strikes: tuple[Decimal, ...]


class Catalogue:
    """The instruments of an exchange, by every term they are asked for by."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self._by_con_id = {one.contract.con_id: one for one in instruments}
        self._by_symbol = _grouped((one.contract.symbol, one) for one in instruments)
        self._by_local = _grouped((one.contract.local_symbol, one) for one in instruments)
        self._by_class = _grouped((one.contract.trading_class, one) for one in instruments)
        self._by_under = _grouped((one.under_con_id, one) for one in instruments)
        self._known: dict[tuple[Contract, bool], tuple[Instrument, ...]] = {}
        self._by_sec_id = _grouped((pair, one) for one in instruments for pair in one.sec_ids)

    def get(self, con_id: ConId) -> Instrument | None:
        """Return the instrument with *con_id*, or None."""
        return self._by_con_id.get(con_id)

    def find(self, contract: Contract, *, include_expired: bool = False) -> list[Instrument]:
        """Return everything *contract* describes, in the catalogue's order."""
        key = (contract, include_expired)
        known = self._known.get(key)
        if known is None:
            known = tuple(self._look_up(contract, include_expired=include_expired))
            if len(self._known) >= _KNOWN_MAX:  # clients may describe contracts without end
                self._known.clear()
            self._known[key] = known
        return list(known)

    def _look_up(self, contract: Contract, *, include_expired: bool) -> list[Instrument]:
        if contract.sec_type == "BAG":
            return self._combination(contract)
        if contract.con_id:
            found = self._by_con_id.get(contract.con_id)
            return [] if found is None else [_as_asked(contract, found)]
        if contract.sec_type == "CONTFUT":
            return self._continuous(contract)
        fits = [one for one in self._candidates(contract) if _describes(contract, one)]
        return [one for one in fits if include_expired or not expired(one)]

    def with_sec_id(self, kind: str, number: str) -> list[Instrument]:
        """Return what an ISIN, a CUSIP or the like names."""
        return list(self._by_sec_id.get((kind.upper(), number.upper()), ()))

    def search(self, pattern: str) -> list[Instrument]:
        """Return what *pattern* finds (rule 6)."""
        wanted = pattern.strip().upper()
        if not wanted:
            return []
        ranked: list[tuple[int, Instrument]] = []
        for symbol, group in self._by_symbol.items():
            for one in group:
                if one.contract.sec_type in _DERIVATIVES:
                    continue
                if symbol.startswith(wanted):
                    ranked.append((int(symbol != wanted), one))
                elif any(word.startswith(wanted) for word in one.long_name.upper().split()):
                    ranked.append((2, one))
        ranked.sort(key=lambda row: row[0])
        return [one for _rank, one in ranked[:FOUND_MAX]]

    def derivatives(self, under_con_id: ConId) -> list[str]:
        """Return the types of what is on the instrument *under_con_id*, sorted."""
        return sorted({one.contract.sec_type for one in self._by_under.get(under_con_id, ())})

    def option_chains(self, under_con_id: ConId, exchange: str = "") -> list[OptionChain]:
        """Return the chains on *under_con_id*, of one *exchange* or of all."""
        days: dict[tuple[str, str, Decimal], set[str]] = defaultdict(set)
        strikes: dict[tuple[str, str, Decimal], set[Decimal]] = defaultdict(set)
        for one in self._by_under.get(under_con_id, ()):
            contract = one.contract
            if contract.sec_type not in _OPTIONS or expired(one):
                continue
            for venue in sorted(_venues(one)):
                if exchange in {"", venue}:
                    key = (venue, contract.trading_class, contract.multiplier)
                    days[key].add(contract.last_trade_date)
                    strikes[key].add(contract.strike)
        return [
            OptionChain(
                exchange=key[0],
                trading_class=key[1],
                multiplier=key[2],
                expirations=tuple(sorted(days[key])),
                strikes=tuple(sorted(strikes[key])),
            )
            for key in sorted(days)
        ]

    def _candidates(self, contract: Contract) -> Iterable[Instrument]:
        """Return the smallest group that holds everything *contract* can mean."""
        if contract.local_symbol:
            return self._by_local.get(contract.local_symbol, ())
        if contract.sec_type == "BOND" and contract.symbol not in self._by_symbol:
            return self._by_sec_id.get(("CUSIP", contract.symbol.upper()), ())
        if contract.symbol:
            return self._by_symbol.get(contract.symbol, ())
        return self._by_class.get(contract.trading_class, ()) if contract.trading_class else ()

    def _continuous(self, contract: Contract) -> list[Instrument]:
        """Return the first living contract of each root that fits (rule 3)."""
        asked = replace(contract, sec_type="FUT", last_trade_date="")
        fronts: dict[str, Instrument] = {}
        for one in self.find(asked):
            root = one.contract.trading_class
            front = fronts.get(root)
            if front is None or one.contract.last_trade_date < front.contract.last_trade_date:
                fronts[root] = one
        return [continuous(one) for one in fronts.values()]

    def _combination(self, contract: Contract) -> list[Instrument]:
        legs = [self._by_con_id.get(leg.con_id) for leg in contract.legs]
        found = [leg for leg in legs if leg is not None]
        if len(found) < max(_MIN_LEGS, len(legs)):
            return []
        first = found[0]
        known = replace(contract, symbol=contract.symbol or first.contract.symbol)
        return [
            Instrument(
                contract=replace(known, currency=contract.currency or first.contract.currency),
                long_name="combination",
                min_tick=min(leg.min_tick for leg in found),
                trading_hours=first.trading_hours,
                liquid_hours=first.liquid_hours,
                time_zone=first.time_zone,
                sessions=first.sessions,
                tradable=all(leg.tradable for leg in found),
                stock_type="",
                valid_exchanges=first.valid_exchanges,
            )
        ]


def expired(instrument: Instrument) -> bool:
    """Return whether *instrument* has stopped trading before the market began."""
    return instrument.expires_ns is not None and not instrument.tradable


def _grouped(pairs: Iterable[tuple[_Key, Instrument]]) -> dict[_Key, list[Instrument]]:
    groups: dict[_Key, list[Instrument]] = defaultdict(list)
    for key, one in pairs:
        groups[key].append(one)
    return dict(groups)


def _as_asked(asked: Contract, found: Instrument) -> Instrument:
    return continuous(found) if asked.sec_type == "CONTFUT" else found


def _venues(one: Instrument) -> set[str]:
    contract = one.contract
    return {contract.exchange, contract.primary_exchange, *one.valid_exchanges} - {""}


def _describes(asked: Contract, one: Instrument) -> bool:
    """Return whether the filled-in terms of *asked* all fit *one* (rule 2)."""
    contract = one.contract
    right = asked.right.upper()
    return (
        (asked.symbol in {"", contract.symbol} or _is_cusip(asked, one))
        and asked.sec_type in {"", contract.sec_type}
        and asked.currency in {"", contract.currency}
        and (not asked.exchange or asked.exchange in _venues(one))
        and asked.primary_exchange in {"", contract.primary_exchange, contract.exchange}
        and _expires(one, asked.last_trade_date)
        and asked.strike in {0, contract.strike}
        and _RIGHTS.get(right, right) in {"", "0", "?", contract.right}
        and (asked.multiplier in _ANY_NUMBER or asked.multiplier == contract.multiplier)
        and asked.local_symbol in {"", contract.local_symbol}
        and asked.trading_class in {"", contract.trading_class}
    )


def _is_cusip(asked: Contract, one: Instrument) -> bool:
    """Return whether *asked* names the bond *one* by its CUSIP in place of a symbol."""
    bond = one.contract.sec_type == "BOND"
    return bond and ("CUSIP", asked.symbol.upper()) in one.sec_ids


def _expires(one: Instrument, asked: str) -> bool:
    """Return whether *one* fits an expiry, a month (the contract's, not the day's) or a day."""
    if len(asked) == _MONTH_LETTERS and one.contract_month:
        return one.contract_month == asked
    return asked in {"", one.contract.last_trade_date}
