"""The user's own code, named as ``package.module:function``.

Rules:
1. Modules are looked for in a folder of the user's, too, by default the one the command is given
   in: a ``mybot.py`` beside ``bot.toml`` needs no installation. It is looked for there last, so
   that a ``queue.py`` of the user's takes the place of nobody's.
2. What is wrong with a name, or with the code behind it, is said in one sentence, and where.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from ibelay.app.theirs import line_of
from ibelay.errors import ConfigurationError, OperatorError
from ibelay.runtime.strategy import MEMBERS, AnyStrategy

HERE = Path()


@contextmanager
def border(failed: str) -> Iterator[None]:
    """Make one sentence of whatever the user's own code raises meanwhile.

    What is a sentence for the user already stays as it is.

    Args:
        failed: What could not be done, without an end.

    Raises:
        ConfigurationError: It raised; with the line.
    """
    try:
        yield
    except OperatorError:
        raise
    except (Exception, SystemExit) as error:  # the code is not ours, and may raise anything
        raise ConfigurationError(f"{failed}: {_said(error)}; mend that") from error


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
    with border(f"{what} {name!r} cannot be imported"):
        try:
            imported = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name not in _packages(module):
                raise
            raise ConfigurationError(
                f"{what} {name!r} was not found: there is no module {error.name!r}, neither "
                f"installed nor in {here}; expected 'package.module:function'"
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
    with border(f"strategy {name!r} could not be made"):
        strategy = make()
        missing = [member for member in MEMBERS if not hasattr(strategy, member)]
    if missing:
        msg = f"what {name!r} returns is no strategy: it has no {', '.join(missing)}"
        raise ConfigurationError(msg)
    return cast("AnyStrategy", strategy)


def _packages(module: str) -> list[str]:
    """Return the names of *module* and of the packages it lies in."""
    parts = module.split(".")
    return [".".join(parts[: number + 1]) for number in range(len(parts))]


def _said(error: BaseException) -> str:
    """Return what *error* says and at which line; that of a slip of the pen says both itself."""
    if isinstance(error, SyntaxError):
        return str(error)
    line = line_of(error, with_folder=True)
    return f"{error!r}{f' at {line}' if line else ''}"
