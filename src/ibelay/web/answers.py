"""What the read endpoints answer, as plain JSON values. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from ibelay.web.status_view import ProcessView, Shown

Json = dict[str, Any]


def health(shown: Shown) -> Json:
    """Return the answer of ``GET /health``: healthy only with live, healthy numbers."""
    connection = shown.status.connection if shown.status is not None else None
    healthy = shown.is_live and connection is not None and connection.is_healthy
    reason = shown.problem
    if not healthy and not reason and connection is not None:
        reason = connection.reason or f"the connection is {connection.inner_state}"
    if shown.is_live and shown.status is not None and shown.status.safe_mode:
        healthy, reason = False, f"safe mode: {shown.status.safe_mode}"
    if shown.is_live and shown.process.state == "stopping":
        healthy, reason = False, f"the bot is shutting down: {shown.process.reason}"
    return {
        "status": "healthy" if healthy else "degraded",
        "ib_connected": shown.is_live and connection is not None and connection.is_connected,
        "connection_metrics": {
            "total_connections": connection.total_connections if connection else 0,
            "total_disconnections": connection.total_disconnections if connection else 0,
            "failed_connections": connection.failed_connections if connection else 0,
            "uptime_seconds": connection.uptime_seconds if connection else 0.0,
        },
        "reason": "" if healthy else reason,
    }


def connection(shown: Shown) -> Json | None:
    """Return the record of C9, with what is not live overruled; None if there is none.

    A bot that does not run holds no connection, whatever its last words about it were.
    """
    if shown.status is None:
        return None
    record: Json = msgspec.to_builtins(shown.status.connection)
    if not shown.is_live:
        runs = shown.process.pid is not None
        record["state"] = "ERROR" if runs else "DISCONNECTED"
        record["inner_state"] = "unknown"
        record["reason"] = shown.problem
        record["is_connected"] = record["is_healthy"] = False
        record["quality"] = "POOR"
    return {**record, **_freshness(shown)}


def worklist(shown: Shown) -> Json | None:
    """Return the watch list; None if it is not known."""
    if shown.status is None:
        return None
    lines = [msgspec.to_builtins(line) for line in shown.status.watch_list]
    return {"symbols": lines, "count": len(lines), **_freshness(shown)}


def bot(shown: Shown) -> Json:
    """Return everything known of bot and process; ``bot`` is null if nothing ever came."""
    status = None if shown.status is None else msgspec.to_builtins(shown.status)
    return {"bot": status, "supervisor": process(shown.process), **_freshness(shown)}


def process(view: ProcessView) -> Json:
    """Return what is known of the bot's process."""
    return {
        "state": str(view.state),
        "reason": view.reason,
        "pid": view.pid,
        "restarts": view.restarts,
        "last_exit": view.last_exit,
        "next_start_in_s": view.next_start_in_s,
    }


def _freshness(shown: Shown) -> Json:
    return {"is_live": shown.is_live, "age_s": shown.age_s, "problem": shown.problem}
