"""The settings of a bot: a TOML file, overridden by the environment, refused by name.

``IBELAY__GATEWAY__PORT=4002`` overrides ``[gateway] port``. The documents' own keys
(``max_reconnect_attempts``, ``reconnect_delay_base``, …) are accepted beside ours.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ibelay.errors import ConfigurationError

_ENVIRONMENT = "IBELAY__"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BotSection(_Section):
    """Who trades, and what."""

    name: str = Field("bot", description="1 to 12 letters, digits, _ or -; prefixes its orders")
    strategy: str = Field("ps60", description="'ps60', or a factory as 'package.module:function'")
    folder: Path = Field(Path(), description="where the strategy's module is looked for, too")
    scanner: Path | None = Field(None, description="the day's scanner file, for ps60")
    patience_s: float = Field(30.0, gt=0, description="market seconds a break-out stays good")
    mode: Literal["LIVE", "PAPER", "REPLAY"] = Field("PAPER", description="shown everywhere")
    account: str = Field("", description="account to trade; empty takes the login's only one")
    max_quantity: float = Field(0, ge=0, description="largest order in shares; 0 is no limit")
    watch_list: tuple[str, ...] = Field((), description="symbols to stream besides its own")


class GatewaySection(_Section):
    """Where IB Gateway, TWS or the paper gateway listens."""

    host: str = Field("127.0.0.1", description="host name or address")
    port: int = Field(4002, ge=1, le=65535, description="4002 is IB Gateway's paper port")
    client_id: int = Field(1, ge=0, le=2_000_000_000, description="the same after every restart")


class ConnectionSection(_Section):
    """Back-off and what follows its end; all times in seconds."""

    base_delay_s: float = Field(
        1.0,
        ge=0,
        validation_alias=AliasChoices("base_delay_s", "reconnect_delay_base"),
        description="wait before the first retry",
    )
    factor: float = Field(2.0, ge=1, description="growth of the wait per attempt")
    cap_s: float = Field(
        30.0,
        ge=0,
        validation_alias=AliasChoices("cap_s", "reconnect_delay_max"),
        description="no wait is longer",
    )
    jitter: float = Field(1.0, ge=0, le=1, description="share of the wait chance may take off")
    max_attempts: int | None = Field(
        None,
        ge=1,
        validation_alias=AliasChoices("max_attempts", "max_reconnect_attempts"),
        description="attempts before on_max_attempts applies; none is no limit",
    )
    on_max_attempts: Literal["retry_forever", "safe_mode"] = Field(
        "retry_forever", description="what follows the last attempt"
    )
    connect_timeout_s: float = Field(4.0, gt=0, description="for socket, handshake and log-on")
    sync_timeout_s: float = Field(30.0, gt=0, description="for every part of a snapshot")
    pause_after_teardown_s: float = Field(0.0, ge=0, description="pause before a new attempt")
    monitor: bool = Field(True, description="probe the link; off: callbacks still work")
    reconnect: bool = Field(True, description="reconnect by itself; off: only when asked")


class HeartbeatSection(_Section):
    """How silence is judged; all times in seconds."""

    interval_s: float = Field(
        5.0,
        gt=0,
        validation_alias=AliasChoices("interval_s", "heartbeat_interval"),
        description="between two probes",
    )
    miss_s: float = Field(2.0, gt=0, description="an answer later than this makes it suspect")
    suspect_probe_s: float = Field(1.0, gt=0, description="between probes while suspect")
    dead_s: float = Field(15.0, gt=0, description="silence that makes the link dead")


class StoreSection(_Section):
    """The journal."""

    path: Path = Field(Path("ibelay.db"), description="the SQLite file")


class OrdersSection(_Section):
    """The order protocol."""

    ack_timeout_s: float = Field(10.0, gt=0, description="without an answer: UNKNOWN")
    absent_snapshots: int = Field(3, ge=1, description="snapshots an order must be missing from")
    absent_after_s: float = Field(60.0, ge=0, description="… over at least this long")


class ReconcileSection(_Section):
    """Bringing books and broker together."""

    interval_s: float = Field(60.0, gt=0, description="between two looks while READY")
    whole_s: float = Field(600.0, gt=0, description="between two at all of the day's orders")
    quantity_tolerance: float = Field(0, ge=0, description="shares that may differ")


class WebSection(_Section):
    """The status page and the HTTP API."""

    host: str = Field("127.0.0.1", description="loopback unless you know why not")
    port: int = Field(8321, ge=0, le=65535, description="0 picks a free one")
    token_file: Path = Field(Path("ibelay.token"), description="made with mode 0600")
    read_only: bool = Field(False, description="do not mount what changes something")


class LogsSection(_Section):
    """Log files."""

    folder: Path = Field(Path("logs"), description="made if it does not exist")
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="threshold")


class SupervisorSection(_Section):
    """Restarting a crashed or hung bot; times in seconds."""

    max_restarts: int = Field(100, ge=0, description="restarts in all")
    delay_s: float = Field(5.0, ge=0, description="before a restart; grows on immediate death")
    immediate_death_s: float = Field(
        10.0, ge=0, description="a life shorter than this makes the next delay longer"
    )
    hang_s: float = Field(60.0, gt=0, description="silence of a hung bot")
    crashes_to_safe_mode: int = Field(5, ge=1, description="crashes in 15 minutes: no entries")
    crashes_to_give_up: int = Field(10, ge=1, description="crashes in 15 minutes: stop")


class ShutdownSection(_Section):
    """The six steps."""

    timeout_s: float = Field(30.0, gt=0, description="for all steps together")
    positions: Literal["leave", "close"] = Field("leave", description="leave them protected")


class BotSettings(BaseSettings):
    """Everything a bot can be told.

    Built from its arguments alone: a child process takes what its supervisor settled and must
    not apply the environment again, to which its relative paths would be new.
    """

    model_config = SettingsConfigDict(
        extra="forbid", env_prefix=_ENVIRONMENT, env_nested_delimiter="__", frozen=True
    )

    bot: BotSection = BotSection()
    gateway: GatewaySection = GatewaySection()
    connection: ConnectionSection = ConnectionSection()
    heartbeat: HeartbeatSection = HeartbeatSection()
    store: StoreSection = StoreSection()
    orders: OrdersSection = OrdersSection()
    reconcile: ReconcileSection = ReconcileSection()
    web: WebSection = WebSection()
    logs: LogsSection = LogsSection()
    supervisor: SupervisorSection = SupervisorSection()
    shutdown: ShutdownSection = ShutdownSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take nothing but the arguments."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


class _FileAndEnvironment(BotSettings):
    """What a file says and the environment changes."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return (env_settings, init_settings)


