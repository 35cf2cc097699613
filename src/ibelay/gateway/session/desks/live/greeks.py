"""What IB computes of options: along with their quotes, and when asked for.

Rules:
1. A quote of an option, the standing one and every new one, is followed by what its bid and
   its ask imply (ticks 10 and 11), and by the model's view at their middle (13), in a stream
   and in a snapshot; a print by what it implies (12). The
   underlying counts at its middle, else at its last price.
2. What no volatility explains is not said in a stream, and said as unknown when it was
   asked for.
3. A calculation is answered at once (tick 53); there is nothing left to cancel.

**Source**: IB "Option Greeks" page; -1 and -2 for what is not known as clients read them.
"""

from __future__ import annotations

from ibelay.gateway.market.api import Instrument, MarketEvent, Print
from ibelay.gateway.market.pricing.model import Computation, from_price, from_volatility
from ibelay.gateway.session.board.ticks import OptionTick
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.contracts import find_one
from ibelay.gateway.session.floor import Floor
from ibelay.wire.encode import data as say
from ibelay.wire.requests import options as ask

BID, ASK, LAST, MODEL, CUSTOM = 10, 11, 12, 13, 53
OPTIONS = frozenset({"OPT", "FOP"})
_UNKNOWN = (-1.0, -2.0, -1.0, -1.0, -2.0, -2.0, -2.0, -1.0)


def figures(computed: Computation | None) -> tuple[float, ...]:
    """Return the eight figures of a computation in the order of the wire."""
    if computed is None:
        return _UNKNOWN
    greeks = computed.greeks
    return (
        computed.implied_volatility,
        greeks.delta,
        greeks.price,
        computed.present_value_of_dividends,
        greeks.gamma,
        greeks.vega,
        greeks.theta,
        computed.under_price,
    )


def computed_of(floor: Floor, one: Instrument, event: MarketEvent) -> list[OptionTick]:
    """Return what *event* of the option *one* implies (rule 1)."""
    under = floor.instrument(one.under_con_id)
    under_price = None if under is None else floor.face(one.under_con_id).price
    if under_price is None:
        return []
    if isinstance(event, Print):
        prices = {LAST: event.price}
    else:
        bid, ask_ = event.quote.bid, event.quote.ask
        prices = {kind: side for kind, side in ((BID, bid), (ASK, ask_)) if side is not None}
        if bid is not None and ask_ is not None:
            prices[MODEL] = (bid + ask_) / 2
    found = [
        (kind, from_price(one, float(under_price), float(price), floor.now_ns))
        for kind, price in prices.items()
    ]
    return [OptionTick(kind, figures(what)) for kind, what in found if what is not None]


class OptionDesk:
    """Serves the two calculations a client may ask for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._floor = client.floor
        self._voice = client.voice

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.CalculateImpliedVolatility: self._implied_volatility,
            ask.CalculateOptionPrice: self._option_price,
            ask.CancelCalculation: self._nothing_to_cancel,
        }

    def _option(self, request: ask.Calculation) -> Instrument | None:
        """Return the option asked about, or refuse."""
        found = find_one(self._client, request.request_id, request.contract)
        if found is None:
            return None
        wrong = [
            name
            for name, value in (("underlying price", request.under_price), request.given)
            if value is None or value <= 0
        ]
        if found.contract.sec_type not in OPTIONS:
            wrong.append("option")
        if wrong:
            text = f"Error validating request: expected a positive {' and '.join(wrong)}"
            self._voice.refuse(request.request_id, 321, text)
            return None
        return found

    def _implied_volatility(self, request: ask.CalculateImpliedVolatility) -> None:
        one = self._option(request)
        if one is not None:
            under, price = float(request.under_price or 0), float(request.option_price or 0)
            self._answer(request, from_price(one, under, price, self._floor.now_ns))

    def _option_price(self, request: ask.CalculateOptionPrice) -> None:
        one = self._option(request)
        if one is not None:
            under, volatility = float(request.under_price or 0), float(request.volatility or 0)
            self._answer(request, from_volatility(one, under, volatility, self._floor.now_ns))

    def _answer(self, request: ask.Calculation, computed: Computation | None) -> None:
        row = figures(computed)
        self._voice.say(say.tick_option_computation(request.request_id, CUSTOM, row))

    def _nothing_to_cancel(self, request: ask.CancelCalculation) -> None:
        number = request.request_id
        self._voice.refuse(number, 300, f"Can't find EId with tickerId:{number}")
