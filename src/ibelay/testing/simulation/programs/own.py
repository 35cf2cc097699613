"""The user's own strategy or script, as a simulated process imports it.

Rules:
1. A process that begins imports the user's modules anew, with those that lie beside them: what
   a module remembers does not survive a kill, here either.
2. A script is a coroutine function that takes ``(ib, host, port, client_id)``, the drop-in among
   them, and runs until it is cancelled. One that returns has ended its process by itself.
3. How much a strategy of the user's may hold is not claimed.
4. The market trades what the strategy asks for at first, so that it is not quiet for want of it,
   and what its settings' watch list names.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ibelay.app.compose import bot_config, restart_policy, strategy_of
from ibelay.app.own import border, own_function, own_strategy
from ibelay.app.settings import load_settings
from ibelay.app.theirs import line_of
from ibelay.dropin.ib import IB
from ibelay.errors import ConfigurationError
from ibelay.model.contract import Contract
from ibelay.ports.broker import Address
from ibelay.runtime.strategy import AnyStrategy
from ibelay.testing.simulation.programs.imported import forget
from ibelay.testing.simulation.programs.standstill import StandstillError
from ibelay.testing.simulation.setting import OURS, Kind, Setting, Subject

Main = Callable[[IB, str, int, int], Awaitable[object]]
_A_DAY = "2025-06-02"
_TAKES = ("ib", "host", "port", "client_id")


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
        _on_its_market(subject, subject.symbols)


def of_settings(path: str, symbols: Sequence[str] = ()) -> Subject:
    """Return the bot that the ``bot.toml`` at *path* describes.

    Args:
        path: Of the file.
        symbols: What the market trades; what the bot wants if empty.

    Raises:
        ConfigurationError: The file, or the strategy that it names, is not what it should be.
    """
    own = load_settings(Path(path)).bot.strategy
    return _on_its_market(Subject(own=own, settings=path), symbols)


def of_strategy(name: str, symbols: Sequence[str] = ()) -> Subject:
    """Return the strategy with *name*.

    Args:
        name: ``package.module:function``.
        symbols: What the market trades; what the strategy wants if empty.

    Raises:
        ConfigurationError: There is none, or it asks for what the market cannot have.
    """
    if not name:
        raise ConfigurationError("the strategy has no name: expected 'package.module:function'")
    return _on_its_market(Subject(own=name), symbols)


def of_script(name: str, symbols: Sequence[str] = ()) -> Subject:
    """Return the script with *name*.

    Args:
        name: ``package.module:function``.
        symbols: What the market trades; SPY if empty.

    Raises:
        ConfigurationError: There is none.
    """
    _main_of(name)
    return Subject(kind=Kind.DROP_IN, own=name, symbols=tuple(symbols) or OURS.symbols)


def _on_its_market(subject: Subject, symbols: Sequence[str]) -> Subject:
    """Return *subject* on a market of *symbols*; if there are none, of what it wants (rule 4)."""
    wanted = _wanted(subject)
    missing = [one for one in wanted if one not in symbols]
    if symbols and missing:
        raise ConfigurationError(
            f"strategy {subject.own!r} wants {', '.join(missing)}, of which this market has "
            f"nothing: expected all of it in --symbols {','.join(symbols)}"
        )
    return replace(subject, symbols=tuple(symbols) or wanted or OURS.symbols)


def _wanted(subject: Subject) -> tuple[str, ...]:
    """Return the symbols that the strategy begins with, and those its settings watch."""
    strategy = _strategy_of(subject)
    with border(f"strategy {subject.own!r} could not say what it trades"):
        said: tuple[object, ...] = tuple(strategy.contracts(strategy.initial_state(_A_DAY)))
    contracts = [one for one in said if isinstance(one, Contract)]
    if len(contracts) < len(said):
        raise ConfigurationError(
            f"strategy {subject.own!r} wants {said!r}: expected ibelay.model.contract.Contract "
            "of each, such as Contract(symbol='SPY')"
        )
    other = [f"{one.symbol} ({one.sec_type})" for one in contracts if one.sec_type != "STK"]
    if other:
        raise ConfigurationError(
            f"strategy {subject.own!r} wants {', '.join(other)}: expected stocks (STK) alone, for "
            "a simulated market has nothing else; the paper gateway and the chaos proxy have"
        )
    return tuple(dict.fromkeys((*(one.symbol for one in contracts), *_watched(subject))))


def _watched(subject: Subject) -> tuple[str, ...]:
    return load_settings(Path(subject.settings)).bot.watch_list if subject.settings else ()


def _strategy_of(subject: Subject) -> AnyStrategy:
    forget(subject.own)  # rule 1
    if not subject.settings:
        return own_strategy(subject.own)
    settings = load_settings(Path(subject.settings))
    named = settings.bot.model_copy(update={"strategy": subject.own})
    return strategy_of(settings.model_copy(update={"bot": named}))


def owned(setting: Setting, subject: Subject) -> Setting:
    """Return *setting* with the user's code in the place of ours."""
    name = subject.own

    def script(ib: IB, address: Address) -> _OwnScript:
        forget(name)
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
            ScriptEndedError: It returned, or waited in a way that ended it.
        """
        address = self._address
        try:
            await self._main(self._ib, address.host, address.port, address.client_id)
        except StandstillError as error:
            raise ScriptEndedError(error.sentence) from error
        except SystemExit as error:
            ended = f"script {self._name!r} ended itself by sys.exit({error.code!r})"
            raise ScriptEndedError(f"{ended}{_at(error)}; expected one that never does") from error
        except RuntimeError as error:
            if "event loop is already running" not in str(error):
                raise
            raise ScriptEndedError(
                f"script {self._name!r} calls what runs the loop until an answer comes"
                f"{_at(error)}, as ib.connect and ib.sleep do: expected connectAsync, "
                "asyncio.sleep and the like"
            ) from error
        raise ScriptEndedError(f"script {self._name!r} returned; expected one that never does")


def _at(error: BaseException) -> str:
    line = line_of(error, with_folder=False)
    return f" at {line}" if line else ""


def _main_of(name: str) -> Main:
    main = own_function(name, "script")
    if not inspect.iscoroutinefunction(main):
        raise ConfigurationError(
            f"script {name!r} is no coroutine function: expected an 'async def' that takes "
            "(ib, host, port, client_id), connects, trades, and runs until it is cancelled"
        )
    try:
        inspect.signature(main).bind(*_TAKES)
    except TypeError as error:
        raise ConfigurationError(
            f"script {name!r} does not take {len(_TAKES)} arguments ({error}): expected "
            f"({', '.join(_TAKES)})"
        ) from error
    return main
