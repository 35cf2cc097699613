"""What a client can ask: a closed union, one frozen value per message. Pure.

Names of clients' requests are IB's; the number of each is in ``wire.decode``.
"""

from ibelay.wire.requests.account import (
    AccountRequests,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPositions,
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestAccountUpdatesMulti,
    RequestManagedAccounts,
    RequestPositions,
)
from ibelay.wire.requests.data import (
    CancelMarketData,
    CancelRealTimeBars,
    CancelTickByTick,
    DataRequests,
    RequestMarketData,
    RequestMarketDataType,
    RequestRealTimeBars,
    RequestTickByTick,
)
from ibelay.wire.requests.history import (
    CancelHistoricalData,
    HistoryRequests,
    RequestHistoricalData,
)
from ibelay.wire.requests.link import (
    LinkRequests,
    Refusal,
    RequestCurrentTime,
    SetServerLogLevel,
    StartApi,
)
from ibelay.wire.requests.news import NewsRequests
from ibelay.wire.requests.options import OptionRequests
from ibelay.wire.requests.orders import (
    CancelOrder,
    ExerciseOptions,
    GlobalCancel,
    OrderQueries,
    OrderRequests,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestAutoOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
    RequestIds,
    RequestOpenOrders,
)
from ibelay.wire.requests.reference import ReferenceRequests, RequestContractDetails
from ibelay.wire.requests.scanner import ScannerRequests
from ibelay.wire.requests.services import ServiceRequests

ClientRequest = (
    LinkRequests
    | OrderRequests
    | AccountRequests
    | DataRequests
    | HistoryRequests
    | ReferenceRequests
    | NewsRequests
    | ScannerRequests
    | ServiceRequests
    | OptionRequests
)

__all__ = [
    "AccountRequests",
    "CancelAccountSummary",
    "CancelAccountUpdatesMulti",
    "CancelHistoricalData",
    "CancelMarketData",
    "CancelOrder",
    "CancelPositions",
    "CancelRealTimeBars",
    "CancelTickByTick",
    "ClientRequest",
    "DataRequests",
    "ExerciseOptions",
    "GlobalCancel",
    "HistoryRequests",
    "LinkRequests",
    "OrderQueries",
    "OrderRequests",
    "PlaceOrder",
    "ReferenceRequests",
    "Refusal",
    "RequestAccountSummary",
    "RequestAccountUpdates",
    "RequestAccountUpdatesMulti",
    "RequestAllOpenOrders",
    "RequestAutoOpenOrders",
    "RequestCompletedOrders",
    "RequestContractDetails",
    "RequestCurrentTime",
    "RequestExecutions",
    "RequestHistoricalData",
    "RequestIds",
    "RequestManagedAccounts",
    "RequestMarketData",
    "RequestMarketDataType",
    "RequestOpenOrders",
    "RequestPositions",
    "RequestRealTimeBars",
    "RequestTickByTick",
    "SetServerLogLevel",
    "StartApi",
]
