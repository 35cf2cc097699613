"""The demo's display: prices, orders, what broke, what was recovered, how long it took."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ibelay.app.demo.story import Line, Mood, Story
from ibelay.app.feed import StatusFeed
from ibelay.app.sides import Holding, Verdict

_STYLE = {Mood.PLAIN: "", Mood.BROKEN: "bold red", Mood.HEALED: "bold green"}
_SIGN = {Mood.PLAIN: "·", Mood.BROKEN: "✗", Mood.HEALED: "✓"}
_STORY_LINES = 14
_ORDERS = 8
_NEW_YORK = ZoneInfo("America/New_York")


def frame(title: str, story: Story, feed: StatusFeed, elapsed_s: float) -> RenderableType:
    """Return the whole screen as of now."""
    bot = feed.bot
    connection: dict[str, Any] = bot.get("connection") or {}
    state = str(connection.get("inner_state", "starting")) if feed.answer.get("is_live") else "down"
    head = Text.assemble(
        (title, "bold"),
        f"  {elapsed_s:5.1f} s  ",
        ("bot ", "dim"),
        (state.upper(), "bold green" if state == "ready" else "bold yellow"),
        ("  pid ", "dim"),
        str(feed.pid or "–"),
        ("  New York ", "dim"),
        _new_york(bot.get("broker_time")),
        ("  now: ", "dim"),
        (story.act, "bold cyan"),
    )
    top = Table.grid(expand=True)
    top.add_column(ratio=2)
    top.add_column(ratio=3)
    top.add_column(ratio=4)
    top.add_row(_prices(bot), _positions(bot), _orders(bot))
    lines = [story_line(line) for line in story.lines[-_STORY_LINES:]]
    return Group(head, top, Panel(Group(*lines), title="what happened", title_align="left"))


def story_line(line: Line) -> Text:
    """Return one line of the story."""
    style = _STYLE[line.mood]
    return Text(f"{line.at_s:6.1f} s {_SIGN[line.mood]} {line.text}", style=style)


def settle(console: Console, story: Story, verdict: Verdict, naked_s: float, seen: int) -> None:
    """Print the final tables: the books side by side, the outages, and the sums.

    Args:
        console: Where to.
        story: For the outages.
        verdict: The comparison.
        naked_s: Seconds the observer saw something held without its stop.
        seen: How often the observer looked.
    """
    console.print(_books(verdict))
    console.print(_outages(story))
    sums = Table(title="what may never happen", title_justify="left")
    sums.add_column("figure")
    sums.add_column("value", justify="right")
    sums.add_row(f"seconds without a protective stop ({seen} looks)", f"{naked_s:.1f}")
    sums.add_row("duplicate orders", str(verdict.duplicates))
    sums.add_row("lost fills", str(verdict.lost_fills))
    sums.add_row("differences between the books", str(len(verdict.differences)))
    console.print(sums)
    for difference in (*verdict.differences, *verdict.unprotected):
        console.print(Text(f"✗ {difference}", style="bold red"))
    if verdict.agrees:
        console.print(Text("✓ The books agree.", style="bold green"))
    else:
        console.print(Text("✗ The books do NOT agree.", style="bold red"))


def _prices(bot: dict[str, Any]) -> RenderableType:
    table = Table(title="prices", title_justify="left", expand=True)
    table.add_column("symbol")
    table.add_column("last", justify="right")
    table.add_column("bars", justify="right")
    for line in bot.get("watch_list", ()):
        table.add_row(line["symbol"], line["last"] or "–", str(line["bars"]))
    return table


def _positions(bot: dict[str, Any]) -> RenderableType:
    table = Table(title="positions", title_justify="left", expand=True)
    for name in ("symbol", "held", "entry", "P&L", "stop for"):
        table.add_column(name, justify="left" if name == "symbol" else "right")
    for line in bot.get("positions", ()):
        gain = line["unrealized_pnl"] if line["quantity"] != "0" else line["realized_pnl"]
        table.add_row(
            line["symbol"], line["quantity"], line["average_price"], gain, line["protected"]
        )
    return table


def _orders(bot: dict[str, Any]) -> RenderableType:
    table = Table(title="working orders", title_justify="left", expand=True)
    for name in ("order", "symbol", "what", "state"):
        table.add_column(name, no_wrap=True)
    ended = {"filled", "cancelled", "rejected", "absent"}
    working = [line for line in bot.get("orders", ()) if line["state"] not in ended]
    for line in working[:_ORDERS]:
        what = f"{line['action']} {line['quantity']} {line['order_type']} {line['price']}"
        table.add_row(line["order_ref"], line["symbol"], what, line["state"])
    if len(working) > _ORDERS:
        table.add_row("…", "", f"and {len(working) - _ORDERS} more", "")
    return table


def _books(verdict: Verdict) -> Table:
    table = Table(title="the books, side by side", title_justify="left")
    table.add_column("figure")
    table.add_column("bot", justify="right")
    table.add_column("broker", justify="right")
    table.add_column("", justify="center")
    bot, broker = verdict.bot, verdict.broker

    def row(figure: str, ours: str, theirs: str) -> None:
        table.add_row(figure, ours, theirs, "✓" if ours == theirs else "✗")

    for symbol in sorted({*bot.holdings, *broker.holdings}):
        row(
            f"position {symbol} (average cost)",
            _holding(bot.holdings.get(symbol)),
            _holding(broker.holdings.get(symbol)),
        )
    if not bot.holdings and not broker.holdings:
        row("positions", "none", "none")
    row("working orders", str(len(bot.working)), str(len(broker.working)))
    row("fills", str(len(bot.fills)), str(len(broker.fills)))
    row("realised P&L", f"{bot.realized_pnl:.2f}", f"{broker.realized_pnl:.2f}")
    return table


def _outages(story: Story) -> Table:
    table = Table(title="what broke", title_justify="left")
    for name in ("what", "held meanwhile", "until READY", "recovered"):
        table.add_column(name)
    for outage in story.outages:
        table.add_row(
            outage.what, outage.held or "nothing", f"{outage.duration_s:.2f} s", outage.recovered
        )
    return table


def _new_york(utc: str | None) -> str:
    if not utc:
        return "–"
    return datetime.fromisoformat(utc).astimezone(_NEW_YORK).strftime("%H:%M:%S")


def _holding(held: Holding | None) -> str:
    if held is None:
        return "0"
    return f"{held.quantity.normalize():f} at {held.average_cost:.4f}"
