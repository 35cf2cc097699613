"""The status page as HTML, rendered here and nowhere else. Pure.

The page is made of sections; the live feed sends the sections that changed and the script
puts them in place, so what a browser without scripts sees is the same.

Rules:
1. Every text that is not ours goes through ``_e``. There is no inline script or style.
2. Nothing stale looks live: the body says so, in words, and every section is dimmed.
3. A state is a word first, a colour second.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape as _e

from ibelay.ports.control import BotStatus, ConnectionStatus, OrderStatusLine, PositionStatusLine
from ibelay.web.markup import fact_list, gain, number, table
from ibelay.web.status_view import Shown

_MODES = {"LIVE": "live", "PAPER": "paper", "REPLAY": "replay"}
_OVER = frozenset({"filled", "cancelled", "rejected", "absent"})
_EVENTS_SHOWN = 40


def sections(shown: Shown, *, controls: bool) -> dict[str, str]:
    """Return the inner HTML of every section by its element's id; ``title`` is plain text.

    Args:
        shown: What may be shown now.
        controls: Whether buttons that change something are offered.
    """
    parts = {
        "title": _title(shown),
        "live": "yes" if shown.is_live else "no",
        "banner": _banner(shown),
        "notice": _notice(shown, controls=controls),
    }
    if shown.status is None:
        empty = "<p class=quiet>Nothing is known yet.</p>"
        return parts | dict.fromkeys(_BODY_SECTIONS, empty) | {"process": _process(shown)}
    status = shown.status
    return parts | {
        "positions": _positions(status.positions),
        "orders": _orders(status.orders),
        "watch": _watch(status, controls=controls),
        "money": _money(status),
        "connection": _connection(status.connection),
        "process": _process(shown),
        "recovery": _lines(status.recovery_report),
        "events": _events(status),
    }


_BODY_SECTIONS = {
    "positions": "Positions",
    "orders": "Orders",
    "watch": "Watch list",
    "money": "Result and risk",
    "connection": "Connection",
    "process": "Process",
    "recovery": "Last recovery",
    "events": "Events",
}


def page(shown: Shown, *, controls: bool) -> str:
    """Return the whole page."""
    parts = sections(shown, controls=controls)
    body = "".join(
        f'<section aria-labelledby="{name}-title"><h2 id="{name}-title">{title}</h2>'
        f'<div id="{name}">{parts[name]}</div>{_ADD_SYMBOL if controls and name == "watch" else ""}'
        f"{_RECONNECT if controls and name == 'connection' else ''}</section>"
        for name, title in _BODY_SECTIONS.items()
    )
    return _document(
        parts["title"],
        f'<header id="banner">{parts["banner"]}</header>'
        f'<div id="notice" role="status" aria-live="polite">{parts["notice"]}</div>'
        f"{_CLEAR_SAFE_MODE if controls else ''}"
        f'<p id="answer" role="status" aria-live="polite"></p><main>{body}</main>',
        live=parts["live"],
    )


def sign_in_page() -> str:
    """Return the page shown to a browser without a session where reading needs one."""
    return _document(
        "ibelay",
        "<main><section><h2>Sign in</h2><p>Open the address that was printed at start, the one "
        "with <code>#token=</code> at its end, once in this browser.</p>"
        '<p id="answer" role="status"></p></section></main>',
        live="sign-in",
    )


_ADD_SYMBOL = (
    '<form data-post="/api/worklist" data-field="symbol"><label>Add a symbol '
    '<input name="symbol" maxlength="12" autocomplete="off" autocapitalize="characters" required>'
    "</label> <button>Add</button></form>"
)
_RECONNECT = '<form data-post="/api/reconnect"><button>Reconnect now</button></form>'
_CLEAR_SAFE_MODE = (
    '<form id="clear-safe-mode" data-post="/api/safe-mode/clear" data-field="cause"><label>'
    'Cause of safe mode, and what was done <input name="cause" maxlength="500" required></label> '
    "<button>Clear safe mode</button></form>"
)


def _document(title: str, body: str, *, live: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{_e(title)}</title>"
        '<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">'
        '<link rel="stylesheet" href="/assets/style.css">'
        '<script type="module" src="/assets/app.js"></script>'
        '<noscript><meta http-equiv="refresh" content="5"></noscript>'
        f'</head><body data-live="{live}">{body}</body></html>'
    )


def _title(shown: Shown) -> str:
    if shown.status is None:
        return f"{shown.process.state} · ibelay"
    state = shown.status.connection.inner_state if shown.is_live else "STALE"
    return f"{shown.status.mode} {state} · {shown.status.bot} · ibelay"


def _banner(shown: Shown) -> str:
    if shown.status is None:
        return "<h1>ibelay</h1>"
    status, link = shown.status, shown.status.connection
    kind = _MODES.get(status.mode, "live")
    state = (
        f"<strong>{_e(link.inner_state)}</strong> {_e(_since(link))}"
        if shown.is_live
        else "<strong>not live</strong>"
    )
    return (
        f'<span class="mode {kind}">{_e(status.mode)}</span><h1>{_e(status.bot)}</h1>'
        f"<span>account {_e(link.account or 'not known')}</span><span>{state}</span>"
        f"<span>{_age(shown)}</span>"
        f"<span>broker time {_e(status.broker_time or 'not known')}</span>"
        f"<span>last signal check {_e(status.last_signal_check or 'never')}</span>"
    )


def _since(link: ConnectionStatus) -> str:
    reason = f"({link.reason}) " if link.reason else ""
    return f"{reason}since {link.since}" if link.since else reason


def _age(shown: Shown) -> str:
    if shown.age_s is None:
        return "no data"
    if shown.is_live:
        return f"data {shown.age_s:.0f} s old"
    return f'<strong class="stale">STALE: data {shown.age_s:.0f} s old</strong>'


def _notice(shown: Shown, *, controls: bool) -> str:
    """Return why something is not as it should be, most important first."""
    notes = []
    if shown.problem:
        notes.append(_note("bad", "Not live", shown.problem))
    if shown.process.state == "stopping":
        notes.append(_note("warn", "Shutting down", shown.process.reason))
    status = shown.status
    if status is None:
        return "".join(notes)
    if status.safe_mode:
        checks = "".join(f"<li>{_e(check)}</li>" for check in status.safe_mode_checks)
        clear = "" if controls else "<p>Clear it with: ibelay safe-mode clear</p>"
        more = f"<ol>{checks}</ol>{clear}"
        notes.append(_note("bad", "Safe mode", status.safe_mode, more))
    if not status.trading:
        notes.append(_note("warn", "Not trading", status.not_trading_reason or "no reason given"))
    elif status.not_trading_reason:
        notes.append(_note("good", "Trading, waiting", status.not_trading_reason))
    else:
        notes.append(_note("good", "Trading", "entries are allowed"))
    return "".join(notes)


def _note(kind: str, head: str, text: str, more: str = "") -> str:
    """Return a note; *more* is HTML."""
    return f'<div class="note {kind}"><strong>{_e(head)}:</strong> {_e(text)}{more}</div>'


def _positions(lines: Sequence[PositionStatusLine]) -> str:
    heads = ("Symbol", "Quantity", "At broker", "Average", "Last", "Unrealized", "Realized", "Stop")
    rows = [
        (
            _e(line.symbol),
            _e(line.quantity),
            _e(line.broker_quantity)
            + ("" if line.broker_quantity == line.quantity else ' <b class="bad">differs</b>'),
            _e(line.average_price),
            _e(line.last_price),
            gain(line.unrealized_pnl),
            gain(line.realized_pnl),
            _protection(line),
        )
        for line in lines
    ]
    return table(heads, rows, "No positions.")


def _protection(line: PositionStatusLine) -> str:
    held, covered = line.quantity.lstrip("-"), line.protected.lstrip("-")
    if held == "0":
        return "flat"
    if held == covered:
        return '<b class="good">protected</b>'
    if covered in ("", "0"):
        return '<b class="bad">NO STOP</b>'
    return f'<b class="warn">covers {_e(covered)} of {_e(held)}</b>'


def _orders(lines: Sequence[OrderStatusLine]) -> str:
    heads = ("Symbol", "Role", "Order", "Price", "State", "Filled", "Reference", "Age")
    rows = [
        (
            _e(line.symbol),
            _e(line.role),
            _e(f"{line.action} {line.quantity} {line.order_type}"),
            _e(line.price or "market"),
            _order_state(line.state),
            _e(line.filled),
            f"<code>{_e(line.order_ref)}</code>",
            f"{line.age_s:.0f} s",
        )
        for line in lines
    ]
    return table(heads, rows, "No orders.")


def _order_state(state: str) -> str:
    kind = "quiet" if state in _OVER else "bad" if state == "unknown" else "good"
    return f'<b class="{kind}">{_e(state.upper() if state == "unknown" else state)}</b>'


def _watch(status: BotStatus, *, controls: bool) -> str:
    heads = ("Symbol", "Last", "Change", "Bars", "Age", "") if controls else (
        "Symbol", "Last", "Change", "Bars", "Age")  # fmt: skip
    rows = []
    for line in status.watch_list:
        change = "" if line.change_percent is None else gain(f"{line.change_percent:+.2f}") + " %"
        age = "no data" if line.age_s is None else f"{line.age_s:.0f} s"
        age += f" ({_e(line.problem)})" if line.problem else ""
        row = [_e(line.symbol), _e(line.last), change, str(line.bars), age]
        if controls:
            name = _e(line.symbol)
            row.append(f'<button data-remove="{name}" aria-label="Remove {name}">Remove</button>')
        rows.append(row)
    return table(heads, rows, "No symbols are watched.")


def _money(status: BotStatus) -> str:
    return fact_list(
        {
            "Realized": gain(status.realized_pnl),
            "Commissions": _e(status.commissions),
            "Fills": str(status.fills),
            "Fills recovered after an outage": str(status.executions_recovered),
            "Orders of unknown fate": str(status.unknown_orders),
            "Seconds without a stop": f"{status.unprotected_seconds:.1f}",
        }
    )


def _connection(link: ConnectionStatus) -> str:
    attempts = "without limit" if link.attempts_max is None else f"of {link.attempts_max}"
    return fact_list(
        {
            "State": f"{_e(link.state)} ({_e(link.inner_state)})",
            "Gateway": f"{_e(link.host)}:{link.port}, client {link.client_id}",
            "Quality": f"{_e(link.quality)}, {number(link.latency_ms, 'ms')}",
            "Uptime": f"{link.uptime_percent:.2f} %, connected {link.connected_seconds:.0f} s",
            "Connections": f"{link.total_connections}, lost {link.total_disconnections}, "
            f"failed {link.failed_connections}",
            "Attempt": f"{link.attempt} {attempts}, next in {number(link.next_attempt_in_s, 's')}",
            "Outages": f"last {number(link.last_outage_s, 's')}, median "
            f"{number(link.median_outage_s, 's')}, worst {number(link.worst_outage_s, 's')}",
            "Last heard": f"{number(link.last_heard_s, 's')} ago",
        }
    )


def _process(shown: Shown) -> str:
    process = shown.process
    facts = {
        "State": _e(process.state) + (f" ({_e(process.reason)})" if process.reason else ""),
        "Process id": "none" if process.pid is None else str(process.pid),
        "Restarts": str(process.restarts),
        "Last end": _e(process.last_exit or "none"),
    }
    if shown.status is not None:
        facts["Started"] = _e(shown.status.started)
        facts["Epoch"] = str(shown.status.epoch)
    return fact_list(facts)


def _lines(lines: Sequence[str]) -> str:
    if not lines:
        return "<p class=quiet>Nothing was to be recovered.</p>"
    return "<ul>" + "".join(f"<li>{_e(line)}</li>" for line in lines) + "</ul>"


def _events(status: BotStatus) -> str:
    kinds = {"info": "quiet", "warning": "warn", "critical": "bad"}
    rows = [
        (_e(line.at), f'<b class="{kinds.get(line.severity, "warn")}">{_e(line.severity)}</b>',
         _e(line.text))
        for line in reversed(status.events[-_EVENTS_SHOWN:])
    ]  # fmt: skip
    return table(("When", "What", ""), rows, "No events.")
