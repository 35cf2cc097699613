"""The position desk: what is held, now and on every change.

Rules:
1. A subscription answers with every holding of the day and its end, then sends each holding
   that changes. What was closed today has quantity 0.
2. Forex pairs are positions too, with the average rate as their cost.
3. At most 50 subscriptions with an id (322); an id in use is refused (322).

**Source**: IB "Positions" page; shared IB facts, section 3 (zero rows only for closed today).
The limit of rule 3 is our choice.
"""

from __future__ import annotations

from ibelay.gateway.exchange.events import ExchangeEvent, PositionChanged
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.accounts.names import refuses
from ibelay.wire.encode import account as say
from ibelay.wire.requests import account as ask

MAX_MULTI = 50


class PositionDesk:
    """Serves positions."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._floor = client.floor
        self._voice = client.voice
        self._subscribed = False
        self._multi: set[int] = set()

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestPositions: self._all,
            ask.CancelPositions: self._cancel,
            ask.RequestPositionsMulti: self._all_multi,
            ask.CancelPositionsMulti: self._cancel_multi,
        }

    def hear(self, event: ExchangeEvent) -> None:
        """Send a holding that changed."""
        if not isinstance(event, PositionChanged):
            return
        if self._subscribed:
            self._say(event)
        for number in sorted(self._multi):
            self._say_multi(number, event)

    def _all(self, _request: ask.RequestPositions) -> None:
        self._subscribed = True
        for row in self._floor.exchange.positions():
            self._say(row)
        self._voice.say(say.position_end())

    def _cancel(self, _request: ask.CancelPositions) -> None:
        self._subscribed = False

    def _all_multi(self, request: ask.RequestPositionsMulti) -> None:
        number = request.request_id
        if refuses(self._client, number, request.account):
            return
        if number in self._multi:
            self._voice.refuse(number, 322, "Error processing request: duplicate ticker id")
            return
        if len(self._multi) >= MAX_MULTI:
            text = f"Error processing request: at most {MAX_MULTI} position subscriptions"
            self._voice.refuse(number, 322, text)
            return
        if not request.model_code:
            self._multi.add(number)
            for row in self._floor.exchange.positions():
                self._say_multi(number, row)
        self._voice.say(say.position_multi_end(number))

    def _cancel_multi(self, request: ask.CancelPositionsMulti) -> None:
        self._multi.discard(request.request_id)

    def _say(self, row: PositionChanged) -> None:
        held = row.position
        figures = (held.quantity, held.average_cost)
        self._voice.say(say.position(held.account, held.contract, *figures))

    def _say_multi(self, number: int, row: PositionChanged) -> None:
        held = row.position
        figures = (held.quantity, held.average_cost)
        self._voice.say(say.position_multi(number, held.account, held.contract, *figures))
