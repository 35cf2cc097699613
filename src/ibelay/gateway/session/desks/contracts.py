"""The contract desk: what can be traded, and the facts about it."""

from __future__ import annotations

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.model.contract import Contract
from ibelay.wire import encode
from ibelay.wire import requests as ask

ORDER_TYPES = "ACTIVETIM,DAY,GTC,IOC,LMT,MKT,NONALGO,OCA,STP,STPLMT,WHATIF"
UNKNOWN_CONTRACT = "No security definition has been found for the request"
AMBIGUOUS = "The contract description specified is ambiguous"


def find_one(client: Client, request_id: int, contract: Contract) -> Instrument | None:
    """Return the one instrument *contract* describes, or refuse with 200."""
    found = client.floor.exchange.find(contract)
    if len(found) == 1:
        return found[0]
    client.voice.refuse(request_id, 200, AMBIGUOUS if found else UNKNOWN_CONTRACT)
    return None


class ContractDesk:
    """Serves contract details."""

    def __init__(self, client: Client) -> None:
        self._floor = client.floor
        self._voice = client.voice

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {ask.RequestContractDetails: self._contract_details}

    def _contract_details(self, request: ask.RequestContractDetails) -> None:
        found = self._floor.exchange.find(request.contract)
        if not found:
            self._voice.refuse(request.request_id, 200, UNKNOWN_CONTRACT)
            return
        for one in found:
            self._voice.say(
                encode.contract_details(
                    request.request_id,
                    one.contract,
                    long_name=one.long_name,
                    min_tick=one.min_tick,
                    order_types=ORDER_TYPES,
                    time_zone=one.time_zone,
                    trading_hours=one.trading_hours,
                    liquid_hours=one.liquid_hours,
                )
            )
        self._voice.say(encode.contract_details_end(request.request_id))
