"""The search desk: contracts found by a few letters, and the options of an underlying.

Rules:
1. A pattern finds symbols that begin with it, and names with a word that does, at most 16
   as at IB; each once, as the underlying that has derivatives.
2. Option parameters come one row per exchange, class and multiplier; the strikes of a row
   are those of any of its expirations, as IB gives them.

**Source**: IB "Symbol Search" and "Option Chains" pages.
"""

from __future__ import annotations

from ibelay.gateway.session.desk import Client, Handlers
from ibelay.wire.encode import reference as say
from ibelay.wire.requests import reference as ask


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
        catalogue = self._floor.exchange.catalogue
        found = [
            say.SymbolSample(
                contract=one.contract,
                derivatives=catalogue.derivatives(one.contract.con_id),
                description=one.long_name,
            )
            for one in catalogue.search(request.pattern)
        ]
        self._voice.say(say.symbol_samples(request.request_id, found, self._voice.version))

    def _option_parameters(self, request: ask.RequestOptionParameters) -> None:
        number = request.request_id
        under = self._floor.instrument(request.con_id)
        if under is None or under.contract.symbol != request.symbol:
            text = f"Error validating request: no {request.symbol[:20]!r} with con id"
            self._voice.refuse(number, 321, f"{text} {request.con_id}")
            return
        for chain in self._floor.exchange.catalogue.option_chains(request.con_id, request.exchange):
            self._voice.say(
                say.option_parameters(
                    number,
                    exchange=chain.exchange,
                    under_con_id=request.con_id,
                    trading_class=chain.trading_class,
                    multiplier=chain.multiplier,
                    expirations=chain.expirations,
                    strikes=chain.strikes,
                )
            )
        self._voice.say(say.option_parameters_end(number))
