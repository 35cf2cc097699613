"""The table of messages a gateway sends: IB's name, number, and where the request id stands.

Rules:
1. A message is named as IB's EWrapper names the call it leads to; ``tickPrice``, not 1.
2. *id_at* is the field that holds a request id or order id, counted from the number as 0.
   It is None where a message has none.
3. *stream* marks what goes on coming after one request for data.

**Source**: shared IB facts, section 6d; numbers and positions as ib_async 2.1 reads them.
"""

from __future__ import annotations

from typing import NamedTuple


class Message(NamedTuple):
    """One kind of message of the server."""

    number: int
    name: str
    id_at: int | None = None
    stream: bool = False


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

BY_NAME = {message.name.lower(): message for message in MESSAGES}
BY_NUMBER = {message.number: message for message in MESSAGES}
