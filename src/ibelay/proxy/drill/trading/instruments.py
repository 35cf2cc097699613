"""Which contracts are the same instrument, although people write them in different ways.

Rules:
1. A conId decides. Contracts without one are the same if what describes them is.
2. Of each conId the description seen first stands for the instrument.
"""

from __future__ import annotations

from ibelay.model.contract import Contract

MAX_KNOWN = 5_000


class Instruments:
    """Learns which description belongs to which conId."""

    def __init__(self) -> None:
        self._by_description: dict[str, int] = {}
        self._by_con_id: dict[int, str] = {}

    def name(self, contract: Contract) -> str:
        """Return what stands for the instrument of *contract*, readable by people."""
        described = _describe(contract)
        con_id = int(contract.con_id)
        if con_id:
            self._learn(con_id, described)
        else:
            con_id = self._by_description.get(described, 0)
        return self._by_con_id.get(con_id, described)

    def _learn(self, con_id: int, described: str) -> None:
        if len(self._by_con_id) >= MAX_KNOWN or described.startswith("#"):
            return
        self._by_con_id.setdefault(con_id, described)
        if len(self._by_description) < MAX_KNOWN:
            self._by_description.setdefault(described, con_id)


def _describe(contract: Contract) -> str:
    """Return ``SPY``, ``ES FUT 20250620``, or ``#756733`` if nothing is said but the conId."""
    symbol = contract.symbol or contract.local_symbol
    if not symbol:
        legs = ",".join(f"{leg.con_id}:{leg.ratio}{leg.action}" for leg in contract.legs)
        return f"#{contract.con_id}{legs}"
    parts = [symbol]
    if contract.sec_type not in {"", "STK"}:
        parts.append(contract.sec_type)
    parts += [part for part in (contract.last_trade_date.split(" ")[0],) if part]
    if contract.strike:
        parts.append(f"{contract.strike.normalize():f}{contract.right[:1]}")
    if contract.currency not in {"", "USD"}:
        parts.append(contract.currency)
    return " ".join(parts)
