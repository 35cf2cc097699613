"""IB's words for no, and for "yes, but": the codes an order can be answered with.

A refusal of a new order means it is not in the book; a refusal of a modification leaves the
original working. The advisories refuse nothing.

**Source**: IB_FACTS section 1d; IB "API Error Codes" page for the numbers.
"""

from __future__ import annotations

from typing import NamedTuple

from ibelay.gateway.exchange.events import OrderRequest, Refused
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.order import BrokerOrderStatus


class Refusal(NamedTuple):
    """IB's code and sentence."""

    code: int
    text: str

    def to(self, client_id: ClientId, order_id: OrderId) -> Refused:
        """Return the event that tells the client."""
        return Refused(client_id=client_id, order_id=order_id, code=self.code, text=self.text)

    def about(self, request: OrderRequest) -> Refused:
        """Return the event that tells the client of *request*."""
        return self.to(request.client_id, request.order_id)


# New orders ------------------------------------------------------------------------
DUPLICATE_ID = Refusal(103, "Duplicate order id")
INCOMPLETE = Refusal(107, "Cannot transmit incomplete order.")
OFF_STEP = Refusal(
    110, "The price does not conform to the minimum price variation for this contract."
)
WRONG_TIF = Refusal(111, "The TIF and the order type are incompatible.")
CLOSE_NOT_DAY = Refusal(113, "The Tif option should be set to DAY for MOC and LOC orders.")
WRONG_TRIGGER_METHOD = Refusal(146, "Invalid trigger method.")
CONDITION_CONTRACT = Refusal(147, "The conditional contract info is incomplete.")
NOT_CONDITIONAL = Refusal(
    148,
    "Conditional submission of orders is supported for Limit, Market and MidPrice order types"
    " only. Conditional cancelation is supported for Limit and MidPrice order types only.",
)
NO_TRAIL = Refusal(158, "You must specify an offset amount or a percent offset value.")
WRONG_PERCENT = Refusal(159, "The percent offset value must be between 0% and 100%.")
NO_DEFINITION = Refusal(200, "No security definition has been found for the request")
AMBIGUOUS = Refusal(200, "The contract description specified is ambiguous.")
NOT_AVAILABLE = Refusal(203, "The security is not available or allowed for this account.")
WRONG_LEG = Refusal(313, "The combo details for a leg are invalid.")
NO_LEGS = Refusal(314, "Security type 'BAG' requires combo leg details.")
NO_END = Refusal(334, "Invalid Good Till Date order")
WRONG_TIME = Refusal(
    337, "The date, time, or time-zone entered is invalid. Expected yyyymmdd hh:mm:ss xxx."
)
COMBO_IN_GROUP = Refusal(356, "Smart-combo order does not support OCA group.")
COMBO_WHAT_IF = Refusal(360, "No whatif check support for smart combo order.")
OFF_SIZE_RULE = Refusal(355, "Order size does not conform to market rule.")
UNKNOWN_TYPE = Refusal(387, "Unsupported order type for this exchange and security type.")
TOO_SMALL = Refusal(388, "Order size is smaller than the minimum requirement.")
EXPIRED = Refusal(392, "Invalid order: contract expired.")
TOO_MANY = Refusal(201, "Order rejected - reason:the account has 10000 active orders, the maximum")
BAD_SCALE = Refusal(408, "Invalid scale order increment.")
NO_SIZE = Refusal(434, "The order size cannot be zero.")
NO_ALGORITHM = Refusal(439, "Order processing failed. Algorithm definition not found.")
NOT_FOR_ALGORITHM = Refusal(442, "Specified algorithm is not allowed for this order.")
UNKNOWN_ALGORITHM_ATTRIBUTE = Refusal(443, "Order processing failed. Unknown algo attribute.")
MISSING_PARENT = Refusal(10006, "Missing parent order.")
WRONG_HEDGE = Refusal(10007, "Invalid hedge type.")
WRONG_BETA = Refusal(10008, "Invalid beta value.")
WRONG_HEDGE_RATIO = Refusal(10009, "Invalid hedge ratio.")
WRONG_DELTA_HEDGE = Refusal(10010, "Invalid delta hedge order.")
HEDGE_WITH_SIZE = Refusal(10032, "The size of a hedge order is computed and cannot be specified.")
HEDGE_PAIR = Refusal(10063, "An FX hedge needs the currency pair of its parent's currency.")
CHILD_NOT_WHOLE = Refusal(10236, "Child has to be AON if parent order is AON")
FRACTIONAL = Refusal(
    10243, "Fractional-sized order cannot be placed via API. Please use desktop version."
)
NO_CASH_QUANTITY = Refusal(10244, "Cash Quantity cannot be used for this order")
CASH_QUANTITY_NEEDED = Refusal(10289, "You must set Cash Quantity for this order")
CASH_AND_SIZE = Refusal(10293, "Cryptocurrency Cash Quantity order cannot specify size")

