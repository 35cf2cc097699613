"""The user's own code, named as ``package.module:function``.

Rules:
1. Modules are looked for in a folder of the user's, too, by default the one the command is given
   in: a ``mybot.py`` beside ``bot.toml`` needs no installation. It is looked for there last, so
   that a ``queue.py`` of the user's takes the place of nobody's.
2. What is wrong with a name, or with the code behind it, is said in one sentence.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from ibelay.app.theirs import line_of
from ibelay.errors import ConfigurationError
from ibelay.runtime.strategy import MEMBERS, AnyStrategy

HERE = Path()
MAKING_FAILED = (
    *(ArithmeticError, AttributeError, ImportError, LookupError, NameError),
    *(OSError, RuntimeError, TypeError, ValueError),
)


def own_function(name: str, what: str, folder: Path = HERE) -> Callable[..., Any]:
    """Return the function with *name*.

    Args:
        name: ``package.module:function``.
        what: It is to be, for the sentence: "strategy", "script".
        folder: Where its module may lie.

    Raises:
        ConfigurationError: There is no such function, or its module cannot be imported.
    """
    module, _, function = name.partition(":")
    if not module or not function:
        raise ConfigurationError(
            f"{what} {name!r} is not known; expected 'package.module:function'"
        )
    here = str(folder.resolve())
    if here not in sys.path:
        sys.path.append(here)
    try:
        imported = importlib.import_module(module)
    except (*MAKING_FAILED, SyntaxError, SystemExit) as error:  # it is the user's code
        if isinstance(error, ModuleNotFoundError) and error.name in _packages(module):
            raise ConfigurationError(
                f"{what} {name!r} was not found: there is no module {error.name!r}, neither "
                f"installed nor in {here}; expected 'package.module:function'"
            ) from error
        said = str(error) if isinstance(error, SyntaxError) else repr(error)
        raise ConfigurationError(
            f"{what} {name!r} cannot be imported: {said}{_at(error)}; mend that"
        ) from error
    found = getattr(imported, function, None)
    if found is None:
        raise ConfigurationError(
            f"{what} {name!r} was not found: {module} has no {function!r}; expected "
            "'package.module:function'"
        )
    if not callable(found):
        raise ConfigurationError(
            f"{what} {name!r} is {type(found).__name__}; expected a function that can be called"
        )
    return cast("Callable[..., Any]", found)


def own_strategy(name: str, folder: Path = HERE) -> AnyStrategy:
    """Return the strategy that the function with *name* makes.

    Args:
        name: ``package.module:function``.
        folder: Where its module may lie.

    Raises:
        ConfigurationError: There is no such function, or what it returns is no strategy.
    """
    make = own_function(name, "strategy", folder)
    try:
        strategy = make()
    except (*MAKING_FAILED, SystemExit) as error:  # it is the user's code, and a setting names it
        place = _at(error)
        msg = f"strategy {name!r} could not be made: {error!r}{place}; mend it or name another"
        raise ConfigurationError(msg) from error
    missing = [member for member in MEMBERS if not hasattr(strategy, member)]
    if missing:
        msg = f"what {name!r} returns is no strategy: it has no {', '.join(missing)}"
        raise ConfigurationError(msg)
    return cast("AnyStrategy", strategy)


def _packages(module: str) -> list[str]:
    """Return the names of *module* and of the packages it lies in."""
    parts = module.split(".")
    return [".".join(parts[: number + 1]) for number in range(len(parts))]


def _at(error: BaseException) -> str:
    """Return " at file:line", if *error* does not tell that itself."""
    line = "" if isinstance(error, SyntaxError) else line_of(error, with_folder=True)
    return f" at {line}" if line else ""
