"""Valid messages to begin with: every request the real ib_async can write."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

from ib_async import (
    IB,
    ComboLeg,
    Contract,
    ExecutionCondition,
    ExecutionFilter,
    Forex,
    Future,
    LimitOrder,
    MarginCondition,
    MarketOrder,
    Option,
    Order,
    PercentChangeCondition,
    PriceCondition,
    ScannerSubscription,
    Stock,
    StopLimitOrder,
    StopOrder,
    TagValue,
    TimeCondition,
    VolumeCondition,
    WshEventData,
)
from ib_async.client import Client
from ib_async.wrapper import Wrapper

VERSION = 178
SPY = Stock("SPY", "SMART", "USD")
CONTRACTS: tuple[Contract, ...] = (
    SPY,
    Stock("NOPE", "SMART", "USD"),
    Contract(conId=756733),
    Option("SPY", "20250620", 450, "C", "SMART"),
    Future("ES", "202506", "CME"),
    Forex("EURUSD"),
    Contract(
        secType="BAG",
        symbol="SPY",
        exchange="SMART",
        currency="USD",
        comboLegs=[
            ComboLeg(conId=756733, ratio=1, action="BUY", exchange="SMART"),
            ComboLeg(conId=8314, ratio=2, action="SELL", exchange="SMART"),
        ],
    ),
)
CONDITIONS = [
    PriceCondition(conId=756733, exch="SMART", price=1.5, isMore=True),
    TimeCondition(time="20250602 11:00:00 US/Eastern", isMore=True),
    MarginCondition(percent=10, isMore=True),
    ExecutionCondition(secType="STK", exch="SMART", symbol="SPY"),
    VolumeCondition(conId=756733, exch="SMART", volume=100, isMore=True),
    PercentChangeCondition(conId=756733, exch="SMART", changePercent=5, isMore=True),
]
ORDERS: tuple[Order, ...] = (
    MarketOrder("BUY", 10),
    LimitOrder("SELL", 5, 450.0, tif="GTC", orderRef="a:1:1.0"),
    StopOrder("SELL", 5, 440.0, parentId=1, transmit=False),
    StopLimitOrder("BUY", 5, 460.0, 459.0, ocaGroup="g", ocaType=1),
    Order(action="SELL", totalQuantity=7, orderType="TRAIL", trailingPercent=1.5),
    Order(action="BUY", totalQuantity=7, orderType="LMT", lmtPrice=1, conditions=CONDITIONS),
    Order(
        action="BUY",
        totalQuantity=7,
        orderType="MKT",
        algoStrategy="Adaptive",
        algoParams=[TagValue("adaptivePriority", "Normal")],
    ),
    Order(action="BUY", totalQuantity=7, orderType="MKT", whatIf=True),
    Order(action="BUY", totalQuantity=7, orderType="LMT", lmtPrice=2, tif="GTD"),
    Order(action="BUY", totalQuantity=7, orderType="PEG BENCH", lmtPrice=2),
    Order(action="BUY", orderType="MKT", cashQty=1000),
)


class _Recorder:
    """Stands where ib_async's socket would be."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def sendMsg(self, message: bytes) -> None:  # noqa: N802 - ib_async's name
        """Keep a message, without its length."""
        (size,) = struct.unpack(">I", message[:4])
        assert size == len(message) - 4
        self.sent.append(message[4:])


def messages() -> list[list[str]]:
    """Return valid messages as lists of fields; what ib_async asks for, once or more each."""
    loop = asyncio.new_event_loop()  # ib_async asks for one, and would leave it open
    asyncio.set_event_loop(loop)
    try:
        return _messages()
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _messages() -> list[list[str]]:
    make: Any = Client
    client = make(Wrapper(IB()))
    recorder: Any = _Recorder()
    client.conn = recorder
    client.connState = Client.CONNECTED
    client.MaxRequests = 0
    client._serverVersion = VERSION
    _ask(client)
    return [message.decode().split("\0")[:-1] for message in recorder.sent]


