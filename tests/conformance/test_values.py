"""The same gateway, the same questions: independent decoders must read the same values.

A field read in the wrong place gives a number all the same. ib_async is the measure here, and
what it reads is held against what is known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from tests.conformance.conftest import required
from tests.conformance.environments import CLIENTS
from tests.conformance.families import SPY
from tests.conformance.matrix import running_gateway
from tests.conformance.remote import Event, Remote, started

END = "20250602 09:50:00 US/Eastern"
Facts = dict[str, Any]


def asked(remote: Remote, call: str, given: Mapping[str, Any], end: str) -> list[Event]:
    """Ask, and return what was heard up to the callback *end*."""
    _told, mark = remote.call(call, given)
    remote.expect(end, mark=mark)
    return remote.since(mark)


def the(events: list[Event], name: str) -> list[list[Any]]:
    """Return the arguments of every callback of that name."""
    return [event.args for event in events if event.name == name]


def details(remote: Remote) -> Facts:
    """Return what the contract's details say, where every library has the field."""
    events = asked(remote, "reqContractDetails", {"contract": SPY}, "contractDetailsEnd")
    (_id, told), *more = the(events, "contractDetails")
    assert more == []
    fields = (
        "minTick", "validExchanges", "longName", "timeZoneId", "tradingHours", "liquidHours",
        "marketRuleIds", "priceMagnifier",
    )  # fmt: skip
    contract = {name: told["contract"][name] for name in ("conId", "symbol", "localSymbol")}
    return {**contract, **{name: told[name] for name in fields}}


def bars(remote: Remote) -> list[list[float]]:
    """Return open, high, low, close and volume of twenty minutes."""
    given = {
        "contract": SPY,
        "enddatetime": END,
        "durationstr": "1200 S",
        "barsizesetting": "1 min",
        "whattoshow": "TRADES",
        "userth": 1,
        "formatdate": 1,
        "keepuptodate": False,
    }
    events = asked(remote, "reqHistoricalData", given, "historicalDataEnd")
    told = the(events, "historicalData")
    names = ("open", "high", "low", "close", "volume")
    if isinstance(told[0][1], dict):
        return [[float(bar[name]) for name in names] for _id, bar in told]
    return [[float(value) for value in args[2:7]] for args in told]  # stoqey spreads a bar


def ticks(remote: Remote) -> list[list[float]]:
    """Return price and size of ten prints."""
    given = {
        "contract": SPY,
        "startdatetime": "",
        "enddatetime": END,
        "numberofticks": 10,
        "whattoshow": "TRADES",
        "userth": 1,
        "ignoresize": False,
    }
    events = asked(remote, "reqHistoricalTicks", given, "historicalTicksLast")
    return [
        [float(tick["price"]), float(tick["size"])]
        for _id, told, _done in the(events, "historicalTicksLast")
        for tick in told
    ]


def rule(remote: Remote) -> list[list[float]]:
    """Return where which price increment begins."""
    events = asked(remote, "reqMarketRule", {"marketruleid": 26}, "marketRule")
    ((_rule, steps),) = the(events, "marketRule")
    return [[float(step["lowEdge"]), float(step["increment"])] for step in steps]


def summary(remote: Remote) -> list[list[str]]:
    """Return what the account is worth."""
    given = {"groupname": "All", "tags": "NetLiquidation,BuyingPower"}
    events = asked(remote, "reqAccountSummary", given, "accountSummaryEnd")
    last_id = the(events, "accountSummaryEnd")[-1][0]
    return sorted(args[1:] for args in the(events, "accountSummary") if args[0] == last_id)


QUESTIONS: Mapping[str, Callable[[Remote], Any]] = MappingProxyType(
    {"details": details, "bars": bars, "ticks": ticks, "rule": rule, "summary": summary}
)


def facts(remote: Remote) -> Facts:
    """Return the answers to every question."""
    return {name: question(remote) for name, question in QUESTIONS.items()}


@pytest.fixture(scope="module")
def measure() -> Facts:
    """What ib_async reads."""
    with running_gateway("SPY") as port, started(required(CLIENTS[0])) as remote:
        remote.connect(port, 1)
        return facts(remote)


def test_what_ib_async_reads_is_what_is_so(measure: Facts) -> None:
    """Facts about SPY, an account that has not traded, and bars that can be bars."""
    assert measure["details"]["conId"] == 756733
    assert measure["details"]["minTick"] == 0.01
    assert measure["rule"] == [[0.0, 0.01]]
    assert ["DU1234567", "NetLiquidation", "1000000.00", "USD"] in measure["summary"]
    assert len(measure["bars"]) == 20
    assert all(
        low <= min(op, cl) <= max(op, cl) <= high for op, high, low, cl, _ in measure["bars"]
    )
    assert len(measure["ticks"]) >= 10


def test_this_client_reads_the_same(remote: Remote, port: int, measure: Facts) -> None:
    remote.connect(port, 1)
    assert facts(remote) == measure
    assert remote.complaints() == []
