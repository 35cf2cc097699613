"""A table: every family of requests, how it is asked for, and what counts as its answer.

Calls and their arguments are named as in IB's own client; drivers translate. An argument
``$CALLBACK.N`` is the N-th argument of the last callback of that name, so that a request can
ask for what an earlier one was told of; ``$contract.TYPE`` is the last contract of that type
that it was told the details of.

**Source**: the public signatures of ``ibapi``, and the request families of issue 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

Call = tuple[str, Mapping[str, Any]]

SPY = {
    "conId": 756733,
    "symbol": "SPY",
    "secType": "STK",
    "exchange": "SMART",
    "currency": "USD",
}
_CHAIN = {
    "symbol": "SPY",
    "secType": "OPT",
    "lastTradeDateOrContractMonth": "$securityDefinitionOptionParameter.5.last",
    "right": "C",
    "exchange": "SMART",
    "currency": "USD",
}
OPTION = "$contract.OPT"
ACCOUNT = "$managedAccounts.0"
# They read a bond's coupon as a whole number: 4.25 stops the decoder, and ibapi for good.
READ_NO_COUPON = frozenset({"ib_async", "ib_insync", "ibapi"})
_NONE: Mapping[str, Any] = MappingProxyType({})
INSTRUMENTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "index": {"symbol": "SPX", "secType": "IND", "exchange": "CBOE", "currency": "USD"},
        "future": {"symbol": "ES", "secType": "FUT", "exchange": "CME", "currency": "USD"},
        "forex": {"symbol": "EUR", "secType": "CASH", "exchange": "IDEALPRO", "currency": "USD"},
        "crypto": {"symbol": "BTC", "secType": "CRYPTO", "exchange": "PAXOS", "currency": "USD"},
        "bond": {"secType": "BOND", "secIdType": "CUSIP", "secId": "91282CLW9"},
    }
)


@dataclass(frozen=True, slots=True)
class Family:
    """One row of the matrix.

    Attributes:
        name: As the matrix calls it.
        call: The method of the client library.
        given: Its arguments, but for the request id.
        needs: Of each of these sets, at least one callback must come.
        ticks: If any, one callback's second argument must be one of these tick types.
        has_id: Whether an answer and an error carry the request's id.
        before: What is asked first, and not looked at.
        stop: What ends the stream that this began.
        unread_by: Clients that would break over IB's own answer, so they are not asked.
        quiet: IB answers nothing; it is served if the line goes on and no error comes.
    """

    name: str
    call: str
    given: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[frozenset[str], ...] = ()
    ticks: frozenset[int] = frozenset()
    has_id: bool = True
    before: tuple[Call, ...] = ()
    stop: str = ""
    unread_by: frozenset[str] = frozenset()
    quiet: bool = False


def _needs(*callbacks: str) -> tuple[frozenset[str], ...]:
    """Return needs: each word is a callback, or several joined by ``|``."""
    return tuple(frozenset(word.split("|")) for word in callbacks)


def _market_data(name: str, *needs: str, ticks: tuple[int, ...] = (), **given: Any) -> Family:
    """Return a family of ``reqMktData``; ``type`` is asked for first."""
    kind = given.pop("type", 1)
    asked = {
        "contract": SPY,
        "genericticklist": "",
        "snapshot": False,
        "regulatorysnapshot": False,
        **given,
    }
    return Family(
        name,
        "reqMktData",
        asked,
        _needs(*needs),
        ticks=frozenset(ticks),
        before=(("reqMarketDataType", {"marketdatatype": kind}),),
        stop="" if asked["snapshot"] or asked["regulatorysnapshot"] else "cancelMktData",
    )


def _bars(name: str, *needs: str, stop: str = "", **given: Any) -> Family:
    asked = {
        "contract": SPY,
        "enddatetime": "",
        "durationstr": "1800 S",
        "barsizesetting": "1 min",
        "whattoshow": "TRADES",
        "userth": 1,
        "formatdate": 1,
        "keepuptodate": False,
        **given,
    }
    return Family(name, "reqHistoricalData", asked, _needs(*needs), stop=stop)


def _past_ticks(kind: str, callback: str) -> Family:
    asked = {
        "contract": SPY,
        "startdatetime": "20250602 09:45:00 US/Eastern",
        "enddatetime": "",
        "numberofticks": 10,
        "whattoshow": kind,
        "userth": 1,
        "ignoresize": False,
    }
    return Family(f"historical ticks: {kind}", "reqHistoricalTicks", asked, _needs(callback))


def _tick_by_tick(kind: str, callback: str) -> Family:
    asked = {"contract": SPY, "ticktype": kind, "numberofticks": 0, "ignoresize": False}
    return Family(
        f"tick-by-tick: {kind}",
        "reqTickByTickData",
        asked,
        _needs(callback),
        stop="cancelTickByTickData",
    )


def _depth(name: str, contract: Mapping[str, Any], *, smart: bool) -> Family:
    asked = {"contract": contract, "numrows": 5, "issmartdepth": smart}
    return Family(
        name,
        "reqMktDepth",
        asked,
        _needs("updateMktDepth|updateMktDepthL2"),
        stop="cancelMktDepth",
    )


CONNECTION = (
    Family("current time", "reqCurrentTime", _NONE, _needs("currentTime"), has_id=False),
    Family(
        "current time in milliseconds",
        "reqCurrentTimeInMillis",
        _NONE,
        _needs("currentTimeInMillis"),
        has_id=False,
    ),
    Family("server log level", "setServerLogLevel", {"loglevel": 2}, has_id=False, quiet=True),
    Family("managed accounts", "reqManagedAccts", _NONE, _needs("managedAccounts"), has_id=False),
    Family("next order id", "reqIds", {"numids": 1}, _needs("nextValidId"), has_id=False),
    Family("user info", "reqUserInfo", _NONE, _needs("userInfo")),
    Family(
        "verify: request",
        "verifyRequest",
        {"apiname": "conformance", "apiversion": "1"},
        _needs("verifyMessageAPI|verifyCompleted"),
        has_id=False,
    ),
    Family(
        "verify: message",
        "verifyMessage",
        {"apidata": "x"},
        _needs("verifyCompleted"),
        has_id=False,
    ),
    Family(
        "verify and authenticate: request",
        "verifyAndAuthRequest",
        {"apiname": "conformance", "apiversion": "1", "opaqueisvkey": "x"},
        _needs("verifyAndAuthMessageAPI|verifyAndAuthCompleted"),
        has_id=False,
    ),
    Family(
        "verify and authenticate: message",
        "verifyAndAuthMessage",
        {"apidata": "x", "xyzresponse": "x"},
        _needs("verifyAndAuthCompleted"),
        has_id=False,
    ),
)

CONTRACTS = (
    Family(
        "contract details",
        "reqContractDetails",
        {"contract": SPY},
        _needs("contractDetails", "contractDetailsEnd"),
    ),
    Family(
        "contract details of what does not exist",
        "reqContractDetails",
        {"contract": {**SPY, "conId": 0, "symbol": "NOSUCH"}},
        _needs("contractDetails", "contractDetailsEnd"),
    ),
    Family(
        "matching symbols",
        "reqMatchingSymbols",
        {"pattern": "SP"},
        _needs("symbolSamples|contractDescriptions"),
    ),
    Family(
        "option parameters",
        "reqSecDefOptParams",
        {
            "underlyingsymbol": "SPY",
            "futfopexchange": "",
            "underlyingsectype": "STK",
            "underlyingconid": 756733,
        },
        _needs("securityDefinitionOptionParameter", "securityDefinitionOptionParameterEnd"),
    ),
    Family(
        "option chain",
        "reqContractDetails",
        {"contract": _CHAIN},
        _needs("contractDetails", "contractDetailsEnd"),
    ),
    *(
        Family(
            f"contract details: {name}",
            "reqContractDetails",
            {"contract": contract},
            _needs("contractDetails|bondContractDetails", "contractDetailsEnd"),
            unread_by=READ_NO_COUPON if name == "bond" else frozenset(),
        )
        for name, contract in INSTRUMENTS.items()
    ),
    Family(
        "market rule", "reqMarketRule", {"marketruleid": 26}, _needs("marketRule"), has_id=False
    ),
    Family(
        "smart components",
        "reqSmartComponents",
        {"bboexchange": "$tickReqParams.2"},
        _needs("smartComponents"),
    ),
    Family(
        "market depth exchanges",
        "reqMktDepthExchanges",
        _NONE,
        _needs("mktDepthExchanges"),
        has_id=False,
    ),
)

MARKET_DATA = (
    _market_data("market data: live", "tickPrice|priceSizeTick", "tickSize"),
    _market_data("market data: frozen", "tickPrice|priceSizeTick", type=2),
    _market_data("market data: delayed, where there is live", "tickPrice|priceSizeTick", type=3),
    _market_data(
        "market data: generic ticks",
        "tickGeneric|tickString|tickSize|tickPrice|priceSizeTick",
        genericticklist="165,233,236,375",
        ticks=(21, 46, 48, 77, 79, 89),
    ),
    _market_data("market data: snapshot", "tickSnapshotEnd", snapshot=True),
    _market_data("market data: regulatory snapshot", "tickSnapshotEnd", regulatorysnapshot=True),
    _market_data("market data: option computation", "tickOptionComputation", contract=OPTION),
    _market_data("market data: news", "tickNews", genericticklist="mdoff,292:BRFG"),
    _depth("market depth: one exchange", {**SPY, "exchange": "ISLAND"}, smart=False),
    _depth("market depth: SMART", SPY, smart=True),
    _tick_by_tick("Last", "tickByTickAllLast"),
    _tick_by_tick("AllLast", "tickByTickAllLast"),
    _tick_by_tick("BidAsk", "tickByTickBidAsk"),
    _tick_by_tick("MidPoint", "tickByTickMidPoint"),
    Family(
        "real-time bars",
        "reqRealTimeBars",
        {"contract": SPY, "barsize": 5, "whattoshow": "TRADES", "userth": False},
        _needs("realtimeBar"),
        stop="cancelRealTimeBars",
    ),
    Family(
        "calculate implied volatility",
        "calculateImpliedVolatility",
        {"contract": OPTION, "optionprice": 56.0, "underprice": 500.0},
        _needs("tickOptionComputation"),
        stop="cancelCalculateImpliedVolatility",
    ),
    Family(
        "calculate option price",
        "calculateOptionPrice",
        {"contract": OPTION, "volatility": 0.2, "underprice": 500.0},
        _needs("tickOptionComputation"),
        stop="cancelCalculateOptionPrice",
    ),
)

# For an account that may see delayed data alone.
DELAYED_TICKS = (66, 67, 68, 72, 73, 74, 75, 76)
UNSUBSCRIBED = (
    _market_data("unsubscribed: live", "tickPrice|priceSizeTick"),
    _market_data("unsubscribed: delayed", "tickPrice|priceSizeTick", type=3, ticks=DELAYED_TICKS),
    _market_data(
        "unsubscribed: delayed, frozen", "tickPrice|priceSizeTick", type=4, ticks=DELAYED_TICKS
    ),
    _market_data("unsubscribed: delayed snapshot", "tickSnapshotEnd", type=3, snapshot=True),
    replace(_tick_by_tick("Last", "tickByTickAllLast"), name="unsubscribed: tick-by-tick"),
    replace(_depth("", SPY, smart=True), name="unsubscribed: market depth"),
    Family(
        "unsubscribed: real-time bars",
        "reqRealTimeBars",
        {"contract": SPY, "barsize": 5, "whattoshow": "TRADES", "userth": False},
        _needs("realtimeBar"),
        stop="cancelRealTimeBars",
    ),
)

HISTORY = (
    _bars("historical bars", "historicalData", "historicalDataEnd"),
    _bars(
        "historical bars: keep up to date",
        "historicalDataUpdate",
        keepuptodate=True,
        barsizesetting="5 secs",
        stop="cancelHistoricalData",
    ),
    _bars(
        "historical schedule",
        "historicalSchedule",
        whattoshow="SCHEDULE",
        durationstr="2 D",
        barsizesetting="1 day",
    ),
    _past_ticks("TRADES", "historicalTicksLast"),
    _past_ticks("BID_ASK", "historicalTicksBidAsk"),
    _past_ticks("MIDPOINT", "historicalTicks"),
    Family(
        "head timestamp",
        "reqHeadTimeStamp",
        {"contract": SPY, "whattoshow": "TRADES", "userth": 1, "formatdate": 1},
        _needs("headTimestamp"),
        stop="cancelHeadTimeStamp",
    ),
    Family(
        "histogram",
        "reqHistogramData",
        {"contract": SPY, "userth": True, "period": "3 days"},
        _needs("histogramData"),
    ),
)

ACCOUNTS = (
    Family(
        "account summary",
        "reqAccountSummary",
        {"groupname": "All", "tags": "NetLiquidation,BuyingPower"},
        _needs("accountSummary", "accountSummaryEnd"),
        stop="cancelAccountSummary",
    ),
    Family(
        "account updates",
        "reqAccountUpdates",
        {"subscribe": True, "account": ACCOUNT},
        _needs("updateAccountValue", "accountDownloadEnd"),
        has_id=False,
    ),
    Family(
        "account updates, multi",
        "reqAccountUpdatesMulti",
        {"account": ACCOUNT, "modelcode": "", "ledgerandnlv": False},
        _needs("accountUpdateMulti", "accountUpdateMultiEnd"),
        stop="cancelAccountUpdatesMulti",
    ),
    Family("positions", "reqPositions", _NONE, _needs("positionEnd"), has_id=False),
    Family(
        "positions, multi",
        "reqPositionsMulti",
        {"account": ACCOUNT, "modelcode": ""},
        _needs("positionMultiEnd"),
        stop="cancelPositionsMulti",
    ),
    Family("P&L", "reqPnL", {"account": ACCOUNT, "modelcode": ""}, _needs("pnl"), stop="cancelPnL"),
    Family(
        "P&L of one position",
        "reqPnLSingle",
        {"account": ACCOUNT, "modelcode": "", "conid": 756733},
        _needs("pnlSingle"),
        stop="cancelPnLSingle",
    ),
    Family("family codes", "reqFamilyCodes", _NONE, _needs("familyCodes"), has_id=False),
    Family("soft dollar tiers", "reqSoftDollarTiers", _NONE, _needs("softDollarTiers")),
    Family(
        "financial advisor: request",
        "requestFA",
        {"fadatatype": 1},
        _needs("receiveFA"),
        has_id=False,
    ),
    Family(
        "financial advisor: replace",
        "replaceFA",
        {"fadatatype": 1, "xml": "<ListOfGroups></ListOfGroups>"},
        _needs("replaceFAEnd"),
    ),
)

ORDER_LISTS = (
    Family("open orders", "reqOpenOrders", _NONE, _needs("openOrderEnd"), has_id=False),
    Family("all open orders", "reqAllOpenOrders", _NONE, _needs("openOrderEnd"), has_id=False),
    Family(
        "automatic open orders",
        "reqAutoOpenOrders",
        {"bautobind": False},
        has_id=False,
        quiet=True,
    ),
    Family(
        "completed orders",
        "reqCompletedOrders",
        {"apionly": False},
        _needs("completedOrdersEnd"),
        has_id=False,
    ),
    Family("executions", "reqExecutions", {"filter": {}}, _needs("execDetailsEnd")),
    Family(
        "executions, filtered",
        "reqExecutions",
        {"filter": {"symbol": "SPY", "side": "BUY", "time": "20250602-13:30:00"}},
        _needs("execDetailsEnd"),
    ),
    Family("global cancel", "reqGlobalCancel", _NONE, has_id=False, quiet=True),
    Family(
        "exercise options",
        "exerciseOptions",
        {
            "contract": OPTION,
            "exerciseaction": 1,
            "exercisequantity": 1,
            "account": ACCOUNT,
            "override": 0,
            "manualordertime": "",
            "customeraccount": "",
            "professionalcustomer": False,
        },
        _needs("openOrder|orderStatus"),
    ),
)

REFERENCE = (
    Family(
        "scanner parameters",
        "reqScannerParameters",
        _NONE,
        _needs("scannerParameters"),
        has_id=False,
    ),
    Family(
        "scanner",
        "reqScannerSubscription",
        {
            "subscription": {
                "numberOfRows": 10,
                "instrument": "STK",
                "locationCode": "STK.US.MAJOR",
                "scanCode": "TOP_PERC_GAIN",
            }
        },
        _needs("scannerDataEnd"),
        stop="cancelScannerSubscription",
    ),
    Family(
        "fundamentals",
        "reqFundamentalData",
        {"contract": SPY, "reporttype": "ReportSnapshot"},
        _needs("fundamentalData"),
    ),
    Family("news providers", "reqNewsProviders", _NONE, _needs("newsProviders"), has_id=False),
    Family(
        "news bulletins",
        "reqNewsBulletins",
        {"allmsgs": True},
        _needs("updateNewsBulletin"),
        has_id=False,
        stop="cancelNewsBulletins",
    ),
    Family(
        "news headlines",
        "reqHistoricalNews",
        {
            "conid": 756733,
            "providercodes": "PAPR",
            "startdatetime": "",
            "enddatetime": "",
            "totalresults": 5,
        },
        _needs("historicalNewsEnd"),
    ),
    Family(
        "news article",
        "reqNewsArticle",
        {"providercode": "PAPR", "articleid": "$historicalNews.3"},
        _needs("newsArticle"),
    ),
    Family("Wall Street Horizon: meta data", "reqWshMetaData", _NONE, _needs("wshMetaData")),
    Family(
        "Wall Street Horizon: events",
        "reqWshEventData",
        {"wsheventdata": {"conId": 756733}},
        _needs("wshEventData"),
    ),
    Family("display groups: list", "queryDisplayGroups", _NONE, _needs("displayGroupList")),
    Family(
        "display groups: subscribe",
        "subscribeToGroupEvents",
        {"groupid": 1},
        _needs("displayGroupUpdated"),
    ),
    Family(
        "display groups: update",
        "updateDisplayGroup",
        {"reqid": "$displayGroupUpdated.0", "contractinfo": "756733@SMART"},
        _needs("displayGroupUpdated"),
    ),
    Family(
        "display groups: unsubscribe",
        "unsubscribeFromGroupEvents",
        {"reqid": "$displayGroupUpdated.0"},
        quiet=True,
    ),
)

ROOMS: Mapping[str, tuple[Family, ...]] = MappingProxyType(
    {
        "Connection": CONNECTION,
        "Contracts": CONTRACTS,
        "Market data": MARKET_DATA,
        "Market data without a subscription": UNSUBSCRIBED,
        "History": HISTORY,
        "Accounts": ACCOUNTS,
        "Orders": ORDER_LISTS,
        "Reference": REFERENCE,
    }
)
