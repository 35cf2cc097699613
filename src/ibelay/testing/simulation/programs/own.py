"""The user's own strategy or script, as a simulated process imports it.

Rules:
1. A process that begins imports the user's modules anew, with those that lie beside them: what
   a module remembers does not survive a kill, here either.
2. A script is a coroutine function that takes ``(ib, host, port, client_id)``, the drop-in among
   them, and runs until it is cancelled. One that returns has ended its process by itself.
3. How much a strategy of the user's may hold is not claimed.
4. The market trades what the strategy asks for at first, so that it is not quiet for want of it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import ibelay
from ibelay.app.compose import bot_config, restart_policy, strategy_of
from ibelay.app.own import MAKING_FAILED, own_function, own_strategy
from ibelay.app.settings import load_settings
from ibelay.dropin.ib import IB
from ibelay.errors import ConfigurationError
from ibelay.ports.broker import Address
from ibelay.runtime.strategy import AnyStrategy
from ibelay.testing.simulation.setting import Kind, Setting, Subject

Main = Callable[[IB, str, int, int], Awaitable[object]]
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_A_DAY = "2025-06-02"
_RUNNING = frozenset({"__main__", "__mp_main__"})


class ScriptEndedError(RuntimeError):
    """A script returned (rule 2)."""


def check(subject: Subject) -> None:
    """Refuse a subject whose code cannot be found or is not what it should be.

    Raises:
        ConfigurationError: What is wrong, in a sentence.
    """
    if subject.own and subject.kind is Kind.DROP_IN:
        _main_of(subject.own)
    elif subject.own:
        missing = [one for one in _wanted(subject) if one not in subject.symbols]
        if missing:
            raise ConfigurationError(
                f"strategy {subject.own!r} wants {', '.join(missing)}, of which this market has "
                f"nothing: expected all of it in --symbols {','.join(subject.symbols)}"
            )


def of_settings(path: str) -> Subject:
    """Return the bot that the ``bot.toml`` at *path* describes, on a market of what it wants.

    Raises:
        ConfigurationError: The file, or the strategy that it names, is not what it should be.
    """
    named = load_settings(Path(path)).bot.strategy
    return on_its_market(Subject(own=named, settings=path))


def on_its_market(subject: Subject) -> Subject:
    """Return *subject*, a strategy, on a market of what it asks for at first (rule 4).

    Raises:
        ConfigurationError: There is no such strategy, or it asks for more than stocks.
    """
    wanted = _wanted(subject)
    return replace(subject, symbols=wanted) if wanted else subject


def _wanted(subject: Subject) -> tuple[str, ...]:
    """Return the symbols that the strategy begins with; none if it fails to say."""
    strategy = _strategy_of(subject)
    try:
        contracts = strategy.contracts(strategy.initial_state(_A_DAY))
    except MAKING_FAILED:  # a run will show it, and when
        return ()
    other = [f"{one.symbol} ({one.sec_type})" for one in contracts if one.sec_type != "STK"]
    if other:
        raise ConfigurationError(
            f"strategy {subject.own!r} wants {', '.join(other)}: expected stocks (STK) alone, for "
            "a simulated market has nothing else; the paper gateway and the chaos proxy have"
        )
    return tuple(dict.fromkeys(one.symbol for one in contracts))


def _strategy_of(subject: Subject) -> AnyStrategy:
    _forget(subject.own)  # rule 1
    if not subject.settings:
        return own_strategy(subject.own)
    settings = load_settings(Path(subject.settings))
    named = settings.bot.model_copy(update={"strategy": subject.own})
    return strategy_of(settings.model_copy(update={"bot": named}))


def is_of(name: str, path: str) -> bool:
    """Return whether the file at *path* is the user's, as far as the module of *name* tells."""
    module = sys.modules.get(name.partition(":")[0].partition(".")[0])
    if module is None or not module.__file__:
        return False
    if path == module.__file__:
        return True
    folder = Path(module.__file__).parent
    return _INSTALLED.isdisjoint(folder.parts) and _is_own(folder, Path(path))


def owned(setting: Setting, subject: Subject) -> Setting:
    """Return *setting* with the user's code in the place of ours."""
    name = subject.own

    def script(ib: IB, address: Address) -> _OwnScript:
        _forget(name)
        return _OwnScript(name, _main_of(name), ib, address)

    setting = replace(
        setting, strategy=partial(_strategy_of, subject), script=script, exposure=None
    )
    if not subject.settings:
        return setting
    settings = load_settings(Path(subject.settings))
    return replace(setting, bot=bot_config(settings), restarts=restart_policy(settings))


class _OwnScript:
    """Implements ``Runs`` with a function of the user's."""

    def __init__(self, name: str, main: Main, ib: IB, address: Address) -> None:
        self._name = name
        self._main = main
        self._ib = ib
        self._address = address

    async def run(self) -> None:
        """Run it (rule 2).

        Raises:
            ScriptEndedError: It returned.
        """
        address = self._address
        await self._main(self._ib, address.host, address.port, address.client_id)
        raise ScriptEndedError(f"script {self._name!r} returned; expected one that never does")


def _main_of(name: str) -> Main:
    main = own_function(name, "script")
    if not inspect.iscoroutinefunction(main):
        raise ConfigurationError(
            f"script {name!r} is no coroutine function: expected an 'async def' that takes "
            "(ib, host, port, client_id), connects, trades, and runs until it is cancelled"
        )
    return main


def _forget(name: str) -> None:
    """Let the modules of rule 1 be imported anew; never ibelay's, nor others that are installed."""
    top = name.partition(":")[0].partition(".")[0]
    module = sys.modules.get(top)
    if module is None or module is ibelay or not module.__file__:
        return
    folder = Path(module.__file__).parent
    installed = not _INSTALLED.isdisjoint(folder.parts)
    for known, other in list(sys.modules.items()):
        if known in _RUNNING:
            continue
        if known.partition(".")[0] == top or (not installed and _lies_in(folder, other)):
            del sys.modules[known]


def _lies_in(folder: Path, module: object) -> bool:
    """Return whether *module* is the user's and lies in *folder* or below."""
    return _is_own(folder, Path(getattr(module, "__file__", None) or "/"))


def _is_own(folder: Path, path: Path) -> bool:
    others = (Path(ibelay.__file__).parent, Path(sys.prefix))
    own = path.is_relative_to(folder) and not any(path.is_relative_to(one) for one in others)
    return own and _INSTALLED.isdisjoint(path.parts)
