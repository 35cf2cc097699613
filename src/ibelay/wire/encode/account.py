"""Messages about the account."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.wire.encode.message import contract_fields, message
from ibelay.wire.fields import UNSET_DOUBLE


def account_value(key: str, value: str, currency: str, account: str) -> bytes:
    """Return accountValue."""
    return message(6, 2, key, value, currency, account)


def account_update_time(text: str) -> bytes:
    """Return acctUpdateTime, ``HH:MM``."""
    return message(8, 1, text)


def account_download_end(account: str) -> bytes:
    """Return acctDownloadEnd."""
    return message(54, 1, account)


def account_update_multi(request_id: int, account: str, row: tuple[str, str, str]) -> bytes:
    """Return accountUpdateMulti; *row* is key, value, currency."""
    return message(73, 1, request_id, account, "", *row)


def account_update_multi_end(request_id: int) -> bytes:
    """Return accountUpdateMultiEnd."""
    return message(74, 1, request_id)


def account_summary(request_id: int, account: str, row: tuple[str, str, str]) -> bytes:
    """Return accountSummary; *row* is tag, value, currency."""
    return message(63, 1, request_id, account, *row)


def account_summary_end(request_id: int) -> bytes:
    """Return accountSummaryEnd."""
    return message(64, 1, request_id)


def position(account: str, contract: Contract, quantity: Decimal, average_cost: Decimal) -> bytes:
    """Return position; it names the primary exchange, as IB does."""
    exchange = contract.primary_exchange or contract.exchange
    fields = contract_fields(contract, exchange=exchange)
    return message(61, 3, account, *fields, quantity, average_cost)


def position_end() -> bytes:
    """Return positionEnd."""
    return message(62, 1)


def portfolio_value(contract: Contract, figures: Sequence[Decimal], account: str) -> bytes:
    """Return portfolioValue.

    Args:
        contract: What is held.
        figures: Position, market price, market value, average cost, unrealized P&L,
            realized P&L.
        account: Account code.
    """
    exchange = contract.primary_exchange or contract.exchange
    fields = contract_fields(contract, exchange=exchange)
    return message(7, 8, *fields, *figures, account)


def position_multi(
    request_id: int, account: str, contract: Contract, quantity: Decimal, average_cost: Decimal
) -> bytes:
    """Return positionMulti, outside any model."""
    exchange = contract.primary_exchange or contract.exchange
    fields = contract_fields(contract, exchange=exchange)
    return message(71, 1, request_id, account, *fields, quantity, average_cost, "")


def position_multi_end(request_id: int) -> bytes:
    """Return positionMultiEnd."""
    return message(72, 1, request_id)


def profit(request_id: int, daily: Decimal, unrealized: Decimal, realized: Decimal) -> bytes:
    """Return pnl."""
    return message(94, request_id, daily, unrealized, realized)


def position_profit(
    request_id: int, quantity: Decimal, profits: Sequence[Decimal] | None, value: Decimal
) -> bytes:
    """Return pnlSingle.

    Args:
        request_id: Of the subscription.
        quantity: Signed units held.
        profits: Daily, unrealized and realized; None for "not known".
        value: Of the position.
    """
    figures = (UNSET_DOUBLE,) * 3 if profits is None else profits
    return message(95, request_id, quantity, *figures, value)


def family_codes(rows: Sequence[tuple[str, str]]) -> bytes:
    """Return familyCodes; *rows* are account and code."""
    return message(78, len(rows), *(field for row in rows for field in row))
