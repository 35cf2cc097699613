"""What options sold bind: alone, covered, and in spreads."""

from __future__ import annotations

from decimal import Decimal as D  # noqa: N817 - the tests are full of them

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.gateway.exchange.accounts import Account
from ibelay.gateway.exchange.money.option_margin import Lot, alone, bound
from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId
from ibelay.model.order import Action

UNDER = ConId(1)
JUNE, JULY = "20250620", "20250718"


def option(right: str, strike: int, expiry: str = JUNE, *, index: bool = False) -> Instrument:
    contract = Contract(
        symbol="X",
        sec_type="OPT",
        con_id=ConId(10_000 * (right == "P") + strike * 10 + (expiry == JULY)),
        right=right,
        strike=D(strike),
        multiplier=D(100),
        last_trade_date=expiry,
    )
    kind = "IND" if index else "STK"
    return Instrument(contract=contract, long_name="", under_con_id=UNDER, under_sec_type=kind)


def lot(what: Instrument, quantity: int, price: str = "1", under: str | None = "100") -> Lot:
    return Lot(what, D(quantity), D(price), None if under is None else D(under))


def total(*lots: Lot, shares: int = 0) -> D:
    return sum(bound(lots, {UNDER: D(shares)}).values(), D(0))


@pytest.mark.parametrize(
    ("what", "price", "under", "each"),
    [
        (option("C", 100), "3", "100", 300 + 2000),
        (option("C", 105), "1", "100", 100 + 1500),
        (option("C", 120), "1", "100", 100 + 1000),
        (option("P", 95), "1", "100", 100 + 1500),
        (option("P", 80), "1", "100", 100 + 800),
        (option("C", 100, index=True), "3", "100", 300 + 1500),
        (option("C", 10), "0.1", "10", 10 + 250),
        (option("C", 100), "3", None, 300 + 2000),
    ],
)
def test_alone_it_binds_its_price_and_a_share_of_the_underlying(
    what: Instrument, price: str, under: str | None, each: int
) -> None:
    assert alone(lot(what, -2, price, under)) == each
    assert total(lot(what, -2, price, under)) == 2 * each
    assert total(lot(what, 2, price, under)) == 0


@pytest.mark.parametrize(
    ("sold", "bought", "binds"),
    [
        (option("C", 100), option("C", 105), 500),
        (option("C", 100), option("C", 95), 0),
        (option("P", 100), option("P", 90), 1000),
        (option("P", 100), option("P", 110), 0),
        (option("C", 100), option("C", 105, JULY), 500),
    ],
)
def test_a_spread_binds_what_its_strikes_can_cost(
    sold: Instrument, bought: Instrument, binds: int
) -> None:
    assert total(lot(sold, -3), lot(bought, 3)) == 3 * binds
    rest = alone(lot(sold, -1))
    assert total(lot(sold, -3), lot(bought, 1)) == binds + 2 * rest


@pytest.mark.parametrize(
    "bought",
    [option("P", 105), option("C", 105, "20250516"), option("C", 200)],
    ids=["another right", "expires earlier", "too far to help"],
)
def test_what_does_not_cover_changes_nothing(bought: Instrument) -> None:
    sold = lot(option("C", 100), -1)
    assert total(sold, lot(bought, 1)) == alone(lot(option("C", 100), -1))


def test_shares_cover_calls_a_hundred_at_a_time() -> None:
    call, each = option("C", 95), alone(lot(option("C", 95), -1))
    assert total(lot(call, -2), shares=250) == 2 * 500
    assert total(lot(call, -2), shares=199) == 500 + each
    assert total(lot(call, -2), shares=-500) == 2 * each
    assert total(lot(option("P", 95), -1), shares=500) == alone(lot(option("P", 95), -1))
    assert total(lot(option("C", 110), -2), shares=200) == 0


def test_the_dearest_is_covered_first_by_the_cheapest_pair() -> None:
    near, far = lot(option("C", 100), -1, "5"), lot(option("C", 120), -1, "0.5")
    cheap, poor = lot(option("C", 102), 1), lot(option("C", 108), 1)
    assert total(poor, far, cheap, near) == 200 + 0


def test_options_on_unknown_underlyings_cover_nobody_else() -> None:
    unknown = [
        Instrument(contract=one.contract, long_name="")
        for one in (option("C", 100), option("C", 105))
    ]
    assert total(lot(unknown[0], -1), lot(unknown[1], 1)) == alone(lot(unknown[0], -1))


def test_an_account_pays_for_a_credit_spread_with_its_greatest_loss() -> None:
    short, long = option("C", 100), option("C", 105)
    mine = Account("DU1", D(10_000), [short, long])
    mine.mark(UNDER, D(100))
    mine.apply(short.contract, Action.SELL, D(1), D(3), D(0))
    mine.apply(long.contract, Action.BUY, D(1), D(1), D(0))
    state = mine.margin()
    assert (state.initial, state.equity_with_loan) == (D(500), D(10_200))


lots = st.builds(
    lot,
    st.builds(option, st.sampled_from("CP"), st.integers(80, 120), st.sampled_from([JUNE, JULY])),
    st.integers(-5, 5).filter(bool),
    st.sampled_from(["0.5", "2", "7.5"]),
)


@given(st.lists(lots, max_size=8), st.integers(0, 600))
def test_what_covers_never_raises_what_is_bound(held: list[Lot], shares: int) -> None:
    sold = [lot for lot in held if lot.left < 0]
    naked = sum((-lot.left * alone(lot) for lot in sold), D(0))
    assert 0 <= total(*held, shares=shares) <= naked
