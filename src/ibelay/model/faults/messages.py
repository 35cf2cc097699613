"""The table of messages: IB's name, number, and where the request id stands.

Rules:
1. What a gateway sends is named as IB's EWrapper names the call it leads to (``tickPrice``,
   not 1), what a client sends as EClient names the call that sends it (``reqMktData``).
2. *id_at* is the field that holds a request id or order id, counted from the number as 0.
   It is None where a message has none.
3. *stream* marks what goes on coming after one request for data, and that request.
4. Positions are those of server versions 157 to 178.

**Source**: shared IB facts, section 6d; numbers and positions as ib_async 2.1 reads them.
"""

from __future__ import annotations

from typing import NamedTuple


class Message(NamedTuple):
    """One kind of message."""

    number: int
    name: str
    id_at: int | None = None
    stream: bool = False
    from_client: bool = False


MESSAGES: tuple[Message, ...] = (
    Message(1, "tickPrice", 2, stream=True),
    Message(2, "tickSize", 2, stream=True),
    Message(3, "orderStatus", 1),
    Message(4, "error", 2),
    Message(5, "openOrder", 1),
    Message(6, "updateAccountValue"),
    Message(7, "updatePortfolio"),
    Message(8, "updateAccountTime"),
    Message(9, "nextValidId"),
    Message(10, "contractDetails", 1),
    Message(11, "execDetails", 1),
    Message(12, "updateMktDepth", 2, stream=True),
    Message(13, "updateMktDepthL2", 2, stream=True),
    Message(14, "updateNewsBulletin"),
    Message(15, "managedAccounts"),
    Message(16, "receiveFA"),
    Message(17, "historicalData", 1),
    Message(18, "bondContractDetails", 1),
    Message(19, "scannerParameters"),
    Message(20, "scannerData", 2),
    Message(21, "tickOptionComputation", 1, stream=True),
    Message(45, "tickGeneric", 2, stream=True),
    Message(46, "tickString", 2, stream=True),
    Message(47, "tickEFP", 2, stream=True),
    Message(49, "currentTime"),
    Message(50, "realtimeBar", 2, stream=True),
    Message(51, "fundamentalData", 2),
    Message(52, "contractDetailsEnd", 2),
    Message(53, "openOrderEnd"),
    Message(54, "accountDownloadEnd"),
    Message(55, "execDetailsEnd", 2),
    Message(56, "deltaNeutralValidation", 2),
    Message(57, "tickSnapshotEnd", 2),
    Message(58, "marketDataType", 2),
    Message(59, "commissionReport"),
    Message(61, "position"),
    Message(62, "positionEnd"),
    Message(63, "accountSummary", 2),
    Message(64, "accountSummaryEnd", 2),
    Message(67, "displayGroupList", 2),
    Message(68, "displayGroupUpdated", 2),
    Message(71, "positionMulti", 2),
    Message(72, "positionMultiEnd", 2),
    Message(73, "accountUpdateMulti", 2),
    Message(74, "accountUpdateMultiEnd", 2),
    Message(75, "securityDefinitionOptionParameter", 1),
    Message(76, "securityDefinitionOptionParameterEnd", 1),
    Message(77, "softDollarTiers", 1),
    Message(78, "familyCodes"),
    Message(79, "symbolSamples", 1),
    Message(80, "mktDepthExchanges"),
    Message(81, "tickReqParams", 1),
    Message(82, "smartComponents", 1),
    Message(83, "newsArticle", 1),
    Message(84, "tickNews", 1, stream=True),
    Message(85, "newsProviders"),
    Message(86, "historicalNews", 1),
    Message(87, "historicalNewsEnd", 1),
    Message(88, "headTimestamp", 1),
    Message(89, "histogramData", 1),
    Message(90, "historicalDataUpdate", 1, stream=True),
    Message(91, "rerouteMktDataReq", 1),
    Message(92, "rerouteMktDepthReq", 1),
    Message(93, "marketRule"),
    Message(94, "pnl", 1),
    Message(95, "pnlSingle", 1),
    Message(96, "historicalTicks", 1),
    Message(97, "historicalTicksBidAsk", 1),
    Message(98, "historicalTicksLast", 1),
    Message(99, "tickByTick", 1, stream=True),
    Message(100, "orderBound"),
    Message(101, "completedOrder"),
    Message(102, "completedOrdersEnd"),
    Message(103, "replaceFAEnd", 1),
    Message(104, "wshMetaData", 1),
    Message(105, "wshEventData", 1),
    Message(106, "historicalSchedule", 1),
    Message(107, "userInfo", 1),
    Message(108, "historicalDataEnd", 1),
    Message(109, "currentTimeInMillis"),
)


