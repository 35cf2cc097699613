"""What can be traded here, found by con_id or by description."""

from __future__ import annotations

from collections.abc import Sequence

from ibelay.gateway.market.api import Instrument
from ibelay.model.contract import Contract
from ibelay.model.ids import ConId


class Catalogue:
    """The instruments of an exchange."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self._by_con_id = {one.contract.con_id: one for one in instruments}

    def get(self, con_id: ConId) -> Instrument | None:
        """Return the instrument with *con_id*, or None."""
        return self._by_con_id.get(con_id)

    def find(self, contract: Contract) -> list[Instrument]:
        """Return what *contract* describes: by con_id if it has one, else by its terms."""
        if contract.con_id:
            found = self._by_con_id.get(contract.con_id)
            return [found] if found else []
        return [one for one in self._by_con_id.values() if _describes(contract, one.contract)]


def _describes(asked: Contract, contract: Contract) -> bool:
    """Return whether the filled-in fields of *asked* all fit *contract*."""
    return (
        asked.symbol == contract.symbol
        and asked.sec_type == contract.sec_type
        and asked.currency in {"", contract.currency}
        and asked.exchange in {"", "SMART", contract.exchange, contract.primary_exchange}
        and asked.primary_exchange in {"", contract.primary_exchange}
        and asked.local_symbol in {"", contract.local_symbol}
    )
