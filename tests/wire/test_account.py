"""Messages of the account, as the real ib_async writes and reads them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.wire.foreign import heard, sent

from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.wire.decode import decode
from ibelay.wire.encode import account as say
from ibelay.wire.requests import account as ask

VERSIONS = (157, 163, 176, 178)
SPY = Contract(symbol="SPY", con_id=ConId(756733), primary_exchange="ARCA")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda c: c.reqPositionsMulti(1, "DU1", "M"), ask.RequestPositionsMulti(1, "DU1", "M")),
        (lambda c: c.cancelPositionsMulti(1), ask.CancelPositionsMulti(1)),
        (
            lambda c: c.reqAccountUpdatesMulti(2, "DU1", "M", True),
            ask.RequestAccountUpdatesMulti(2, "DU1", "M", ledger_only=True),
        ),
        (lambda c: c.reqPnL(3, "DU1", "M"), ask.RequestPnL(3, "DU1", "M")),
        (lambda c: c.cancelPnL(3), ask.CancelPnL(3)),
        (
            lambda c: c.reqPnLSingle(4, "DU1", "M", 756733),
            ask.RequestPnLSingle(4, "DU1", "M", ConId(756733)),
        ),
        (lambda c: c.cancelPnLSingle(4), ask.CancelPnLSingle(4)),
        (lambda c: c.reqFamilyCodes(), ask.RequestFamilyCodes()),
    ],
)
def test_requests_of_ib_async_are_understood(
    act: Callable[[Any], None], expected: ask.AccountRequests, version: int
) -> None:
    assert decode(sent(act, version), version) == expected


def test_profit_is_understood() -> None:
    name, told = heard(say.profit(3, Decimal("1.5"), Decimal(-2), Decimal(0)))
    assert (name, told) == ("pnl", [3, 1.5, -2.0, 0.0])


def test_profit_of_a_position_is_understood_also_where_it_is_not_set() -> None:
    profits = (Decimal(1), Decimal(2), Decimal(3))
    name, told = heard(say.position_profit(4, Decimal(-10), profits, Decimal(-1000)))
    assert (name, told) == ("pnlSingle", [4, -10.0, 1.0, 2.0, 3.0, -1000.0])
    _, told = heard(say.position_profit(4, Decimal(0), None, Decimal(0)))
    assert told[2] == 1.7976931348623157e308


def test_positions_of_an_account_are_understood() -> None:
    text = say.position_multi(5, "DU1", SPY, Decimal(10), Decimal("400.01"))
    name, (number, account, model, contract, size, cost) = heard(text)
    assert (name, number, account, model) == ("positionMulti", 5, "DU1", "")
    assert (contract.conId, contract.exchange, size, cost) == (756733, "ARCA", 10.0, 400.01)
    assert heard(say.position_multi_end(5)) == ("positionMultiEnd", [5])


def test_family_codes_are_understood() -> None:
    name, (rows,) = heard(say.family_codes([("*", ""), ("DU1", "F1")]))
    assert name == "familyCodes"
    assert [(row.accountID, row.familyCodeStr) for row in rows] == [("*", ""), ("DU1", "F1")]
