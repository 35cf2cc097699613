"""IB's conventions for numbers, booleans and "not set"; hostile text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.errors import WireError
from ibelay.wire import fields


@pytest.mark.parametrize(
    "text",
    ["", "1.7976931348623157E308", "1.7976931348623157e+308", "2147483647", "9223372036854775807"],
)
def test_every_form_of_not_set_is_none(text: str) -> None:
    assert fields.decimal(text) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal(100), "100"),
        (Decimal("100.00"), "100"),
        (Decimal("1E+2"), "100"),
        (Decimal("0.0001"), "0.0001"),
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("-0.50"), "-0.5"),
    ],
)
def test_decimals_leave_without_exponent_or_trailing_zeros(value: Decimal, text: str) -> None:
    assert fields.decimal_text(value) == text


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_decimals_come_back_as_they_left(value: Decimal) -> None:
    assert fields.decimal(fields.decimal_text(value)) == value


@pytest.mark.parametrize(
    "text", ["nan", "Infinity", "1e999", "1e16", "1_000", "٣", "0x10", "1 ", "--1"]
)
def test_hostile_numbers_are_refused(text: str) -> None:
    with pytest.raises(WireError):
        fields.decimal(text)


@pytest.mark.parametrize("text", ["1.0", "2147483648", "-2147483649", "1_0", "٣", "9" * 50])
def test_hostile_integers_are_refused(text: str) -> None:
    with pytest.raises(WireError):
        fields.integer(text)


def test_booleans_are_one_and_zero() -> None:
    assert [fields.flag(text) for text in ("1", "true", "", "0")] == [True, True, False, False]
    with pytest.raises(WireError):
        fields.flag("2")


def test_a_field_too_long_is_refused() -> None:
    reader = fields.FieldReader(b"x" * (fields.MAX_TEXT + 1) + b"\0")
    with pytest.raises(WireError, match="at most"):
        reader.text()


def test_reading_past_the_end_says_how_far_the_message_went() -> None:
    reader = fields.FieldReader(b"1\0two\0")
    reader.skip(2)
    with pytest.raises(WireError, match="ends after 2 fields"):
        reader.text()
