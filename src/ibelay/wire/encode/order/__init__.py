"""openOrder and completedOrder: an order as the server shows it. Pure."""

from ibelay.wire.encode.order.messages import completed_order, open_order
from ibelay.wire.encode.order.view import OrderView

__all__ = ["OrderView", "completed_order", "open_order"]
