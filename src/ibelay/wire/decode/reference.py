"""Messages about what can be traded."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.wire import requests as ask
from ibelay.wire.decode.contract import read_contract
from ibelay.wire.decode.table import Served
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest


def _contract_details(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestContractDetails(reader.integer(), read_contract(reader))


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        9: Served(_contract_details, id_at=1),
    }
)
