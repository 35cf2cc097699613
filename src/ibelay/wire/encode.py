r"""Server messages to bytes, ready for the socket. One function per message.

All layouts are those of server versions 176 to 178, where only ``execDetails`` and the
orders (``encode_order``) differ. Text that IB escapes (error texts, long names) is sent as
``\uXXXX``, which clients undo.

**Source**: shared IB facts, section 6d; notes on ib_async, section 2 (field counts).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.model.market import Bar
from ibelay.model.order import Action
from ibelay.wire.fields import UNSET_DOUBLE, decimal_text, field_text
from ibelay.wire.framing import frame
from ibelay.wire.times import SECOND_NS, moment

PRICE_REVISION_SINCE = 178


def message(*fields: object) -> bytes:
    """Return a framed message of *fields*, each ended by NUL."""
    return frame(("\0".join(map(field_text, fields)) + "\0").encode("utf-8", "backslashreplace"))


def escaped(text: str) -> str:
    """Return *text* in ASCII, the rest as escapes; NUL and line ends become spaces."""
    flat = text.replace("\0", " ").replace("\n", " ").replace("\r", " ")
    return flat.encode("ascii", "backslashreplace").decode("ascii")


def contract_fields(contract: Contract, *, exchange: str | None = None) -> list[object]:
    """Return the eleven fields by which the server names a contract."""
    multiplier = "" if contract.sec_type == "STK" else contract.multiplier
    return [
        contract.con_id,
        contract.symbol,
        contract.sec_type,
        contract.last_trade_date,
        contract.strike,
        contract.right,
        multiplier,
        contract.exchange if exchange is None else exchange,
        contract.currency,
        contract.local_symbol or contract.symbol,
        contract.trading_class,
    ]


def error(request_id: int, code: int, text: str) -> bytes:
    """Return errMsg; *request_id* is an order's, a request's or -1."""
    return message(4, 2, request_id, code, escaped(text), "")


def managed_accounts(accounts: Sequence[str]) -> bytes:
    """Return managedAccounts."""
    return message(15, 1, ",".join(accounts))


def next_valid_id(order_id: OrderId) -> bytes:
    """Return nextValidId."""
    return message(9, 1, order_id)


def current_time(at_ns: int) -> bytes:
    """Return currentTime, in whole seconds."""
    return message(49, 1, at_ns // SECOND_NS)


def account_value(key: str, value: str, currency: str, account: str) -> bytes:
    """Return accountValue."""
    return message(6, 2, key, value, currency, account)


def account_update_time(text: str) -> bytes:
    """Return acctUpdateTime, ``HH:MM``."""
    return message(8, 1, text)


def account_download_end(account: str) -> bytes:
    """Return acctDownloadEnd."""
    return message(54, 1, account)


def account_update_multi(request_id: int, account: str, row: tuple[str, str, str]) -> bytes:
    """Return accountUpdateMulti; *row* is key, value, currency."""
    return message(73, 1, request_id, account, "", *row)


def account_update_multi_end(request_id: int) -> bytes:
    """Return accountUpdateMultiEnd."""
    return message(74, 1, request_id)


def account_summary(request_id: int, account: str, row: tuple[str, str, str]) -> bytes:
    """Return accountSummary; *row* is tag, value, currency."""
    return message(63, 1, request_id, account, *row)


def account_summary_end(request_id: int) -> bytes:
    """Return accountSummaryEnd."""
    return message(64, 1, request_id)


def position(account: str, contract: Contract, quantity: Decimal, average_cost: Decimal) -> bytes:
    """Return position; it names the primary exchange, as IB does."""
    exchange = contract.primary_exchange or contract.exchange
    fields = contract_fields(contract, exchange=exchange)
    return message(61, 3, account, *fields, quantity, average_cost)


def position_end() -> bytes:
    """Return positionEnd."""
    return message(62, 1)


def portfolio_value(contract: Contract, figures: Sequence[Decimal], account: str) -> bytes:
    """Return portfolioValue.

    Args:
        contract: What is held.
        figures: Position, market price, market value, average cost, unrealized P&L,
            realized P&L.
        account: Account code.
    """
    exchange = contract.primary_exchange or contract.exchange
    fields = contract_fields(contract, exchange=exchange)
    return message(7, 8, *fields, *figures, account)


def execution(
    request_id: int, done: Execution, totals: tuple[Decimal, Decimal], server_version: int
) -> bytes:
    """Return execDetails.

    Args:
        request_id: -1 for a live fill.
        done: The fill.
        totals: Quantity filled so far and its average price.
        server_version: 178 adds pendingPriceRevision.
    """
    exchange = done.contract.primary_exchange or done.contract.exchange
    side = "BOT" if done.action is Action.BUY else "SLD"
    fields = contract_fields(done.contract, exchange=exchange)
    ids = (done.exec_id, moment(done.at_ns), done.account, exchange, side)
    fill = (done.quantity, done.price, done.perm_id, done.client_id, 0, *totals)
    rest: list[object] = [done.order_ref, "", "", "", 2]
    if server_version >= PRICE_REVISION_SINCE:
        rest.append(False)
    return message(11, request_id, done.order_id, *fields, *ids, *fill, *rest)


def execution_end(request_id: int) -> bytes:
    """Return execDetailsEnd."""
    return message(55, 1, request_id)


def commission(report: CommissionReport) -> bytes:
    """Return commissionReport; an opening trade has no realized P&L."""
    realized = UNSET_DOUBLE if report.realized_pnl is None else report.realized_pnl
    fields = (report.exec_id, report.commission, report.currency, realized)
    return message(59, 1, *fields, UNSET_DOUBLE, "")


def order_status(
    order_id: OrderId,
    status: str,
    *,
    filled: Decimal,
    remaining: Decimal,
    average_price: Decimal,
    last_price: Decimal,
    perm_id: PermId,
    parent_id: OrderId,
    client_id: ClientId,
    why_held: str,
) -> bytes:
    """Return orderStatus."""
    amounts = (filled, remaining, average_price)
    ids = (perm_id, parent_id, last_price, client_id)
    return message(3, order_id, status, *amounts, *ids, why_held, 0)


def open_order_end() -> bytes:
    """Return openOrderEnd."""
    return message(53, 1)


def completed_orders_end() -> bytes:
    """Return completedOrdersEnd, which has no version."""
    return message(102)


def tick_price(request_id: int, tick: int, price: Decimal, size: Decimal, mask: int = 0) -> bytes:
    """Return tickPrice."""
    return message(
        "1", "6", str(request_id), str(tick), decimal_text(price), decimal_text(size), str(mask)
    )


def tick_size(request_id: int, tick: int, size: Decimal) -> bytes:
    """Return tickSize."""
    return message("2", "6", str(request_id), str(tick), decimal_text(size))


def tick_string(request_id: int, tick: int, value: str) -> bytes:
    """Return tickString."""
    return message(46, 6, request_id, tick, value)


def tick_parameters(request_id: int, min_tick: Decimal, bbo_exchange: str) -> bytes:
    """Return tickReqParams; 3 means that snapshots are permitted."""
    return message(81, request_id, min_tick, bbo_exchange, 3)


def tick_snapshot_end(request_id: int) -> bytes:
    """Return tickSnapshotEnd."""
    return message(57, 1, request_id)


def market_data_type(request_id: int, kind: int) -> bytes:
    """Return marketDataType."""
    return message(58, 1, request_id, kind)


def _bar_figures(bar: Bar) -> tuple[object, ...]:
    return (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.count)


def real_time_bar(request_id: int, bar: Bar) -> bytes:
    """Return realtimeBar; its time is the bar's beginning."""
    return message(50, 3, request_id, bar.at_ns // SECOND_NS, *_bar_figures(bar))


def historical_data(
    request_id: int, start: str, end: str, bars: Sequence[tuple[str, Bar]]
) -> bytes:
    """Return historicalData; each bar comes with its date as text."""
    rows = [field for date, bar in bars for field in (date, *_bar_figures(bar))]
    return message(17, request_id, start, end, len(bars), *rows)


def contract_details_end(request_id: int) -> bytes:
    """Return contractDataEnd."""
    return message(52, 1, request_id)


def contract_details(
    request_id: int,
    contract: Contract,
    *,
    long_name: str,
    min_tick: Decimal,
    order_types: str,
    time_zone: str,
    trading_hours: str,
    liquid_hours: str,
) -> bytes:
    """Return contractData of a stock."""
    primary = contract.primary_exchange
    exchanges = ",".join(dict.fromkeys(filter(None, ("SMART", contract.exchange, primary))))
    head = (
        contract.symbol,
        contract.sec_type,
        contract.last_trade_date,
        contract.strike,
        contract.right,
        contract.exchange,
        contract.currency,
        contract.local_symbol or contract.symbol,
        contract.trading_class or contract.symbol,  # market name
        contract.trading_class,
        contract.con_id,
        min_tick,
        "" if contract.sec_type == "STK" else contract.multiplier,
    )
    names = (
        order_types,
        exchanges,
        1,
        0,
        escaped(long_name.replace("\\", "\\\\")),
        primary,
        "",
        "",
        "",
        "",
    )
    hours = (time_zone, trading_hours, liquid_hours, "", "", 0)
    rules = (1, "", "", ",".join("26" for _ in exchanges.split(",")), "", "COMMON")
    sizes = (Decimal("0.0001"), Decimal("0.0001"), 100)
    return message(10, request_id, *head, *names, *hours, *rules, *sizes)
