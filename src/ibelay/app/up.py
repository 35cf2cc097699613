"""``ibelay up``: the supervisor, its web server and the bot it keeps alive."""

from __future__ import annotations

import asyncio
import importlib
import os
import secrets  # noqa: TID251  # the token of the web page
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ibelay.app.clock import SystemClock
from ibelay.app.compose import bot_config, restart_policy, strategy_of
from ibelay.app.settings import BotSettings, load_settings
from ibelay.errors import ConfigurationError
from ibelay.store.sqlite import open_journal
from ibelay.supervisor.process import ChildSpec
from ibelay.supervisor.supervisor import Supervisor
from ibelay.telemetry.logs import configure_logs
from ibelay.web.server import listen, serve_web

_TARGET = "ibelay.app.child:main"
# What a bot imports, loaded once in the warm process it is forked from.
_PRELOAD = ("ibelay.app.child", "ibelay.ib.link", "ibelay.store.sqlite")
_GRACE_S = 5.0


def up(settings_path: Path, announce: Callable[[str], None]) -> int:
    """Run the bot of *settings_path* until it ends for good; return the exit code.

    Args:
        settings_path: The bot's TOML file.
        announce: Takes the lines a person sees at the start.

    Raises:
        ConfigurationError: Settings, scanner file, port or token file are wrong.
        StoreUnreadableError: The store exists and cannot be believed.
    """
    settings = load_settings(settings_path)
    _preflight(settings)
    listener = listen(settings.web.host, settings.web.port)
    token = _token(settings.web.token_file)
    with configure_logs(settings.logs.folder, level=settings.logs.level, name="supervisor"):
        return asyncio.run(_up(settings, listener, token, announce))


async def _up(
    settings: BotSettings,
    listener: socket.socket,
    token: str,
    announce: Callable[[str], None],
) -> int:
    supervisor = Supervisor(
        ChildSpec(
            target=_TARGET,
            settings=settings.model_dump_json().encode(),
            log_folder=settings.logs.folder,
            preload=_PRELOAD,
            hang_s=settings.supervisor.hang_s,
            stop_grace_s=settings.shutdown.timeout_s + _GRACE_S,
        ),
        clock=SystemClock(),
        policy=restart_policy(settings),
    )
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(supervisor.run())
        # FastAPI takes longer to load than a bot takes to start: beside it, not before it.
        module = await asyncio.to_thread(importlib.import_module, "ibelay.web.app")
        app = module.create_app(supervisor, token=token, read_only=settings.web.read_only)
        tasks.create_task(serve_web(app, stop=stop, listener=listener))
        _announce(settings, listener, announce)
        code = await running
        stop.set()
    if code:
        sys.stderr.write(f"ibelay: {supervisor.process.reason}\n")
    return code


def _preflight(settings: BotSettings) -> None:
    """Find, before anything starts, what a person has to mend."""
    bot_config(settings)
    strategy_of(settings)
    path = settings.store.path
    if path.exists():
        with_check = open_journal(path, bot=settings.bot.name, read_only=True)
        try:
            for _entry in with_check.replay():
                pass
        finally:
            with_check.close()


def _announce(
    settings: BotSettings, listener: socket.socket, announce: Callable[[str], None]
) -> None:
    gateway = settings.gateway
    announce(
        f"{settings.bot.mode} bot '{settings.bot.name}' at {gateway.host}:{gateway.port}, "
        f"client id {gateway.client_id}, store {settings.store.path.name}"
    )
    host, port = listener.getsockname()[:2]
    announce(
        f"to change something on the page, add #token= and what {settings.web.token_file} holds"
    )
    announce(f"status page http://{host}:{port}/")


def _token(path: Path) -> str:
    """Return the secret in *path*, making one (readable by this user only) if there is none."""
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    token = secrets.token_urlsafe(24)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        msg = f"the token file {path} cannot be made ({error.strerror}); choose another path"
        raise ConfigurationError(msg) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token + "\n")
    return token