def _request(number: int, name: str, id_at: int | None = None, *, stream: bool = False) -> Message:
    return Message(number, name, id_at, stream, from_client=True)


REQUESTS: tuple[Message, ...] = (
    _request(1, "reqMktData", 2, stream=True),
    _request(2, "cancelMktData", 2),
    _request(3, "placeOrder", 1),
    _request(4, "cancelOrder", 2),
    _request(5, "reqOpenOrders"),
    _request(6, "reqAccountUpdates"),
    _request(7, "reqExecutions", 2),
    _request(8, "reqIds"),
    _request(9, "reqContractDetails", 2),
    _request(10, "reqMktDepth", 2, stream=True),
    _request(11, "cancelMktDepth", 2),
    _request(12, "reqNewsBulletins"),
    _request(13, "cancelNewsBulletins"),
    _request(14, "setServerLogLevel"),
    _request(15, "reqAutoOpenOrders"),
    _request(16, "reqAllOpenOrders"),
    _request(17, "reqManagedAccts"),
    _request(18, "requestFA"),
    _request(19, "replaceFA"),
    _request(20, "reqHistoricalData", 1, stream=True),
    _request(21, "exerciseOptions", 2),
    _request(22, "reqScannerSubscription", 1),
    _request(23, "cancelScannerSubscription", 2),
    _request(24, "reqScannerParameters"),
    _request(25, "cancelHistoricalData", 2),
    _request(49, "reqCurrentTime"),
    _request(50, "reqRealTimeBars", 2, stream=True),
    _request(51, "cancelRealTimeBars", 2),
    _request(52, "reqFundamentalData", 2),
    _request(53, "cancelFundamentalData", 2),
    _request(54, "calculateImpliedVolatility", 2),
    _request(55, "calculateOptionPrice", 2),
    _request(56, "cancelCalculateImpliedVolatility", 2),
    _request(57, "cancelCalculateOptionPrice", 2),
    _request(58, "reqGlobalCancel"),
    _request(59, "reqMarketDataType"),
    _request(61, "reqPositions"),
    _request(62, "reqAccountSummary", 2),
    _request(63, "cancelAccountSummary", 2),
    _request(64, "cancelPositions"),
    _request(67, "queryDisplayGroups", 2),
    _request(68, "subscribeToGroupEvents", 2),
    _request(69, "updateDisplayGroup", 2),
    _request(70, "unsubscribeFromGroupEvents", 2),
    _request(71, "startApi"),
    _request(74, "reqPositionsMulti", 2),
    _request(75, "cancelPositionsMulti", 2),
    _request(76, "reqAccountUpdatesMulti", 2),
    _request(77, "cancelAccountUpdatesMulti", 2),
    _request(78, "reqSecDefOptParams", 1),
    _request(79, "reqSoftDollarTiers", 1),
    _request(80, "reqFamilyCodes"),
    _request(81, "reqMatchingSymbols", 1),
    _request(82, "reqMktDepthExchanges"),
    _request(83, "reqSmartComponents", 1),
    _request(84, "reqNewsArticle", 1),
    _request(85, "reqNewsProviders"),
    _request(86, "reqHistoricalNews", 1),
    _request(87, "reqHeadTimeStamp", 1),
    _request(88, "reqHistogramData", 1),
    _request(89, "cancelHistogramData", 1),
    _request(90, "cancelHeadTimeStamp", 1),
    _request(91, "reqMarketRule"),
    _request(92, "reqPnL", 1),
    _request(93, "cancelPnL", 1),
    _request(94, "reqPnLSingle", 1),
    _request(95, "cancelPnLSingle", 1),
    _request(96, "reqHistoricalTicks", 1),
    _request(97, "reqTickByTickData", 1, stream=True),
    _request(98, "cancelTickByTickData", 1),
    _request(99, "reqCompletedOrders"),
    _request(100, "reqWshMetaData", 1),
    _request(101, "cancelWshMetaData", 1),
    _request(102, "reqWshEventData", 1),
    _request(103, "cancelWshEventData", 1),
    _request(104, "reqUserInfo", 1),
)

BY_NAME = {message.name.lower(): message for message in (*MESSAGES, *REQUESTS)}
BY_NUMBER = {message.number: message for message in MESSAGES}
REQUEST_BY_NUMBER = {message.number: message for message in REQUESTS}
