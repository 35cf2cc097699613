"""The stage of the demo: which gateway, which bot, which levels."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from ibelay.app.arena import Arena
from ibelay.app.demo.options import DemoOptions
from ibelay.bots.levels import LevelFactors, levels_from_bars
from ibelay.bots.scanner import format_scanner
from ibelay.gateway.market.api import Market

BOT_NAME = "demo"
_LEVELS_WINDOW_S = 1800.0
_BAR_S = 5
# Wide enough that a trade outlives an outage of some seconds at the demo's speed.
_FACTORS = LevelFactors(
    stop=Decimal("0.8"), partial=Decimal("0.4"), target1=Decimal("1.0"), target2=Decimal("2.0")
)


def stage(options: DemoOptions, market: Market, folder: Path) -> Arena:
    """Return the arena of a demo.

    Args:
        options: Resolved options.
        market: The market the gateway will serve, for levels known before the open.
        folder: For the store, the logs and the files.
    """
    scanner = folder / "scanner.toml"
    scanner.write_text(_levels(market, options.date), encoding="utf-8")

    def settings(port: int) -> str:
        return _SETTINGS.format(
            name=BOT_NAME,
            scanner=json.dumps(str(scanner)),
            mode="REPLAY" if options.replay else "PAPER",
            port=port,
            store=json.dumps(str(store_of(folder))),
            logs=json.dumps(str(folder / "logs")),
            token=json.dumps(str(folder / "token")),
            patience=10 * options.speed,
        )

    gateway = ["--market", options.market, "--date", options.date]
    gateway += ["--symbols", ",".join(options.symbols), "--seed", str(options.seed)]
    gateway += ["--speed", str(options.speed)]
    return Arena(folder, gateway=gateway, settings=settings)


def store_of(folder: Path) -> Path:
    """Return where the demo's bot keeps its journal."""
    return folder / "bot.db"


def _levels(market: Market, date: str) -> str:
    """Return a scanner file from what traded before the open, and from nothing later."""
    bars = {
        instrument.contract.symbol: market.bars(
            instrument.contract.con_id, market.start_ns, market.open_ns, _BAR_S
        )
        for instrument in market.instruments
    }
    scanner = levels_from_bars(
        bars,
        date=date,
        before_ns=market.open_ns,
        window_s=_LEVELS_WINDOW_S,
        factors=_FACTORS,
    )
    return format_scanner(scanner)


_SETTINGS = """\
[bot]
name = "{name}"
strategy = "ps60"
scanner = {scanner}
mode = "{mode}"
patience_s = {patience}

[gateway]
host = "127.0.0.1"
port = {port}

[connection]
base_delay_s = 0.25
cap_s = 2.0

[orders]
absent_after_s = 3.0
ack_timeout_s = 3.0

[reconcile]
interval_s = 5.0

[store]
path = {store}

[web]
port = 0
token_file = {token}

[logs]
folder = {logs}

[supervisor]
delay_s = 1.0
"""
