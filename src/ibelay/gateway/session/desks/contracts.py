"""The contract desk: contract details, price steps, and who trades where.

Rules:
1. Contract details answer with every contract the description fits; none is 200.
2. What an instrument does not say of itself is what IB says of a US stock.

**Source**: IB "Contracts" page; answers of a real Gateway: docs/evidence/gateway-recordings.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ibelay.gateway.market.api import Instrument
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.model.contract import Contract
from ibelay.wire.encode import reference as say
from ibelay.wire.requests import reference as ask
from ibelay.wire.times import SECOND_NS

ORDER_TYPES = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,AON,COND,CONDORDER,DAY,FOK,GAT,GTC,GTD,GTT,IOC,LIT,LMT,LOC,"
    "LOO,MIDPX,MIT,MKT,MOC,MOO,NONALGO,OCA,OPG,RTH,STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,WHATIF"
)
UNKNOWN_CONTRACT = "No security definition has been found for the request"
AMBIGUOUS = "The contract description specified is ambiguous"
BBO_EXCHANGE = "9c0001"
_VENUES = (("NASDAQ", "Q"), ("ARCA", "P"), ("NYSE", "N"), ("BATS", "Z"), ("IEX", "V"))
_SUGGESTED_LOT = Decimal(100)


def find_one(client: Client, request_id: int, contract: Contract) -> Instrument | None:
    """Return the one instrument *contract* describes, or refuse with 200."""
    found = client.floor.exchange.find(contract)
    if len(found) == 1:
        return found[0]
    client.voice.refuse(request_id, 200, AMBIGUOUS if found else UNKNOWN_CONTRACT)
    return None


def facts(one: Instrument) -> say.ContractFacts:
    """Return what contract details tell of *one*."""
    contract = one.contract
    venues = dict.fromkeys(
        filter(None, (*one.valid_exchanges, contract.exchange, contract.primary_exchange))
    )
    stock = contract.sec_type == "STK"
    return say.ContractFacts(
        contract=contract,
        market_name=one.market_name or contract.trading_class or contract.symbol,
        long_name=one.long_name,
        min_tick=one.min_tick,
        order_types=one.order_types or ORDER_TYPES,
        valid_exchanges=tuple(venues),
        price_magnifier=one.price_magnifier,
        time_zone=one.time_zone,
        trading_hours=one.trading_hours,
        liquid_hours=one.liquid_hours,
        market_rule_id=one.market_rule_id,
        stock_type=one.stock_type if stock else "",
        min_size=one.min_size,
        size_increment=one.size_increment,
        suggested_size_increment=_SUGGESTED_LOT if stock else one.size_increment,
        last_trade_time=_time_of_day(one),
        under_con_id=one.under_con_id,
        under_symbol=one.under_symbol,
        under_sec_type=one.under_sec_type,
        contract_month=one.contract_month,
        industry=one.industry,
        category=one.category,
        subcategory=one.subcategory,
        real_expiration=contract.last_trade_date,
        sec_ids=one.sec_ids,
        bond=dict(one.facts),
    )


def _time_of_day(one: Instrument) -> str:
    """Return when *one* stops trading on its last day, in its own zone."""
    if one.expires_ns is None:
        return ""
    moment = datetime.fromtimestamp(one.expires_ns // SECOND_NS, UTC)
    return f"{moment.astimezone(ZoneInfo(one.time_zone)):%H:%M:%S}"


class ContractDesk:
    """Serves what a client asks about contracts it names."""

    def __init__(self, client: Client) -> None:
        self._floor = client.floor
        self._voice = client.voice

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestContractDetails: self._contract_details,
            ask.RequestMarketRule: self._market_rule,
            ask.RequestSmartComponents: self._smart_components,
            ask.RequestDepthExchanges: self._depth_exchanges,
        }

    def _contract_details(self, request: ask.RequestContractDetails) -> None:
        number = request.request_id
        found = (
            self._by_sec_id(request)
            if request.sec_id
            else self._floor.exchange.find(
                request.contract, include_expired=request.include_expired
            )
        )
        if not found:
            self._voice.refuse(number, 200, UNKNOWN_CONTRACT)
            return
        for one in found:
            self._voice.say(say.contract_details(number, facts(one), self._voice.version))
        self._voice.say(say.contract_details_end(number))

    def _by_sec_id(self, request: ask.RequestContractDetails) -> list[Instrument]:
        """Return what ISIN, CUSIP and the like name; the contract's other terms do not count."""
        return self._floor.exchange.catalogue.with_sec_id(request.sec_id_type, request.sec_id)

    def _market_rule(self, request: ask.RequestMarketRule) -> None:
        number = request.rule_id
        for one in self._floor.market.universe:
            if one.market_rule_id == number:
                steps = [(step.low_edge, step.increment) for step in one.price_steps]
                self._voice.say(say.market_rule(number, steps or [(Decimal(0), one.min_tick)]))
                return
        text = f"Error validating request: no market rule {number}"
        self._voice.notify(321, text)

    def _smart_components(self, request: ask.RequestSmartComponents) -> None:
        if request.bbo_exchange != BBO_EXCHANGE:
            text = (
                f"Error validating request: BBO exchange {request.bbo_exchange[:20]!r} is unknown"
            )
            self._voice.refuse(request.request_id, 321, text)
            return
        rows = [(bit, venue, letter) for bit, (venue, letter) in enumerate(_VENUES)]
        self._voice.say(say.smart_components(request.request_id, rows))

    def _depth_exchanges(self, _request: ask.RequestDepthExchanges) -> None:
        kinds = {one.contract.sec_type for one in self._floor.market.universe}
        rows = [
            (venue, kind, "", "Deep2" if venue == "NASDAQ" else "Deep", 1)
            for kind in sorted(kinds & {"STK", "OPT"})
            for venue, _letter in _VENUES
        ]
        others = {
            (one.contract.exchange, one.contract.sec_type, "", "Deep", 2)
            for one in self._floor.market.universe
            if one.contract.sec_type not in {"STK", "OPT", "IND", "BOND"}
        }
        self._voice.say(say.depth_exchanges([*rows, *sorted(others)]))
