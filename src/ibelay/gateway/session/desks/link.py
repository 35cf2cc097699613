"""The link desk: who is there, what time it is, and what could not be read."""

from __future__ import annotations

from ibelay.gateway.session.desk import Client, Handlers
from ibelay.wire import encode
from ibelay.wire import requests as ask

_FARMS = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefil"),
)


class LinkDesk:
    """Serves what a client asks about the connection."""

    def __init__(self, client: Client) -> None:
        self._floor = client.floor
        self._client_id = client.client_id
        self._voice = client.voice

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.StartApi: self._started,
            ask.RequestCurrentTime: self._current_time,
            ask.SetServerLogLevel: self._log_level,
            ask.Refusal: self._refused,
        }

    def open(self) -> None:
        """Say the next order id and that the farms are there."""
        next_id = self._floor.exchange.next_order_id(self._client_id)
        self._voice.say(encode.next_valid_id(next_id))
        for code, text in _FARMS:
            self._voice.notify(code, text)

    def _started(self, _request: ask.StartApi) -> None:
        self._voice.notify(501, "Already Connected.")

    def _current_time(self, _request: ask.RequestCurrentTime) -> None:
        self._voice.say(encode.current_time(self._floor.now_ns))

    def _log_level(self, request: ask.SetServerLogLevel) -> None:
        if not 1 <= request.level <= 5:
            self._voice.notify(319, f"Invalid log level {request.level}: expected 1 to 5")

    def _refused(self, request: ask.Refusal) -> None:
        self._voice.refuse(request.request_id, request.code, request.text)
