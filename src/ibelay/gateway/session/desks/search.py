"""The search desk: contracts found by a few letters, and the options of an underlying.

Rules:
1. A pattern finds symbols that begin with it, and names with a word that does, at most 16
   as at IB; each once, as the underlying that has derivatives.
2. Option parameters come one row per exchange, class and multiplier; the strikes of a row
   are those of any of its expirations, as IB gives them.

**Source**: IB "Symbol Search" and "Option Chains" pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.wire.encode import reference as say
from ibelay.wire.requests import reference as ask

MAX_FOUND = 16
_DERIVATIVES = frozenset({"OPT", "FUT", "FOP", "WAR", "CFD"})
Chain = tuple[str, str, Decimal]


def matches(instruments: Sequence[Instrument], pattern: str) -> list[Instrument]:
    """Return what *pattern* finds (rule 1): exact symbols first, then others, then names."""
    wanted = pattern.strip().upper()
    if not wanted:
        return []
    ranked = []
    for one in instruments:
        symbol, words = one.contract.symbol, one.long_name.upper().split()
        if one.contract.sec_type in _DERIVATIVES:
            continue
        if symbol == wanted:
            ranked.append((0, one))
        elif symbol.startswith(wanted):
            ranked.append((1, one))
        elif any(word.startswith(wanted) for word in words):
            ranked.append((2, one))
    ranked.sort(key=lambda row: row[0])
    return [one for _rank, one in ranked[:MAX_FOUND]]


def chains(
    options: Iterable[Instrument],
) -> dict[Chain, tuple[list[str], list[Decimal]]]:
    """Return expirations and strikes, sorted, of each (exchange, class, multiplier)."""
    found: dict[Chain, tuple[set[str], set[Decimal]]] = defaultdict(lambda: (set(), set()))
    for one in options:
        contract = one.contract
        for exchange in dict.fromkeys((contract.exchange, *one.valid_exchanges)):
            days, strikes = found[(exchange, contract.trading_class, contract.multiplier)]
            days.add(contract.last_trade_date)
            strikes.add(contract.strike)
    return {chain: (sorted(days), sorted(strikes)) for chain, (days, strikes) in found.items()}


class SearchDesk:
    """Serves what a client looks for without naming a contract."""

    def __init__(self, client: Client) -> None:
        self._floor = client.floor
        self._voice = client.voice

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestMatchingSymbols: self._matching_symbols,
            ask.RequestOptionParameters: self._option_parameters,
        }

    def _matching_symbols(self, request: ask.RequestMatchingSymbols) -> None:
        instruments = self._floor.market.universe
        kinds: dict[int, set[str]] = defaultdict(set)
        for one in instruments:
            if one.under_con_id:
                kinds[one.under_con_id].add(one.contract.sec_type)
        found = [
            say.SymbolSample(
                contract=one.contract,
                derivatives=sorted(kinds[one.contract.con_id] & _DERIVATIVES),
                description=one.long_name,
            )
            for one in matches(instruments, request.pattern)
        ]
        self._voice.say(say.symbol_samples(request.request_id, found, self._voice.version))

    def _option_parameters(self, request: ask.RequestOptionParameters) -> None:
        number = request.request_id
        under = self._floor.instrument(request.con_id)
        if under is None or under.contract.symbol != request.symbol:
            text = f"Error validating request: no {request.symbol[:20]!r} with con id"
            self._voice.refuse(number, 321, f"{text} {request.con_id}")
            return
        options = (
            one
            for one in self._floor.market.universe
            if one.under_con_id == request.con_id and one.contract.sec_type in {"OPT", "FOP"}
        )
        for (exchange, name, multiplier), (days, strikes) in sorted(chains(options).items()):
            if request.exchange in {"", exchange}:
                self._voice.say(
                    say.option_parameters(
                        number,
                        exchange=exchange,
                        under_con_id=request.con_id,
                        trading_class=name,
                        multiplier=multiplier,
                        expirations=days,
                        strikes=strikes,
                    )
                )
        self._voice.say(say.option_parameters_end(number))
