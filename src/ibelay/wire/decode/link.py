"""Messages about the connection."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.errors import WireError
from ibelay.model.ids import ClientId
from ibelay.wire import requests as ask
from ibelay.wire.decode.table import Served, plain
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest


def _start_api(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    client_id = reader.integer()
    if client_id < 0:
        raise WireError(f"client id {client_id} is negative")
    return ask.StartApi(ClientId(client_id), reader.text() if reader.left else "")


def _log_level(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.SetServerLogLevel(reader.integer())


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        14: Served(_log_level),
        49: plain(ask.RequestCurrentTime()),
        71: Served(_start_api),
    }
)
