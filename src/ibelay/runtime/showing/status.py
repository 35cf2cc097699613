"""The status record: everything the face shows, made from the books and the session."""

from __future__ import annotations

import os
from decimal import Decimal
from itertools import islice

from ibelay.journal.ledger import Ledger
from ibelay.journal.order_entry import OrderEntry
from ibelay.machines.connection import documented_name
from ibelay.machines.link_events import LinkState
from ibelay.model.order import OrderState, Role
from ibelay.ports.clock import Clock
from ibelay.ports.control import (
    BotStatus,
    ConnectionStatus,
    OrderStatusLine,
    PositionStatusLine,
    SymbolStatusLine,
)
from ibelay.runtime.link.session import Session
from ibelay.runtime.recovery import Recovery
from ibelay.runtime.showing.chronicle import Chronicle, quality
from ibelay.runtime.streaming.streams import Streams
from ibelay.runtime.trading.trader import Trader
from ibelay.runtime.when import iso

_ENDED_SHOWN = 20


def status_record(
    trader: Trader,
    session: Session,
    streams: Streams,
    recovery: Recovery,
    chronicle: Chronicle,
    clock: Clock,
) -> BotStatus:
    """Return the whole status of a bot as of now."""
    ledger = trader.books.ledger
    broker_now = session.broker_now_ns()
    safe = ledger.safe_mode
    reason = trader.cannot_enter()
    return BotStatus(
        bot=trader.config.name,
        pid=os.getpid(),
        mode=trader.config.mode,
        epoch=ledger.epoch,
        started=iso(chronicle.started_wall_ns),
        sent=iso(clock.wall_ns()),
        broker_time=None if broker_now is None else iso(broker_now),
        connection=connection_record(session, chronicle, clock),
        trading=not reason,
        not_trading_reason=reason or trader.waits_for(),
        last_signal_check=None if trader.last_check_ns is None else iso(trader.last_check_ns),
        safe_mode=safe.reason if safe is not None else "",
        safe_mode_checks=list(safe.checks) if safe is not None else [],
        watch_list=_watch_list(trader, streams, clock),
        positions=_positions(trader),
        orders=_orders(ledger, trader.now_ns()),
        realized_pnl=_money(sum((p.realized_pnl for p in ledger.positions.values()), Decimal(0))),
        commissions=_money(sum((p.commissions for p in ledger.positions.values()), Decimal(0))),
        fills=len(ledger.executions),
        executions_recovered=recovery.executions_recovered,
        unknown_orders=sum(e.state is OrderState.UNKNOWN for e in ledger.open_orders()),
        unprotected_seconds=trader.protector.unprotected_ns / 1e9,
        recovery_report=list(recovery.report),
        events=list(chronicle.lines)[-60:],
        shutting_down=not trader.accepting,
    )


def connection_record(session: Session, chronicle: Chronicle, clock: Clock) -> ConnectionStatus:
    """Return the record of C9."""
    value, link, life = session.value, session.link, session.pulse.life
    now = clock.monotonic_ns()
    latency = None if life is None or life.srtt_ns is None else life.srtt_ns / 1e6
    last, middle, worst = chronicle.outages()
    address = session.config.address
    retry_in = None if value.retry_at_ns is None else max(0.0, (value.retry_at_ns - now) / 1e9)
    return ConnectionStatus(
        state=documented_name(value, was_connected=chronicle.was_ready),
        inner_state=value.state.value,
        reason=value.reason,
        since=iso(chronicle.since_ns),
        is_connected=value.state in {LinkState.READY, LinkState.SYNCING, LinkState.ISOLATED},
        is_healthy=session.ready,
        host=address.host,
        port=address.port,
        client_id=address.client_id,
        server_version=link.server_version if link is not None else 0,
        account=link.accounts[0] if link is not None and link.accounts else "",
        quality=quality(latency, ready=session.ready),
        latency_ms=latency,
        uptime_percent=chronicle.uptime_percent(),
        uptime_seconds=chronicle.uptime_seconds(),
        connected_seconds=chronicle.ready_seconds(),
        total_connections=session.connects,
        total_disconnections=chronicle.disconnections,
        failed_connections=session.failed_connects,
        attempt=value.attempts,
        attempts_max=session.config.schedule.max_attempts,
        next_attempt_in_s=retry_in,
        last_connected=_iso(chronicle.last_connected_ns),
        last_disconnected=_iso(chronicle.last_disconnected_ns),
        last_outage_s=last,
        median_outage_s=middle,
        worst_outage_s=worst,
        last_heard_s=None if link is None else max(0.0, (now - link.last_heard_ns) / 1e9),
    )


