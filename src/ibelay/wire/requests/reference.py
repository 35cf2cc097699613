"""What can be traded, and the facts about it."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.model.contract import Contract


@dataclass(frozen=True, slots=True)
class RequestContractDetails:
    """What the contract is."""

    request_id: int
    contract: Contract


ReferenceRequests = RequestContractDetails