# Modifications ---------------------------------------------------------------------
FILLED = Refusal(104, "Cannot modify a filled order.")
MISMATCH = Refusal(105, "Order being modified does not match original order.")
NEW_TYPE = Refusal(329, "Order modify failed. Cannot change to the new order type.")
NEW_ALGORITHM = Refusal(440, "Order modify failed. Algorithm cannot be modified.")
CASH_CHANGE = Refusal(
    10241,
    "Order Quantity is expressed in monetary terms. Modification is not supported via API.",
)
STILL_PROCESSED = Refusal(2102, "Unable to modify this order as it is still being processed.")
NEW_GROUP = Refusal(10326, "OCA group revision is not allowed.")
NEW_GROUP_TYPE = Refusal(10327, "OCA type revision is not allowed.")
NEW_PARENT = Refusal(10341, "Parent order id revision is not allowed.")

# Cancels ---------------------------------------------------------------------------
CANNOT_CANCEL = Refusal(136, "This order cannot be cancelled.")

# Advisories: the order lives -------------------------------------------------------
OUTSIDE_IGNORED = Refusal(
    2109,
    "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored based on the"
    " order type and destination. PlaceOrder is now being processed.",
)
LOCATING = Refusal(
    404,
    "Shares for this order are not immediately available for short sale. The order will be held"
    " while we attempt to locate the shares.",
)


def held_until(request: OrderRequest, moment: str) -> Refusal:
    """Return the advice that *request* waits for the session that opens at *moment*."""
    side, contract = request.action.value, request.contract
    return Refusal(
        399,
        f"Order Message:\n{side} {request.quantity.normalize():f} {contract.symbol} "
        f"{contract.primary_exchange or contract.exchange}\nWarning: your order will not be "
        f"placed at the exchange until {moment}",
    )


def wrong_account(account: str) -> Refusal:
    """Return the answer to an order for an account that is not ours."""
    return Refusal(321, f"Error validating request: invalid account code {account[:20]!r}")


def wrong_hedge_parent(why: str) -> Refusal:
    """Return the answer to a delta hedge whose parent is no option."""
    return Refusal(320, f"Error reading request: {why}")


def no_order(order_id: int) -> Refusal:
    """Return the answer to a modification that names an order that is over."""
    return Refusal(135, f"Can't find order with id = {order_id}")


def not_found(order_id: int) -> Refusal:
    """Return the answer to a cancel of an order this client never placed."""
    return Refusal(10147, f"OrderId {order_id} that needs to be cancelled is not found.")


def cannot_cancel(order_id: int, status: BrokerOrderStatus) -> Refusal:
    """Return the answer to a cancel of an order that is over."""
    return Refusal(
        10148,
        f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {status}.",
    )


def cancelling(perm_id: PermId) -> Refusal:
    """Return the answer to a cancel of what is being cancelled already, or of nothing (0)."""
    return Refusal(
        161,
        "Cancel attempted when order is not in a cancellable state.  Order permId =" + str(perm_id),
    )