def load_settings(path: Path) -> BotSettings:
    """Return the settings in the TOML file *path*, with the environment on top.

    Relative paths in the file are relative to the file.

    Raises:
        ConfigurationError: The file cannot be read, or a key or value is wrong.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"the settings file {path} cannot be read ({error.strerror}); expected a TOML file"
        raise ConfigurationError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the settings file {path} is not valid TOML: {error}") from error
    try:
        found = _FileAndEnvironment(**values)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_sentence(error)}") from error
    settings = BotSettings(**{name: getattr(found, name) for name in BotSettings.model_fields})
    return _anchored(settings, path.resolve().parent)


def _anchored(settings: BotSettings, folder: Path) -> BotSettings:
    """Return *settings* with relative paths made relative to *folder*."""
    bot, store, web, logs = settings.bot, settings.store, settings.web, settings.logs
    scanner = None if bot.scanner is None else folder / bot.scanner
    return settings.model_copy(
        update={
            "bot": bot.model_copy(update={"scanner": scanner, "folder": folder / bot.folder}),
            "store": store.model_copy(update={"path": folder / store.path}),
            "web": web.model_copy(update={"token_file": folder / web.token_file}),
            "logs": logs.model_copy(update={"folder": folder / logs.folder}),
        }
    )


def _sentence(error: ValidationError) -> str:
    """Return the first problem as one sentence."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _known_names(first["loc"])
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
        hint = f"did you mean {near[0]!r}" if near else f"expected one of {', '.join(known)}"
        return f"{where!r} is not a setting; {hint}"
    value = first.get("input")
    if first["type"] == "model_type":
        return f"{where!r} is {value!r}; expected a table: a line [{where}] with settings below it"
    return f"{where!r} is {value!r}; {first['msg'][0].lower()}{first['msg'][1:]}"


def _known_names(location: tuple[int | str, ...]) -> list[str]:
    model: Any = BotSettings
    for part in location[:-1]:
        field = model.model_fields.get(part)
        if field is None:
            return []
        model = field.annotation
    return sorted(model.model_fields)