def _ask(client: Any) -> None:
    for number, contract in enumerate(CONTRACTS, start=1000):
        _ask_about(client, number, contract)
        for order in ORDERS:
            client.placeOrder(number - 999, contract, order)
    for number in (1, 2, 7):
        client.cancelOrder(number, "")
        _ask_by_number(client, number)
    client.reqOpenOrders()
    client.reqAllOpenOrders()
    client.reqAutoOpenOrders(True)
    client.reqCompletedOrders(False)
    client.reqGlobalCancel()
    client.reqIds(0)
    client.reqManagedAccts()
    client.reqCurrentTime()
    client.reqPositions()
    client.cancelPositions()
    client.reqFamilyCodes()
    client.reqMktDepthExchanges()
    client.reqNewsProviders()
    client.reqScannerParameters()
    client.cancelNewsBulletins()
    client.startApi()
    for flag in (True, False):
        client.reqNewsBulletins(flag)
        client.reqAccountUpdates(flag, "DU1234567")
    for kind in (1, 2, 3, 4, 9):
        client.reqMarketDataType(kind)
        client.setServerLogLevel(kind)
        client.requestFA(kind)


def _ask_about(client: Any, number: int, contract: Contract) -> None:
    client.reqContractDetails(number, contract)
    client.reqMktData(number, contract, "233,236,375", False, False, [])
    client.reqMktData(number, contract, "", True, False, [])
    client.reqMktDepth(number, contract, 5, True, [])
    client.reqRealTimeBars(number, contract, 5, "TRADES", True, [])
    for what in ("TRADES", "BID_ASK", "SCHEDULE"):
        client.reqHistoricalData(
            number, contract, "", "600 S", "1 min", what, True, 1, what == "TRADES", []
        )
    client.reqHistoricalTicks(number, contract, "", "20250602 10:00:00", 20, "TRADES", 1, False, [])
    client.reqHeadTimeStamp(number, contract, "TRADES", True, 1)
    client.reqHistogramData(number, contract, True, "1 day")
    for kind in ("Last", "BidAsk", "MidPoint"):
        client.reqTickByTickData(number, contract, kind, 3, False)
    client.calculateImpliedVolatility(number, contract, 1.5, 450.0, [])
    client.calculateOptionPrice(number, contract, 0.2, 450.0, [])
    client.exerciseOptions(number, contract, 1, 1, "DU1234567", 0)
    client.reqFundamentalData(number, contract, "ReportSnapshot", [])


def _ask_by_number(client: Any, number: int) -> None:
    for cancel in (
        client.cancelMktData,
        client.cancelRealTimeBars,
        client.cancelHistoricalData,
        client.cancelHeadTimeStamp,
        client.cancelHistogramData,
        client.cancelTickByTickData,
        client.cancelScannerSubscription,
        client.cancelFundamentalData,
        client.cancelCalculateImpliedVolatility,
        client.cancelCalculateOptionPrice,
        client.cancelAccountSummary,
        client.cancelAccountUpdatesMulti,
        client.cancelPositionsMulti,
        client.cancelPnL,
        client.cancelPnLSingle,
        client.cancelWshMetaData,
        client.cancelWshEventData,
        client.queryDisplayGroups,
        client.unsubscribeFromGroupEvents,
        client.reqSoftDollarTiers,
        client.reqUserInfo,
        client.reqWshMetaData,
        client.reqMarketRule,
    ):
        cancel(number)
    client.cancelMktDepth(number, True)
    client.subscribeToGroupEvents(number, number)
    client.updateDisplayGroup(number, "8314@SMART")
    client.reqWshEventData(number, WshEventData(8314))
    client.reqAccountSummary(number, "All", "NetLiquidation,$LEDGER:ALL")
    client.reqAccountUpdatesMulti(number, "DU1234567", "", False)
    client.reqPositionsMulti(number, "DU1234567", "")
    client.reqPnL(number, "DU1234567", "")
    client.reqPnLSingle(number, "DU1234567", "", 756733)
    client.reqExecutions(number, ExecutionFilter(symbol="SPY", time="20250602 09:00:00"))
    client.reqSecDefOptParams(number, "SPY", "", "STK", 756733)
    client.reqMatchingSymbols(number, "SP")
    client.reqSmartComponents(number, "9c0001")
    client.reqHistoricalNews(number, 756733, "PAPR", "", "", 10, [])
    client.reqNewsArticle(number, "PAPR", "PAPR$756733-20250602-opens", [])
    client.replaceFA(number, 1, "<xml/>")
    client.verifyRequest("bot", "1")
    client.verifyMessage("x")
    client.verifyAndAuthRequest("bot", "1", "key")
    client.verifyAndAuthMessage("x", "y")
    subscription = ScannerSubscription(
        instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN"
    )
    client.reqScannerSubscription(number, subscription, [], [])
