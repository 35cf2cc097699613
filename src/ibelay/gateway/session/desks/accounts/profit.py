"""The profit desk: profit and loss of the account, and of single positions.

Rules:
1. A subscription answers at once, then at most once a second of market time, and only if
   something changed.
2. A position that is not held, and was not today, has quantity and value 0, no profit
   ("not set"), and a warning once: 2150. What is no contract of this market is told alike.
3. At most 100 subscriptions; an id in use is refused: both 322. Cancelling what is not
   subscribed: 10185 for the account, 10186 for a position.

**Source**: IB "Profit and Loss" page; shared IB facts, section 1c; users' logs for 2150 with
values "not set". The limit of rule 3 is our choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ibelay.control.agenda import NEVER_NS
from ibelay.gateway.exchange.money.cash import rounded
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.accounts.names import refuses
from ibelay.model.ids import ConId
from ibelay.wire.encode import account as say
from ibelay.wire.requests import account as ask
from ibelay.wire.times import SECOND_NS

MAX_STREAMS = 100
NOT_HELD = (2150, "Invalid position trade derived value")
_ZERO = Decimal(0)


@dataclass(slots=True)
class _Stream:
    """One subscription: how its message is made, what was said last, and when."""

    write: Callable[[], bytes]
    said: bytes = b""
    told_ns: int = 0

    def news(self, now_ns: int) -> list[bytes]:
        """Return the message, if it differs from the last."""
        self.told_ns = now_ns
        text = self.write()
        if text == self.said:
            return []
        self.said = text
        return [text]


class ProfitDesk:
    """Serves profit and loss."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._floor = client.floor
        self._voice = client.voice
        self._whole: dict[int, _Stream] = {}
        self._single: dict[int, _Stream] = {}

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestPnL: self._subscribe,
            ask.CancelPnL: self._cancel,
            ask.RequestPnLSingle: self._subscribe_single,
            ask.CancelPnLSingle: self._cancel_single,
        }

    def on_time(self, now_ns: int) -> None:
        """Say what changed, at most once a second (rule 1)."""
        if not (self._whole or self._single):
            return
        for stream in (*self._whole.values(), *self._single.values()):
            if now_ns - stream.told_ns >= SECOND_NS:
                self._voice.say_all(stream.news(now_ns))

    def due_ns(self) -> int:
        """See ``TimeListener``."""
        if not (self._whole or self._single):
            return NEVER_NS
        told = (stream.told_ns for stream in (*self._whole.values(), *self._single.values()))
        return min(told) + SECOND_NS

    def _subscribe(self, request: ask.RequestPnL) -> None:
        number = request.request_id
        if not self._refuses(number, request.account, request.model_code):
            self._begin(self._whole, number, lambda: self._profit(number))

    def _subscribe_single(self, request: ask.RequestPnLSingle) -> None:
        number, con_id = request.request_id, request.con_id
        if self._refuses(number, request.account, request.model_code):
            return
        if self._floor.exchange.account.profit_of(con_id) is None:
            self._voice.refuse(number, *NOT_HELD)
        self._begin(self._single, number, lambda: self._position(number, con_id))

    def _begin(self, streams: dict[int, _Stream], number: int, write: Callable[[], bytes]) -> None:
        streams[number] = _Stream(write)
        self._voice.say_all(streams[number].news(self._floor.now_ns))

    def _refuses(self, number: int, account: str, model_code: str) -> bool:
        if refuses(self._client, number, account):
            return True
        code, text = 322, ""
        if model_code:
            code, text = 321, f"Error validating request: no model {model_code[:20]!r}"
        elif number in self._whole or number in self._single:
            text = "Error processing request: duplicate ticker id"
        elif len(self._whole) + len(self._single) >= MAX_STREAMS:
            text = f"Error processing request: at most {MAX_STREAMS} profit subscriptions"
        if text:
            self._voice.refuse(number, code, text)
        return bool(text)

    def _profit(self, number: int) -> bytes:
        profit = self._floor.exchange.account.profit()
        figures = (profit.daily, profit.unrealized, profit.realized)
        return say.profit(number, *map(rounded, figures))

    def _position(self, number: int, con_id: ConId) -> bytes:
        found = self._floor.exchange.account.profit_of(con_id)
        if found is None:
            return say.position_profit(number, _ZERO, None, _ZERO)
        figures = (found.daily, found.unrealized, found.realized)
        cents = [rounded(one) for one in figures]
        return say.position_profit(number, found.quantity, cents, rounded(found.value))

    def _cancel(self, request: ask.CancelPnL) -> None:
        if self._whole.pop(request.request_id, None) is None:
            self._voice.refuse(request.request_id, 10185, "Failed to cancel PNL (not subscribed)")

    def _cancel_single(self, request: ask.CancelPnLSingle) -> None:
        if self._single.pop(request.request_id, None) is None:
            text = "Failed to cancel PNL single (not subscribed)"
            self._voice.refuse(request.request_id, 10186, text)
