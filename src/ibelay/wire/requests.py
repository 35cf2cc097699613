"""What a client can ask: a closed union, one frozen value per message. A table of data.

Names of clients' requests are IB's; the number of each is in ``decode``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, OrderId
from ibelay.model.order import Action


@dataclass(frozen=True, slots=True)
class StartApi:
    """The first message: who the client is."""

    client_id: ClientId
    capabilities: str = ""


# Orders ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """A new order or a change of one; *extra* has every field set and not named here."""

    order_id: OrderId
    contract: Contract
    action: Action
    quantity: Decimal
    order_type: str
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    tif: str = "DAY"
    oca_group: str = ""
    account: str = ""
    order_ref: str = ""
    transmit: bool = True
    parent_id: OrderId = OrderId(0)
    outside_rth: bool = False
    oca_type: int = 0
    what_if: bool = False
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel an order of this client."""

    order_id: OrderId


@dataclass(frozen=True, slots=True)
class GlobalCancel:
    """Cancel every order of every client."""


@dataclass(frozen=True, slots=True)
class RequestOpenOrders:
    """Working orders of this client."""


@dataclass(frozen=True, slots=True)
class RequestAllOpenOrders:
    """Working orders of all clients."""


@dataclass(frozen=True, slots=True)
class RequestAutoOpenOrders:
    """Bind manual orders to client 0 from now on."""

    bind: bool


@dataclass(frozen=True, slots=True)
class RequestCompletedOrders:
    """Orders that ended today."""

    api_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExecutions:
    """Today's executions that pass the filter; empty or 0 means any."""

    request_id: int
    client_id: int = 0
    account: str = ""
    time: str = ""
    symbol: str = ""
    sec_type: str = ""
    exchange: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True)
class RequestIds:
    """The next order id to use."""


OrderQueries = (
    RequestOpenOrders
    | RequestAllOpenOrders
    | RequestAutoOpenOrders
    | RequestCompletedOrders
    | RequestExecutions
    | RequestIds
)
OrderRequests = PlaceOrder | CancelOrder | GlobalCancel | OrderQueries

# The account -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestManagedAccounts:
    """Which accounts the gateway is logged in to."""


@dataclass(frozen=True, slots=True)
class RequestAccountUpdates:
    """Account values and portfolio, now and on change; or no longer."""

    subscribe: bool
    account: str


@dataclass(frozen=True, slots=True)
class RequestAccountUpdatesMulti:
    """Account values under a request id."""

    request_id: int
    account: str
    model_code: str


@dataclass(frozen=True, slots=True)
class CancelAccountUpdatesMulti:
    """End of :class:`RequestAccountUpdatesMulti`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestAccountSummary:
    """Some account values under a request id."""

    request_id: int
    group: str
    tags: str


@dataclass(frozen=True, slots=True)
class CancelAccountSummary:
    """End of :class:`RequestAccountSummary`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestPositions:
    """Positions, now and on change."""


@dataclass(frozen=True, slots=True)
class CancelPositions:
    """End of :class:`RequestPositions`."""


AccountRequests = (
    RequestManagedAccounts
    | RequestAccountUpdates
    | RequestAccountUpdatesMulti
    | CancelAccountUpdatesMulti
    | RequestAccountSummary
    | CancelAccountSummary
    | RequestPositions
    | CancelPositions
)

# Market data -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestContractDetails:
    """What the contract is."""

    request_id: int
    contract: Contract


@dataclass(frozen=True, slots=True)
class RequestMarketData:
    """Top of book, streaming or once."""

    request_id: int
    contract: Contract
    snapshot: bool = False


@dataclass(frozen=True, slots=True)
class CancelMarketData:
    """End of :class:`RequestMarketData`."""

    request_id: int


@dataclass(frozen=True, slots=True)
class RequestMarketDataType:
    """1 live, 2 frozen, 3 delayed, 4 delayed frozen."""

    market_data_type: int


@dataclass(frozen=True, slots=True)
class RequestRealTimeBars:
    """Bars of 5 seconds as they close."""

    request_id: int
    contract: Contract
    what_to_show: str
    regular_hours: bool


@dataclass(frozen=True, slots=True)
class CancelRealTimeBars:
    """End of :class:`RequestRealTimeBars`."""

    request_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHistoricalData:
    """Bars of the past; times, sizes and durations as the client wrote them."""

    request_id: int
    contract: Contract
    end: str
    bar_size: str
    duration: str
    regular_hours: bool
    what_to_show: str
    format_date: int
    keep_up_to_date: bool


@dataclass(frozen=True, slots=True)
class CancelHistoricalData:
    """End of :class:`RequestHistoricalData`."""

    request_id: int


DataCancellations = CancelMarketData | CancelRealTimeBars | CancelHistoricalData
DataRequests = (
    RequestContractDetails
    | RequestMarketData
    | RequestMarketDataType
    | RequestRealTimeBars
    | RequestHistoricalData
    | DataCancellations
)

# The connection ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestCurrentTime:
    """The gateway's clock."""


@dataclass(frozen=True, slots=True)
class SetServerLogLevel:
    """How much the gateway logs of this client; heard and not acted on."""

    level: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that is not served or not well formed, and IB's answer to it."""

    request_id: int
    code: int
    text: str


ClientRequest = (
    StartApi
    | OrderRequests
    | AccountRequests
    | DataRequests
    | RequestCurrentTime
    | SetServerLogLevel
    | Refusal
)