def _watch_list(trader: Trader, streams: Streams, clock: Clock) -> list[SymbolStatusLine]:
    lines = []
    now = clock.monotonic_ns()
    for symbol, stream in streams.by_symbol.items():
        quote = trader.quotes.get(stream.contract.con_id)
        last = None if quote is None else quote.last or quote.bid
        change = None
        if quote is not None and last is not None and quote.previous_close:
            change = round(float((last / quote.previous_close - 1) * 100), 2)
        given = stream.given_mono_ns
        lines.append(
            SymbolStatusLine(
                symbol=symbol,
                last="" if last is None else str(last),
                change_percent=change,
                bars=stream.bars,
                age_s=None if given is None else (now - given) / 1e9,
                problem=stream.problem,
            )
        )
    return lines


def _positions(trader: Trader) -> list[PositionStatusLine]:
    ledger = trader.books.ledger
    at_broker = trader.holdings.at_broker
    lines = []
    for con_id, held in ledger.positions.items():
        if not held.quantity and not held.realized_pnl:
            continue
        quote = trader.quotes.get(con_id)
        last = None if quote is None else quote.last or quote.bid
        gain = Decimal(0)
        if last is not None and held.quantity:
            gain = (last - held.average_price) * held.quantity
        lines.append(
            PositionStatusLine(
                symbol=held.contract.symbol,
                quantity=str(held.quantity),
                average_price=_money(held.average_price),
                last_price="" if last is None else str(last),
                unrealized_pnl=_money(gain),
                realized_pnl=_money(held.realized_pnl),
                protected=str(_covered(ledger, con_id)),
                broker_quantity=str(at_broker.get(con_id, Decimal(0))),
            )
        )
    return lines


def _covered(ledger: Ledger, con_id: int) -> Decimal:
    return sum(
        (
            min(entry.order.quantity - entry.filled, ledger.units[entry.order.unit].open_quantity)
            for entry in ledger.open_orders()
            if entry.order.role is Role.STOP and entry.contract.con_id == con_id
        ),
        Decimal(0),
    )


def _orders(ledger: Ledger, now_ns: int) -> list[OrderStatusLine]:
    # From the end: a day's orders are many, and this runs on the trading loop.
    newest = (entry for entry in reversed(ledger.orders.values()) if entry.state.terminal)
    ended = list(islice(newest, _ENDED_SHOWN))
    return [_order(entry, now_ns) for entry in (*ledger.open_orders(), *reversed(ended))]


def _order(entry: OrderEntry, now_ns: int) -> OrderStatusLine:
    order = entry.order
    price = order.limit_price if order.limit_price is not None else order.stop_price
    return OrderStatusLine(
        order_ref=order.order_ref,
        unit=order.unit,
        role=order.role.value,
        symbol=entry.contract.symbol,
        action=order.action.value,
        quantity=str(order.quantity),
        order_type=order.order_type.value,
        price="" if price is None else str(price),
        state=entry.state.value,
        filled=str(entry.filled),
        perm_id=max(entry.perm_ids, default=0),
        age_s=max(0.0, (now_ns - entry.intent.at_ns) / 1e9),
    )


def _money(value: Decimal) -> str:
    return f"{value:.2f}"


def _iso(at_ns: int | None) -> str | None:
    return None if at_ns is None else iso(at_ns)
