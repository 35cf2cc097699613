r"""What all server messages are made of: framed fields, escaped text, contracts.

Text that IB escapes (error texts, long names) is sent as ``\uXXXX``, which clients undo.

**Source**: shared IB facts, section 6d; notes on ib_async, section 2 (field counts).
"""

from __future__ import annotations

from ibelay.model.contract import Contract
from ibelay.wire.fields import TEXT_OF
from ibelay.wire.framing import frame

_WITHOUT_MULTIPLIER = frozenset({"STK", "IND", "CASH", "CRYPTO"})


def message(*fields: object) -> bytes:
    """Return a framed message of *fields*, each ended by NUL."""
    return frame(body(*fields))


def body(*fields: object) -> bytes:
    """Return *fields*, each ended by NUL."""
    # Most fields are text already; asking here spares them a call.
    texts = [
        field if type(field) is str else TEXT_OF.get(type(field), str)(field) for field in fields
    ]
    return ("\0".join(texts) + "\0").encode("utf-8", "backslashreplace")


def escaped(text: str) -> str:
    """Return *text* in ASCII, the rest as escapes; NUL and line ends become spaces."""
    flat = text.replace("\0", " ").replace("\n", " ").replace("\r", " ")
    return flat.encode("ascii", "backslashreplace").decode("ascii")


def multiplier_field(contract: Contract) -> object:
    """Return the multiplier, empty where one unit is one unit and IB says nothing."""
    return "" if contract.sec_type in _WITHOUT_MULTIPLIER else contract.multiplier


def contract_fields(contract: Contract, *, exchange: str | None = None) -> list[object]:
    """Return the eleven fields by which the server names a contract."""
    return [
        contract.con_id,
        contract.symbol,
        contract.sec_type,
        contract.last_trade_date,
        contract.strike,
        contract.right,
        multiplier_field(contract),
        contract.exchange if exchange is None else exchange,
        contract.currency,
        contract.local_symbol or contract.symbol,
        contract.trading_class,
    ]
