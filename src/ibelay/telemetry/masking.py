"""What never reaches a log or a screen whole: secrets and account numbers. Pure.

Rules:
1. A value whose key names a secret (token, password, …) is replaced altogether.
2. An account number keeps its letters and its last three digits: ``DU…567`` tells two
   accounts apart and names neither.

**Source**: IB's account numbers are one to three letters (U, F, I; D before them for
paper) and five to nine digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MASK = "***"
_SECRET_KEY = re.compile(
    r"token|passw|secret|credential|authorization|cookie|api_?key", re.IGNORECASE
)
_ACCOUNT = re.compile(r"\b(D?[UFI])\d{2,6}(\d{3})\b")
_BEARER = re.compile(r"(?i)(\bbearer\s+|[#?&]token=)[^\s&\"']+")


def mask_text(text: str) -> str:
    """Return *text* with account numbers shortened and tokens in it replaced."""
    return _BEARER.sub(rf"\1{MASK}", _ACCOUNT.sub(r"\1…\2", text))


def mask_value(key: str, value: object) -> object:
    """Return *value*, and everything inside it, fit to be shown under *key*."""
    if _SECRET_KEY.search(key):
        return MASK
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        return {each: mask_value(str(each), inner) for each, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [mask_value(key, inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return mask_text(str(value))
