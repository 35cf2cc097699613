"""Messages about the market scanner."""

from __future__ import annotations

from collections.abc import Sequence

from ibelay.model.contract import Contract
from ibelay.wire.encode.message import message


def scanner_parameters(xml: str) -> bytes:
    """Return scannerParameters."""
    return message(19, 1, xml)


def scanner_data(request_id: int, ranked: Sequence[tuple[Contract, str, str]]) -> bytes:
    """Return scannerData; *ranked* are (contract, market name, distance), best first."""
    rows: list[object] = []
    for rank, (contract, market_name, distance) in enumerate(ranked):
        rows += [
            rank,
            contract.con_id,
            contract.symbol,
            contract.sec_type,
            contract.last_trade_date,
            contract.strike,
            contract.right,
            contract.exchange,
            contract.currency,
            contract.local_symbol,
            market_name,
            contract.trading_class,
            distance,
            "",  # benchmark
            "",  # projection
            "",  # combination legs
        ]
    return message(20, 3, request_id, len(ranked), *rows)
