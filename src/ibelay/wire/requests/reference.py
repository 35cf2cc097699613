"""What can be traded, and the facts about it."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.model.contract import Contract
from ibelay.model.ids import ConId


@dataclass(frozen=True, slots=True)
class RequestContractDetails:
    """What the contract is; *sec_id* may name it by ISIN, CUSIP and the like."""

    request_id: int
    contract: Contract
    include_expired: bool = False
    sec_id_type: str = ""
    sec_id: str = ""
    issuer_id: str = ""


@dataclass(frozen=True, slots=True)
class RequestMatchingSymbols:
    """Contracts whose symbol or name begins like *pattern*."""

    request_id: int
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOptionParameters:
    """Expirations and strikes of the options on an underlying (reqSecDefOptParams)."""

    request_id: int
    symbol: str
    exchange: str
    sec_type: str
    con_id: ConId


@dataclass(frozen=True, slots=True)
class RequestMarketRule:
    """The price steps of a market rule."""

    rule_id: int


@dataclass(frozen=True, slots=True)
class RequestSmartComponents:
    """Which exchange each letter of a BBO exchange map stands for."""

    request_id: int
    bbo_exchange: str


@dataclass(frozen=True, slots=True)
class RequestDepthExchanges:
    """The exchanges that show depth of book."""


ReferenceRequests = (
    RequestContractDetails
    | RequestMatchingSymbols
    | RequestOptionParameters
    | RequestMarketRule
    | RequestSmartComponents
    | RequestDepthExchanges
)
