"""What a bot tells its supervisor, and what it is told: JSON values, versioned by name.

The supervisor carries these as opaque bytes; the web room reads them; the runtime makes
them. A status is complete in itself: the latest one replaces all before it.
"""

from __future__ import annotations

import msgspec


class ConnectionStatus(msgspec.Struct, kw_only=True):
    """The record of C9; durations in seconds, times as ISO 8601 UTC or None."""

    state: str
    inner_state: str
    reason: str
    since: str | None
    is_connected: bool
    is_healthy: bool
    host: str
    port: int
    client_id: int
    server_version: int
    account: str
    quality: str
    latency_ms: float | None
    uptime_percent: float
    uptime_seconds: float
    connected_seconds: float
    total_connections: int
    total_disconnections: int
    failed_connections: int
    attempt: int
    attempts_max: int | None
    next_attempt_in_s: float | None
    last_connected: str | None
    last_disconnected: str | None
    last_outage_s: float | None
    median_outage_s: float | None
    worst_outage_s: float | None
    last_heard_s: float | None


class OrderStatusLine(msgspec.Struct, kw_only=True):
    """One order that is not over, or ended lately."""

    order_ref: str
    unit: str
    role: str
    symbol: str
    action: str
    quantity: str
    order_type: str
    price: str
    state: str
    filled: str
    perm_id: int
    age_s: float


class PositionStatusLine(msgspec.Struct, kw_only=True):
    """One holding in our book; ``protected`` is the quantity covered by live stops."""

    symbol: str
    quantity: str
    average_price: str
    last_price: str
    unrealized_pnl: str
    realized_pnl: str
    protected: str
    broker_quantity: str


class SymbolStatusLine(msgspec.Struct, kw_only=True):
    """One watched symbol; ``problem`` says why something of it does not come."""

    symbol: str
    last: str
    change_percent: float | None
    bars: int
    age_s: float | None
    problem: str = ""


class EventLine(msgspec.Struct, kw_only=True):
    """One line of the event list; ``severity`` is info, warning or critical."""

    at: str
    severity: str
    text: str


class BotStatus(msgspec.Struct, kw_only=True):
    """Everything the face shows of a bot. Money and quantities are decimal texts."""

    bot: str
    pid: int
    mode: str
    epoch: int
    started: str
    sent: str
    broker_time: str | None
    connection: ConnectionStatus
    trading: bool
    not_trading_reason: str
    last_signal_check: str | None
    safe_mode: str
    safe_mode_checks: list[str]
    watch_list: list[SymbolStatusLine]
    positions: list[PositionStatusLine]
    orders: list[OrderStatusLine]
    realized_pnl: str
    commissions: str
    fills: int
    executions_recovered: int
    unknown_orders: int
    unprotected_seconds: float
    recovery_report: list[str]
    events: list[EventLine]
    shutting_down: bool = False


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command"):
    """Base of all commands; ``by`` says who asked, for the journal."""

    by: str


class AddSymbol(Command, tag="add_symbol", frozen=True, kw_only=True):
    """Add a symbol to the watch list."""

    symbol: str


class RemoveSymbol(Command, tag="remove_symbol", frozen=True, kw_only=True):
    """Remove a symbol from the watch list; its open position stays managed."""

    symbol: str


class ClearSafeMode(Command, tag="clear_safe_mode", frozen=True, kw_only=True):
    """Leave safe mode and start a fresh connect cycle."""

    cause: str


class Reconnect(Command, tag="reconnect", frozen=True, kw_only=True):
    """Drop the link and connect again now."""


class Shutdown(Command, tag="shutdown", frozen=True, kw_only=True):
    """Run the six steps and exit 0."""

    reason: str


AnyCommand = AddSymbol | RemoveSymbol | ClearSafeMode | Reconnect | Shutdown
