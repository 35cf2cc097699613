"""Commissions of every class of instrument, per order rather than per fill."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.gateway.exchange.accounts import Account
from ibelay.gateway.exchange.commissions import charge
from ibelay.model.contract import Contract


def contract(sec_type: str, multiplier: str = "1", currency: str = "USD") -> Contract:
    return Contract(symbol="X", sec_type=sec_type, multiplier=D(multiplier), currency=currency)


@pytest.mark.parametrize(
    ("what", "quantity", "price", "cost"),
    [
        (contract("STK"), "1000", "50", "5"),
        (contract("STK"), "10", "50", "1"),
        (contract("STK"), "10", "5", "0.50"),
        (contract("STK", currency="EUR"), "1000", "50", "25"),
        (contract("STK", currency="EUR"), "10", "50", "3"),
        (contract("OPT", "100"), "1", "2.5", "1"),
        (contract("OPT", "100"), "10", "2.5", "6.50"),
        (contract("FUT", "50"), "3", "4500", "2.55"),
        (contract("FUT", "1000"), "1", "-37", "0.85"),
        (contract("CASH"), "20000", "1.1", "2"),
        (contract("CASH"), "200000", "1.1", "4.40"),
        (contract("CRYPTO"), "0.5", "40000", "36"),
        (contract("CRYPTO"), "0.01", "40000", "1.75"),
        (contract("CRYPTO"), "0.001", "40000", "0.40"),
        (contract("BOND", "1000"), "5", "98", "5"),
        (contract("BOND", "1000"), "30", "98", "15"),
        (contract("FUND"), "100", "100", "5"),
    ],
)
def test_each_class_has_its_plan(what: Contract, quantity: str, price: str, cost: str) -> None:
    zero = D(0)
    paid = charge(what, D(quantity), D(price), filled_before=zero, value_before=zero)
    assert paid == D(cost)


def test_dollar_minima_are_charged_in_the_currency_of_the_contract() -> None:
    mine = Account("DU1", D(100_000), rates={"JPY": D("0.01")})
    pair = contract("CASH", currency="JPY")
    assert mine.commission(pair, D(1000), D(150)) == D(200)
    assert mine.commission(contract("FUT", "5", currency="JPY"), D(2), D(38_000)) == D(170)


@given(
    st.sampled_from(["STK", "OPT", "FUT", "CASH", "CRYPTO", "BOND"]),
    st.lists(st.tuples(st.integers(1, 500), st.integers(1, 900)), min_size=1, max_size=5),
)
def test_fills_pay_what_their_order_costs_and_never_negative(
    sec_type: str, fills: list[tuple[int, int]]
) -> None:
    what, filled, value, paid = contract(sec_type), D(0), D(0), D(0)
    for quantity, price in fills:
        fee = charge(what, D(quantity), D(price), filled_before=filled, value_before=value)
        assert fee >= 0
        filled, value, paid = filled + quantity, value + quantity * price, paid + fee
    mean = value / filled
    zero = D(0)
    whole = charge(what, filled, mean, filled_before=zero, value_before=zero)
    assert abs(paid - whole) < D("1e-9")
