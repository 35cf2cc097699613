"""The runtime's settings as plain values; where they come from is the app's business."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.machines.backoff import SECOND_NS, Schedule
from ibelay.machines.connection import AfterExhaustion
from ibelay.machines.liveness import Heartbeat
from ibelay.ports.broker import Address
from ibelay.reconcile.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """How a link is opened, watched and reopened.

    Attributes:
        connect_timeout_s: For TCP, handshake and log-on together.
        sync_timeout_s: For every part of a snapshot to end.
        teardown_pause_s: Pause between the old link's end and the next attempt (C1).
        fresh_ns: A proof of life older than this is renewed before an order leaves.
        isolated_max_ns: Without a word about IB's servers for this long after they were lost the
            link is opened anew: the word that they are back may have been lost (1101, 1102).
        monitor: Off: no heartbeat (C13); callbacks and manual reconnect still work.
        reconnect: Off: a lost link stays down until ``reconnect`` is asked for (C13).
    """

    address: Address
    schedule: Schedule = field(default_factory=Schedule)
    after_exhaustion: AfterExhaustion = AfterExhaustion.RETRY_FOREVER
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    connect_timeout_s: float = 4.0
    sync_timeout_s: float = 30.0
    teardown_pause_s: float = 0.0
    fresh_ns: int = 5 * SECOND_NS
    isolated_max_ns: int = 90 * SECOND_NS
    monitor: bool = True
    reconnect: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BotConfig:
    """One bot.

    Attributes:
        name: Prefix of all its order references.
        account: Account to trade; empty takes the login's only one.
        watch_list: Symbols to stream besides the strategy's, before anyone changed it.
        ack_timeout_s: Without an answer for this long an order is UNKNOWN.
        reconcile_interval_s: Between periodic reconciliations while READY.
        reconcile_whole_s: Between those of them that also ask for the day's completed orders
            and executions, although positions and open orders agree with the books.
        max_quantity: Largest order of one decision; 0 is no limit.
        shutdown_timeout_s: For the six steps together.
        close_on_shutdown: Close positions at shutdown instead of leaving them protected.
        mode: LIVE, PAPER or REPLAY, shown everywhere.
    """

    name: str
    session: SessionConfig
    policy: Policy = field(default_factory=Policy)
    account: str = ""
    watch_list: tuple[str, ...] = ()
    ack_timeout_s: float = 10.0
    reconcile_interval_s: float = 60.0
    reconcile_whole_s: float = 600.0
    max_quantity: Decimal = Decimal(0)
    shutdown_timeout_s: float = 30.0
    close_on_shutdown: bool = False
    mode: str = "PAPER"
    safe_mode_reason: str = ""
