"""What is simulated: the market, the bot, its strategy and its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from ibelay.gateway.market.calendars.sessions import NEW_YORK, at
from ibelay.gateway.session.line.pacing import Pacing
from ibelay.machines.backoff import Schedule
from ibelay.machines.liveness import Heartbeat
from ibelay.model.ids import ClientId
from ibelay.reconcile.policy import Policy
from ibelay.runtime.config import BotConfig
from ibelay.runtime.strategy import AnyStrategy
from ibelay.supervisor.policy import RestartPolicy
from ibelay.testing.simulation.busy import Busy
from ibelay.testing.simulation.market.sparse import Sparse
from ibelay.testing.simulation.programs.drop_in import Runs
from ibelay.testing.simulation.programs.script import Script
from ibelay.testing.virtual import Pace

BOT_NAME = "sim"
CLIENT_ID = ClientId(1)


class Kind(StrEnum):
    """What the simulated process runs."""

    RUNTIME = "runtime"
    DROP_IN = "dropin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who goes through a run.

    Attributes:
        kind: What the process runs.
        own: The user's strategy or script, as ``package.module:function``; ours if empty.
        settings: Path of the ``bot.toml`` that names the strategy and says the bot's timings and
            limits; those of a setting if empty.
        symbols: What the market trades.
    """

    kind: Kind = Kind.RUNTIME
    own: str = ""
    settings: str = ""
    symbols: tuple[str, ...] = ("SPY",)


OURS = Subject()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One world's constants. What varies from run to run comes from the seed.

    Attributes:
        kind: What the process runs: ibelay's runtime, or a script on the drop-in ``IB``.
        symbols: What the market trades.
        strategy: Makes the strategy of each boot.
        bot: The user's settings of the runtime, of which name, account and gateway are not used;
            None takes ours, with the schedule, heartbeat, policy and limit given here.
        script: Makes the script of each boot of a drop-in.
        date: First trading day, YYYY-MM-DD.
        sparse: How sparse its prices are; None for the gateway's own synthetic market, with
            several quotes and prints a second, and options.
        days: How many trading days the market has.
        start: New York time to begin at, HH:MM.
        skip_nights: Whether market time jumps over the nights.
        proxied: Whether a chaos proxy stands between bot and gateway.
        pump_s: How often the gateway moves its market, in seconds.
        pace: The network.
        account_cash: Dollars.
        restarts: The supervisor's policy.
        sqlite: Whether the bot's rows lie in SQLite itself or in memory.
        disk_s: Shortest and longest time a commit takes, in seconds.
        pacing: What the gateway does with too many messages.
        boots: Whether a bot is booted; if not, whoever has the world runs another program.
        max_quantity: The bot's limit of one order; 0 for none.
        exposure: Most shares the strategy may ever come to hold of a contract; None claims nothing.
    """

    kind: Kind = Kind.RUNTIME
    symbols: tuple[str, ...] = ("SPY",)
    strategy: Callable[..., AnyStrategy] = Busy
    bot: BotConfig | None = None
    script: Callable[..., Runs] = Script
    date: str = "2025-06-02"
    sparse: Sparse | None = field(default_factory=Sparse)
    days: int = 1
    start: str = "09:30"
    skip_nights: bool = True
    proxied: bool = False
    pump_s: float = 0.25
    pace: Pace = field(default_factory=Pace)
    account_cash: Decimal = Decimal(1_000_000)
    schedule: Schedule = field(default_factory=Schedule)
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    policy: Policy = field(default_factory=Policy)
    restarts: RestartPolicy = field(default_factory=RestartPolicy)
    sqlite: bool = False
    disk_s: tuple[float, float] = (0.0002, 0.004)
    pacing: Pacing = Pacing.PACE
    boots: bool = True
    max_quantity: Decimal = Decimal(0)
    exposure: Decimal | None = None

    @property
    def begin_ns(self) -> int:
        """When it begins, market time."""
        day, clock = date.fromisoformat(self.date), time.fromisoformat(self.start)
        return at(day, clock, NEW_YORK)

    @property
    def bot_name(self) -> str:
        """Prefix of the order references; the drop-in gives itself one by its client id."""
        return BOT_NAME if self.kind is Kind.RUNTIME else f"ib{CLIENT_ID}"
