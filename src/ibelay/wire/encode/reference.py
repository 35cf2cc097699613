"""Messages about what can be traded.

**Source**: field orders as ib_async 2.1 and the official clients read them; values that a
real server sends for stocks: notes on ib_async, section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.wire.encode.message import escaped, message, multiplier_field

SIZE_RULES_SINCE = 164
DECIMAL_SIZE_SINCE = 163
ISSUER_SINCE = 176
_OLD_DETAILS_VERSION = 8
_OLD_BOND_VERSION = 6
_OLD_SIZE_MULTIPLIER = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFacts:
    """What contract details tell of *contract*; names are IB's in snake case.

    ``last_trade_time`` is ``HH:MM:SS`` in *time_zone*, empty where nothing expires; *bond*
    has the fields only bonds have, by IB's names.
    """

    contract: Contract
    market_name: str = ""
    long_name: str = ""
    min_tick: Decimal = Decimal("0.01")
    order_types: str = ""
    valid_exchanges: Sequence[str] = ("SMART",)
    price_magnifier: int = 1
    time_zone: str = "US/Eastern"
    trading_hours: str = ""
    liquid_hours: str = ""
    market_rule_id: int = 26
    stock_type: str = ""
    min_size: Decimal = Decimal(1)
    size_increment: Decimal = Decimal(1)
    suggested_size_increment: Decimal = Decimal(100)
    last_trade_time: str = ""
    under_con_id: int = 0
    under_symbol: str = ""
    under_sec_type: str = ""
    contract_month: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    real_expiration: str = ""
    aggregation_group: int = 1
    sec_ids: Sequence[tuple[str, str]] = ()
    bond: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolSample:
    """A contract found by its symbol or name."""

    contract: Contract
    derivatives: Sequence[str]
    description: str


def contract_details_end(request_id: int) -> bytes:
    """Return contractDataEnd."""
    return message(52, 1, request_id)


def contract_details(request_id: int, facts: ContractFacts, server_version: int) -> bytes:
    """Return contractData, or bondContractData for a bond."""
    if facts.contract.sec_type == "BOND":
        return _bond_details(request_id, facts, server_version)
    contract, old = facts.contract, server_version < SIZE_RULES_SINCE
    head = (
        contract.symbol,
        contract.sec_type,
        _last_trade(facts, server_version),
        contract.strike,
        contract.right,
        contract.exchange,
        contract.currency,
        contract.local_symbol or contract.symbol,
        facts.market_name,
        contract.trading_class,
        contract.con_id,
        facts.min_tick,
        *((_OLD_SIZE_MULTIPLIER,) if old else ()),
        multiplier_field(contract),
    )
    under = (facts.under_con_id, _long_name(facts), contract.primary_exchange)
    sector = (facts.contract_month, facts.industry, facts.category, facts.subcategory)
    hours = (facts.time_zone, facts.trading_hours, facts.liquid_hours)
    underlying = (facts.under_symbol, facts.under_sec_type)
    expiry = (facts.real_expiration, facts.stock_type)
    return message(
        10,
        *((_OLD_DETAILS_VERSION,) if old else ()),
        request_id,
        *head,
        *_trading(facts),
        facts.price_magnifier,
        *under,
        *sector,
        *hours,
        *_value_rule_and_ids(facts),
        facts.aggregation_group,
        *underlying,
        _market_rules(facts),
        *expiry,
        *_sizes(facts, server_version),
    )


def _bond_details(request_id: int, facts: ContractFacts, server_version: int) -> bytes:
    contract, old = facts.contract, server_version < SIZE_RULES_SINCE
    bond = facts.bond.get
    terms = (
        bond("cusip", ""),
        bond("coupon", "0"),
        bond("maturity", ""),
        bond("issueDate", ""),
        bond("ratings", ""),
        bond("bondType", ""),
        bond("couponType", ""),
        bond("convertible", "0"),
        bond("callable", "0"),
        bond("putable", "0"),
        bond("descAppend", ""),
    )
    ids = (facts.market_name, contract.trading_class, contract.con_id, facts.min_tick)
    options = (bond("nextOptionDate", ""), bond("nextOptionType", ""), 0, bond("notes", ""))
    return message(
        18,
        *((_OLD_BOND_VERSION,) if old else ()),
        request_id,
        contract.symbol,
        contract.sec_type,
        *terms,
        contract.exchange,
        contract.currency,
        *ids,
        *((_OLD_SIZE_MULTIPLIER,) if old else ()),
        *_trading(facts),
        *options,
        _long_name(facts),
        *_value_rule_and_ids(facts),
        facts.aggregation_group,
        _market_rules(facts),
        *(_sizes(facts, server_version) if not old else ()),
    )


def _trading(facts: ContractFacts) -> tuple[str, str]:
    return facts.order_types, ",".join(facts.valid_exchanges)


def _market_rules(facts: ContractFacts) -> str:
    return ",".join(str(facts.market_rule_id) for _ in facts.valid_exchanges)


def _long_name(facts: ContractFacts) -> str:
    return escaped(facts.long_name.replace("\\", "\\\\"))


def _value_rule_and_ids(facts: ContractFacts) -> tuple[object, ...]:
    ids = [part for pair in facts.sec_ids for part in pair]
    return ("", 0, len(facts.sec_ids), *ids)


def _last_trade(facts: ContractFacts, server_version: int) -> str:
    """Return day, time and zone of the last trade; a dash parts them since the size rules."""
    day = facts.contract.last_trade_date
    if not day or not facts.last_trade_time:
        return day
    between = "-" if server_version >= SIZE_RULES_SINCE else " "
    return between.join((day, facts.last_trade_time, facts.time_zone))


def _sizes(facts: ContractFacts, server_version: int) -> tuple[Decimal, ...]:
    if server_version >= SIZE_RULES_SINCE:
        return (facts.min_size, facts.size_increment, facts.suggested_size_increment)
    return (facts.size_increment,) if server_version >= DECIMAL_SIZE_SINCE else ()


def symbol_samples(request_id: int, found: Sequence[SymbolSample], server_version: int) -> bytes:
    """Return symbolSamples."""
    rows: list[object] = []
    for sample in found:
        contract, kinds = sample.contract, sample.derivatives
        names = (contract.con_id, contract.symbol, contract.sec_type)
        rows += [*names, contract.primary_exchange, contract.currency, len(kinds), *kinds]
        if server_version >= ISSUER_SINCE:
            rows += [escaped(sample.description), ""]
    return message(79, request_id, len(found), *rows)


def option_parameters(
    request_id: int,
    *,
    exchange: str,
    under_con_id: int,
    trading_class: str,
    multiplier: Decimal,
    expirations: Sequence[str],
    strikes: Sequence[Decimal],
) -> bytes:
    """Return securityDefinitionOptionalParameter."""
    head = (75, request_id, exchange, under_con_id, trading_class, multiplier)
    return message(*head, len(expirations), *expirations, len(strikes), *strikes)


def option_parameters_end(request_id: int) -> bytes:
    """Return securityDefinitionOptionalParameterEnd."""
    return message(76, request_id)


def market_rule(rule_id: int, steps: Sequence[tuple[Decimal, Decimal]]) -> bytes:
    """Return marketRule; *steps* are (from this price, increment)."""
    return message(93, rule_id, len(steps), *(part for step in steps for part in step))


def smart_components(request_id: int, letters: Sequence[tuple[int, str, str]]) -> bytes:
    """Return smartComponents; *letters* are (bit, exchange, letter)."""
    return message(82, request_id, len(letters), *(part for row in letters for part in row))


def depth_exchanges(rows: Sequence[tuple[str, str, str, str, int]]) -> bytes:
    """Return mktDepthExchanges.

    Args:
        rows: (exchange, security type, listing exchange, ``Deep`` or ``Deep2``, group).
    """
    return message(80, len(rows), *(part for row in rows for part in row))
