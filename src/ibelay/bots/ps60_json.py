"""ps60's state as the JSON its operators know (S1).

Shape (prices, money and shares are JSON numbers, exact; times are ISO 8601, UTC, or null)::

    {"session": {"date", "start_time", "watch_list": [..], "daily_pnl", "trades_today"},
     "positions": {"SPY": {"side", "entry_price", "entry_time", "quantity", "remaining", "pivot",
                           "attempt", "session_date", "stop_price", "at_break_even",
                           "stop_orders": [..], "contract": {..}, "units": [..],
                           "targets": {"partial", "target1", "target2"},
                           "partials": [{"time", "price", "quantity", "reason", "recovered"}],
                           "closed_pnl"}},
     "pending": {"SPY": <the same>},
     "attempts": [{"symbol", "side", "pivot", "count"}],
     "closed_trades": [<the same as a position> + "exit_time"],
     "analytics": {"filter_blocks": {..}, "entry_paths": {..}},
     "bar_buffers": {"SPY": {"bars", "last_bar", "closes": [..]}}}

``partials`` has every exit so far, stops included; ``stop_orders`` are our order references.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from ibelay.bots.ps60_state import Ps60State
from ibelay.bots.trades import Trade

_SECOND_NS = 1_000_000_000


def to_ps60_json(state: Ps60State) -> str:
    """Return *state* as JSON text in the shape above."""
    document = {
        "session": {
            "date": state.session_date,
            "start_time": _time(state.started_ns),
            "watch_list": sorted(state.bars),
            "daily_pnl": state.daily_pnl,
            "trades_today": state.trades_today,
        },
        "positions": {t.symbol: _trade(t) for t in state.open_trades if t.entered},
        "pending": {t.symbol: _trade(t) for t in state.open_trades if not t.entered},
        "attempts": [msgspec.structs.asdict(row) for row in state.attempts.values()],
        "closed_trades": [
            _trade(trade) | {"exit_time": _time(trade.closed_ns)} for trade in state.closed_trades
        ],
        "analytics": {
            "filter_blocks": state.analytics.blocks,
            "entry_paths": state.analytics.entries,
        },
        "bar_buffers": {
            symbol: {"bars": bars.count, "last_bar": _time(bars.last_ns), "closes": bars.closes}
            for symbol, bars in state.bars.items()
        },
    }
    return msgspec.json.Encoder(decimal_format="number").encode(document).decode()


def _trade(trade: Trade) -> dict[str, Any]:
    return {
        "side": trade.side,
        "entry_price": trade.entry_price,
        "entry_time": _time(trade.entry_ns),
        "quantity": trade.entered or sum(part.quantity for part in trade.slices),
        "remaining": trade.remaining,
        "pivot": trade.pivot,
        "attempt": trade.attempt,
        "session_date": trade.session_date,
        "stop_price": trade.stop_price,
        "at_break_even": trade.break_even is not None,
        "stop_orders": [part.stop_ref for part in trade.slices if part.stop_ref],
        "contract": trade.contract,
        "units": [part.unit for part in trade.slices],
        "targets": {part.name: part.target for part in trade.slices},
        "partials": [
            {
                "time": _time(row.at_ns),
                "price": row.price,
                "quantity": row.quantity,
                "reason": row.reason,
                "recovered": row.recovered,
            }
            for row in trade.exits
        ],
        "closed_pnl": trade.pnl,
    }


def _time(at_ns: int) -> str | None:
    if not at_ns:
        return None
    return dt.datetime.fromtimestamp(at_ns // _SECOND_NS, tz=dt.UTC).isoformat()
