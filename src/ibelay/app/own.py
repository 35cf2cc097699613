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
        found = getattr(importlib.import_module(module), function)
    except (*MAKING_FAILED, SyntaxError) as error:  # it is the user's code
        raise ConfigurationError(
            f"{what} {name!r} was not found ({error}); expected 'package.module:function'"
        ) from error
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
    except MAKING_FAILED as error:  # it is the user's code, and a setting names it
        msg = f"strategy {name!r} could not be made: {error!r}; mend it or name another"
        raise ConfigurationError(msg) from error
    missing = [member for member in MEMBERS if not hasattr(strategy, member)]
    if missing:
        msg = f"what {name!r} returns is no strategy: it has no {', '.join(missing)}"
        raise ConfigurationError(msg)
    return cast("AnyStrategy", strategy)
