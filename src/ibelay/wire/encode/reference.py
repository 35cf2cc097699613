"""Messages about what can be traded."""

from __future__ import annotations

from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.wire.encode.message import escaped, message


def contract_details_end(request_id: int) -> bytes:
    """Return contractDataEnd."""
    return message(52, 1, request_id)


def contract_details(
    request_id: int,
    contract: Contract,
    *,
    long_name: str,
    min_tick: Decimal,
    order_types: str,
    time_zone: str,
    trading_hours: str,
    liquid_hours: str,
) -> bytes:
    """Return contractData of a stock."""
    primary = contract.primary_exchange
    exchanges = ",".join(dict.fromkeys(filter(None, ("SMART", contract.exchange, primary))))
    head = (
        contract.symbol,
        contract.sec_type,
        contract.last_trade_date,
        contract.strike,
        contract.right,
        contract.exchange,
        contract.currency,
        contract.local_symbol or contract.symbol,
        contract.trading_class or contract.symbol,  # market name
        contract.trading_class,
        contract.con_id,
        min_tick,
        "" if contract.sec_type == "STK" else contract.multiplier,
    )
    names = (
        order_types,
        exchanges,
        1,
        0,
        escaped(long_name.replace("\\", "\\\\")),
        primary,
        "",
        "",
        "",
        "",
    )
    hours = (time_zone, trading_hours, liquid_hours, "", "", 0)
    rules = (1, "", "", ",".join("26" for _ in exchanges.split(",")), "", "COMMON")
    sizes = (Decimal("0.0001"), Decimal("0.0001"), 100)
    return message(10, request_id, *head, *names, *hours, *rules, *sizes)
