"""Messages about the account."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ibelay.model.ids import ConId
from ibelay.wire.decode.table import Served, by_bare_id, by_id, plain
from ibelay.wire.fields import FieldReader
from ibelay.wire.requests import ClientRequest
from ibelay.wire.requests import account as ask


def _account_updates(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestAccountUpdates(reader.flag(), reader.text())


def _account_updates_multi(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    named = (reader.integer(), reader.text(), reader.text())
    return ask.RequestAccountUpdatesMulti(*named, ledger_only=reader.flag())


def _positions_multi(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestPositionsMulti(reader.integer(), reader.text(), reader.text())


def _pnl(reader: FieldReader, _version: int) -> ClientRequest:
    return ask.RequestPnL(reader.integer(), reader.text(), reader.text())


def _pnl_single(reader: FieldReader, _version: int) -> ClientRequest:
    named = (reader.integer(), reader.text(), reader.text())
    return ask.RequestPnLSingle(*named, ConId(reader.integer()))


def _account_summary(reader: FieldReader, _version: int) -> ClientRequest:
    reader.skip()
    return ask.RequestAccountSummary(reader.integer(), reader.text(), reader.text())


TABLE: Mapping[int, Served] = MappingProxyType(
    {
        6: Served(_account_updates),
        17: plain(ask.RequestManagedAccounts()),
        61: plain(ask.RequestPositions()),
        62: Served(_account_summary, id_at=1),
        63: by_id(ask.CancelAccountSummary),
        64: plain(ask.CancelPositions()),
        74: Served(_positions_multi, id_at=1),
        75: by_id(ask.CancelPositionsMulti),
        76: Served(_account_updates_multi, id_at=1),
        77: by_id(ask.CancelAccountUpdatesMulti),
        80: plain(ask.RequestFamilyCodes()),
        92: Served(_pnl, id_at=0),
        93: by_bare_id(ask.CancelPnL),
        94: Served(_pnl_single, id_at=0),
        95: by_bare_id(ask.CancelPnLSingle),
    }
)
