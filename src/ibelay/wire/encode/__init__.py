"""Server messages to bytes, ready for the socket: one function per message. Pure."""

from ibelay.wire.encode.account import (
    account_download_end,
    account_summary,
    account_summary_end,
    account_update_multi,
    account_update_multi_end,
    account_update_time,
    account_value,
    portfolio_value,
    position,
    position_end,
)
from ibelay.wire.encode.data import (
    bar_figures,
    market_data_type,
    real_time_bar,
    tick_parameters,
    tick_price,
    tick_size,
    tick_snapshot_end,
    tick_string,
)
from ibelay.wire.encode.history import historical_data
from ibelay.wire.encode.link import (
    current_time,
    error,
    managed_accounts,
    next_valid_id,
)
from ibelay.wire.encode.message import (
    contract_fields,
    escaped,
    message,
)
from ibelay.wire.encode.order import (
    OrderView,
    completed_order,
    open_order,
)
from ibelay.wire.encode.orders import (
    commission,
    completed_orders_end,
    execution,
    execution_end,
    execution_message,
    execution_text,
    open_order_end,
    order_bound,
    order_status,
)
from ibelay.wire.encode.reference import (
    contract_details,
    contract_details_end,
)

__all__ = [
    "OrderView",
    "account_download_end",
    "account_summary",
    "account_summary_end",
    "account_update_multi",
    "account_update_multi_end",
    "account_update_time",
    "account_value",
    "bar_figures",
    "commission",
    "completed_order",
    "completed_orders_end",
    "contract_details",
    "contract_details_end",
    "contract_fields",
    "current_time",
    "error",
    "escaped",
    "execution",
    "execution_end",
    "execution_message",
    "execution_text",
    "historical_data",
    "managed_accounts",
    "market_data_type",
    "message",
    "next_valid_id",
    "open_order",
    "open_order_end",
    "order_bound",
    "order_status",
    "portfolio_value",
    "position",
    "position_end",
    "real_time_bar",
    "tick_parameters",
    "tick_price",
    "tick_size",
    "tick_snapshot_end",
    "tick_string",
]
