"""The connection itself: who the client is, what time it is, what could not be read."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.model.ids import ClientId


@dataclass(frozen=True, slots=True)
class StartApi:
    """The first message: who the client is."""

    client_id: ClientId
    capabilities: str = ""


@dataclass(frozen=True, slots=True)
class RequestCurrentTime:
    """The gateway's clock."""


@dataclass(frozen=True, slots=True)
class SetServerLogLevel:
    """How much the gateway logs of this client; heard and not acted on."""

    level: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that is not served or not well formed, and IB's answer to it."""

    request_id: int
    code: int
    text: str


LinkRequests = StartApi | RequestCurrentTime | SetServerLogLevel | Refusal
