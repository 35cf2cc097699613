"""Settings to built objects."""

from __future__ import annotations

from decimal import Decimal

from ibelay.app.own import own_strategy
from ibelay.app.settings import BotSettings
from ibelay.bots.ps60 import Ps60
from ibelay.bots.scanner import load_scanner
from ibelay.errors import ConfigurationError
from ibelay.machines.backoff import Schedule
from ibelay.machines.connection import AfterExhaustion
from ibelay.machines.liveness import Heartbeat
from ibelay.model import ids
from ibelay.model.ids import ClientId
from ibelay.ports.broker import Address
from ibelay.reconcile.policy import Policy
from ibelay.runtime.config import BotConfig, SessionConfig
from ibelay.runtime.strategy import AnyStrategy
from ibelay.supervisor.policy import RestartPolicy

_NS = 1_000_000_000


def bot_config(settings: BotSettings, *, safe_mode_reason: str = "") -> BotConfig:
    """Return the runtime's settings.

    Raises:
        ConfigurationError: The bot's name cannot prefix order references.
    """
    try:
        name = ids.bot_name(settings.bot.name)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    return BotConfig(
        name=name,
        session=_session_config(settings),
        policy=Policy(
            quantity_tolerance=Decimal(str(settings.reconcile.quantity_tolerance)),
            watch_list=frozenset(settings.bot.watch_list),
            absent_snapshots=settings.orders.absent_snapshots,
            absent_after_s=settings.orders.absent_after_s,
        ),
        account=settings.bot.account,
        watch_list=settings.bot.watch_list,
        ack_timeout_s=settings.orders.ack_timeout_s,
        reconcile_interval_s=settings.reconcile.interval_s,
        reconcile_whole_s=settings.reconcile.whole_s,
        max_quantity=Decimal(str(settings.bot.max_quantity)),
        shutdown_timeout_s=settings.shutdown.timeout_s,
        close_on_shutdown=settings.shutdown.positions == "close",
        mode=settings.bot.mode,
        safe_mode_reason=safe_mode_reason,
    )


def strategy_of(settings: BotSettings) -> AnyStrategy:
    """Return the strategy the settings name.

    Raises:
        ConfigurationError: There is no such strategy, or its scanner file is missing or wrong.
    """
    name = settings.bot.strategy
    if name == "ps60":
        if settings.bot.scanner is None:
            msg = (
                "no strategy is set but ps60, which needs the day's scanner file: set 'strategy' "
                "in [bot] to your own, as 'package.module:function', or 'scanner' for ps60"
            )
            raise ConfigurationError(msg)
        return Ps60(load_scanner(settings.bot.scanner), patience_s=settings.bot.patience_s)
    if ":" not in name:
        msg = f"strategy {name!r} is not known; expected 'ps60' or 'package.module:function'"
        raise ConfigurationError(msg)
    return own_strategy(name, settings.bot.folder)


def restart_policy(settings: BotSettings) -> RestartPolicy:
    """Return the supervisor's restart policy."""
    section = settings.supervisor
    return RestartPolicy(
        delay_ns=int(section.delay_s * _NS),
        quick_ns=int(section.immediate_death_s * _NS),
        restarts_max=section.max_restarts,
        latch_crashes=section.crashes_to_safe_mode,
        give_up_crashes=section.crashes_to_give_up,
    )


def _session_config(settings: BotSettings) -> SessionConfig:
    connection, beat, gateway = settings.connection, settings.heartbeat, settings.gateway
    return SessionConfig(
        address=Address(
            host=gateway.host, port=gateway.port, client_id=ClientId(gateway.client_id)
        ),
        schedule=Schedule(
            base_ns=int(connection.base_delay_s * _NS),
            factor=connection.factor,
            cap_ns=int(connection.cap_s * _NS),
            jitter=connection.jitter,
            max_attempts=connection.max_attempts,
        ),
        after_exhaustion=AfterExhaustion(connection.on_max_attempts),
        heartbeat=Heartbeat(
            interval_ns=int(beat.interval_s * _NS),
            miss_floor_ns=int(beat.miss_s * _NS),
            suspect_interval_ns=int(beat.suspect_probe_s * _NS),
            dead_after_ns=int(beat.dead_s * _NS),
        ),
        connect_timeout_s=connection.connect_timeout_s,
        sync_timeout_s=connection.sync_timeout_s,
        teardown_pause_s=connection.pause_after_teardown_s,
        fresh_ns=int(beat.interval_s * _NS),
        monitor=connection.monitor,
        reconnect=connection.reconnect,
    )
