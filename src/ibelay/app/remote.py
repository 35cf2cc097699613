"""Commands that talk to a running bot over its HTTP API, and to its store if it is down."""

from __future__ import annotations

import getpass
import http.client
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ibelay.app.clock import SystemClock
from ibelay.app.settings import BotSettings, load_settings
from ibelay.errors import ConfigurationError, LinkError
from ibelay.journal.ledger import fold
from ibelay.journal.records import SafeModeCleared
from ibelay.store.sqlite import open_journal

_TIMEOUT_S = 5.0
_OK = range(200, 300)

Json = dict[str, Any]


def show_status(settings_path: Path) -> int:
    """Print what the bot is doing; return 1 unless it is healthy.

    Raises:
        ConfigurationError: The settings file is wrong.
        LinkError: Nothing listens where the bot should.
    """
    settings = load_settings(settings_path)
    answer = _ask(settings, "GET", "/api/bot/status")
    bot, supervisor = answer.get("bot") or {}, answer["supervisor"]
    connection = bot.get("connection") or {}
    console = Console()
    table = Table(show_header=False)
    for name, value in (
        ("bot", f"{bot.get('bot', '–')} ({bot.get('mode', '–')}), epoch {bot.get('epoch', '–')}"),
        (
            "process",
            f"{supervisor['state']}, pid {supervisor['pid']}, {supervisor['restarts']} restarts",
        ),
        ("connection", _connection(answer, connection)),
        (
            "gateway",
            "{host}:{port}, client id {client_id}".format_map(
                {"host": "–", "port": "–", "client_id": "–", **connection}
            ),
        ),
        ("trading", _trading(answer, bot)),
        ("safe mode", bot.get("safe_mode") or "no"),
        ("positions", ", ".join(_positions(bot)) or "none"),
        ("working orders", str(sum(_works(line) for line in bot.get("orders", ())))),
        ("UNKNOWN orders", str(bot.get("unknown_orders", 0))),
        (
            "realised P&L",
            f"{bot.get('realized_pnl', '–')} before {bot.get('commissions', '–')} of commissions",
        ),
        (
            "as of",
            f"{answer.get('age_s') or 0:.1f} s ago"
            + ("" if answer.get("is_live") else f" (not live: {answer.get('problem')})"),
        ),
    ):
        table.add_row(name, str(value))
    console.print(table)
    for number, check in enumerate(bot.get("safe_mode_checks", ()), start=1):
        console.print(f"  {number}. check that {check}")
    healthy = answer.get("is_live") and connection.get("is_healthy")
    return 0 if healthy and not bot.get("safe_mode") else 1


def clear_safe_mode(settings_path: Path, cause: str) -> int:
    """Clear safe mode on the running bot, or in the store if the bot is not running.

    Raises:
        ConfigurationError: The settings are wrong, the bot is not in safe mode, or refuses.
    """
    if not cause.strip():
        raise ConfigurationError("a cause is needed: say what was wrong and what was done")
    settings = load_settings(settings_path)
    try:
        _ask(settings, "POST", "/api/safe-mode/clear", {"cause": cause})
    except LinkError:
        return _clear_in_store(settings, cause)
    Console().print("safe mode is being cleared; the bot connects afresh")
    return 0


def show_worklist(settings_path: Path) -> int:
    """Print the watch list.

    Raises:
        LinkError: Nothing listens where the bot should.
    """
    answer = _ask(load_settings(settings_path), "GET", "/api/worklist")
    table = Table()
    for name in ("symbol", "last", "change %", "bars"):
        table.add_column(name)
    for line in answer.get("symbols", ()):
        change = line["change_percent"]
        table.add_row(
            line["symbol"],
            line["last"],
            "–" if change is None else f"{change:+.2f}",
            str(line["bars"]),
        )
    Console().print(table)
    return 0


def change_worklist(settings_path: Path, symbol: str, *, add: bool) -> int:
    """Add *symbol* to the watch list, or remove it.

    Raises:
        ConfigurationError: The bot refuses the symbol.
        LinkError: Nothing listens where the bot should.
    """
    settings = load_settings(settings_path)
    symbol = symbol.strip().upper()
    if add:
        _ask(settings, "POST", "/api/worklist", {"symbol": symbol})
    else:
        _ask(settings, "DELETE", f"/api/worklist/{symbol}")
    Console().print(f"{symbol} {'added to' if add else 'removed from'} the watch list")
    return 0


def _clear_in_store(settings: BotSettings, cause: str) -> int:
    path = settings.store.path
    if not path.exists():
        raise ConfigurationError(f"no bot runs and there is no store at {path}")
    journal = open_journal(path, bot=settings.bot.name)
    try:
        ledger = fold(entry.record for entry in journal.replay())
        if ledger.safe_mode is None:
            raise ConfigurationError(f"bot '{settings.bot.name}' is not in safe mode")
        record = SafeModeCleared(
            at_ns=SystemClock().wall_ns(), by=f"{getpass.getuser()} (cli)", cause=cause
        )
        journal.append([record]).result()
    finally:
        journal.close()
    Console().print("safe mode is cleared in the store; the next start trades")
    return 0


def _ask(settings: BotSettings, method: str, path: str, body: Json | None = None) -> Json:
    web = settings.web
    headers = {"Host": f"{web.host}:{web.port}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection = http.client.HTTPConnection(web.host, web.port, timeout=_TIMEOUT_S)
    try:
        connection.connect()  # before the token: that no bot runs is the better thing to say
        if method != "GET":
            headers["Authorization"] = f"Bearer {_token(web.token_file)}"
        connection.request(
            method, path, None if body is None else json.dumps(body).encode(), headers
        )
        response = connection.getresponse()
        answer = json.loads(response.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        msg = (
            f"no bot answers at http://{web.host}:{web.port} ({error}); "
            "start it with `ibelay up`, or name its settings file with --settings"
        )
        raise LinkError(msg) from error
    finally:
        connection.close()
    if response.status not in _OK:
        raise ConfigurationError(str(answer.get("error", f"HTTP status {response.status}")))
    return dict(answer)


def _token(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        msg = f"the token file {path} cannot be read ({error.strerror}); `ibelay up` makes it"
        raise ConfigurationError(msg) from error


def _positions(bot: Json) -> list[str]:
    return [
        f"{line['quantity']} {line['symbol']} at {line['average_price']}, "
        f"stop for {line['protected']}"
        for line in bot.get("positions", ())
        if line["quantity"] != "0"
    ]


def _connection(answer: Json, connection: Json) -> str:
    if not answer.get("is_live"):
        return f"unknown: {answer.get('problem')}"
    return " ".join(str(connection.get(key, "–")) for key in ("state", "inner_state", "reason"))


def _trading(answer: Json, bot: Json) -> str:
    """Say whether it trades, and what it waits for; last words of a dead bot are no news."""
    reason = str(bot.get("not_trading_reason", ""))
    if not answer.get("is_live"):
        return "no: the bot does not report"
    if not bot.get("trading"):
        return f"no: {reason}"
    return f"yes: {reason}" if reason else "yes"


def _works(line: Json) -> bool:
    return line["state"] in {"working", "sent", "intended"}
