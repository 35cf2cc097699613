"""No secret and no whole account number gets through."""

from __future__ import annotations

import pytest

from ibelay.telemetry.masking import mask_text, mask_value


@pytest.mark.parametrize(
    ("whole", "masked"),
    [
        ("DU1234567", "DU…567"),
        ("account U7654321 is live", "account U…321 is live"),
        ("accounts DF1234567,DI7654321", "accounts DF…567,DI…321"),
        ("GET /#token=abcdef HTTP/1.1", "GET /#token=*** HTTP/1.1"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
    ],
)
def test_account_numbers_and_tokens_in_texts_are_masked(whole: str, masked: str) -> None:
    assert mask_text(whole) == masked


@pytest.mark.parametrize("text", ["U2", "NQU2025", "order 1234567", "ps60:3:17.0", "DU…567"])
def test_other_texts_stay(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize("key", ["token", "telegram_token", "smtpPassword", "client_secret"])
def test_a_value_under_a_secret_key_disappears(key: str) -> None:
    assert mask_value(key, {"inner": "abc"}) == "***"


def test_masking_reaches_into_nested_values() -> None:
    value = {"accounts": ["DU1234567", {"password": "x", "port": 4002}], "open": True}
    assert mask_value("status", value) == {
        "accounts": ["DU…567", {"password": "***", "port": 4002}],
        "open": True,
    }
