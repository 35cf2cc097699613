"""A bot's status, and a view of it that tests can change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from ibelay.ports.control import (
    BotStatus,
    ConnectionStatus,
    EventLine,
    OrderStatusLine,
    PositionStatusLine,
    SymbolStatusLine,
)


@dataclass(frozen=True)
class FakeProcess:
    """The bot's process."""

    state: str = "running"
    reason: str = ""
    pid: int | None = 4711
    restarts: int = 0
    last_exit: str = ""
    next_start_in_s: float | None = None


@dataclass
class FakeView:
    """What a supervisor shows, settable; keeps the commands it was given."""

    status: bytes | None = None
    status_age_s: float | None = 0.4
    is_current: bool = True
    process: FakeProcess = FakeProcess()
    takes_commands: bool = True
    revision: int = 0
    commands: list[dict[str, Any]] = field(default_factory=list)
    _change: asyncio.Event = field(default_factory=asyncio.Event)

    async def changed(self, revision: int) -> int:
        while self.revision == revision:
            await self._change.wait()
        return self.revision

    async def send(self, command: bytes) -> bool:
        if self.takes_commands:
            self.commands.append(msgspec.json.decode(command))
        return self.takes_commands

    def show(self, status: BotStatus) -> None:
        """Replace the status, as if the bot had just sent it."""
        self.status = msgspec.json.encode(status)
        self.revision += 1
        self._change.set()
        self._change = asyncio.Event()

    def lose_the_bot(self) -> None:
        """Let the process be dead, its last status kept."""
        self.is_current = False
        self.status_age_s = 12.0
        self.process = replace(
            self.process,
            state="waiting",
            reason="the bot ended with killed by SIGKILL",
            pid=None,
            restarts=1,
            last_exit="killed by SIGKILL",
            next_start_in_s=4.2,
        )


def _connection() -> ConnectionStatus:
    return ConnectionStatus(
        state="CONNECTED",
        inner_state="ready",
        reason="",
        since="2013-10-07T14:00:00+00:00",
        is_connected=True,
        is_healthy=True,
        host="127.0.0.1",
        port=4002,
        client_id=7,
        server_version=176,
        account="DU1234567",
        quality="EXCELLENT",
        latency_ms=1.2,
        uptime_percent=99.5,
        uptime_seconds=3600,
        connected_seconds=1800,
        total_connections=3,
        total_disconnections=2,
        failed_connections=1,
        attempt=0,
        attempts_max=None,
        next_attempt_in_s=None,
        last_connected="2013-10-07T14:00:00+00:00",
        last_disconnected=None,
        last_outage_s=1.5,
        median_outage_s=None,
        worst_outage_s=None,
        last_heard_s=0.2,
    )


@pytest.fixture
def status() -> BotStatus:
    """A healthy bot that holds one protected position."""
    return BotStatus(
        bot="ps60",
        pid=4711,
        mode="PAPER",
        epoch=3,
        started="2013-10-07T13:30:00+00:00",
        sent="2013-10-07T14:30:00+00:00",
        broker_time="2013-10-07T14:30:00+00:00",
        connection=_connection(),
        trading=True,
        not_trading_reason="",
        last_signal_check="2013-10-07T14:29:55+00:00",
        safe_mode="",
        safe_mode_checks=[],
        watch_list=[
            SymbolStatusLine(symbol="SPY", last="168.01", change_percent=-0.42, bars=60, age_s=0.3),
            SymbolStatusLine(symbol="AIG", last="", change_percent=None, bars=0, age_s=None),
        ],
        positions=[
            PositionStatusLine(
                symbol="SPY",
                quantity="100",
                average_price="168.10",
                last_price="168.01",
                unrealized_pnl="-9.00",
                realized_pnl="0.00",
                protected="100",
                broker_quantity="100",
            )
        ],
        orders=[
            OrderStatusLine(
                order_ref="ps60:3:1.1",
                unit="ps60:3:1",
                role="stop",
                symbol="SPY",
                action="SELL",
                quantity="100",
                order_type="STP",
                price="167.50",
                state="working",
                filled="0",
                perm_id=99,
                age_s=33.0,
            )
        ],
        realized_pnl="0.00",
        commissions="1.00",
        fills=1,
        executions_recovered=0,
        unknown_orders=0,
        unprotected_seconds=0.2,
        recovery_report=["SPY: journal shows 100 shares, broker confirms 100 shares"],
        events=[EventLine(at="2013-10-07T14:00:00+00:00", severity="info", text="ready")],
    )


@pytest.fixture
def view(status: BotStatus) -> FakeView:
    """A view of a healthy, running bot."""
    shown = FakeView()
    shown.show(status)
    return shown
