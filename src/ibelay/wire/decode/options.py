"""Messages about calculations of options."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.wire.decode.contract import read_contract
from ibelay.wire.decode.table import Served, by_id
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest
from ibelay.wire.requests import options as ask


def _implied_volatility(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.CalculateImpliedVolatility(
        request_id=reader.integer(),
        contract=read_contract(reader),
        option_price=reader.decimal(),
        under_price=reader.decimal(),
    )


def _option_price(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.CalculateOptionPrice(
        request_id=reader.integer(),
        contract=read_contract(reader),
        volatility=reader.decimal(),
        under_price=reader.decimal(),
    )


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        54: Served(_implied_volatility, id_at=1),
        55: Served(_option_price, id_at=1),
        56: by_id(ask.CancelCalculation),
        57: by_id(ask.CancelCalculation),
    }
)
