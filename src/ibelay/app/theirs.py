"""Whose code it is: which files are the user's, and which line of theirs an error came from.

Rules:
1. Neither ibelay's files are the user's, nor Python's, nor what is installed beside them.
2. What lies in the folder of the module that a setting names, or below it, is the user's; of a
   package, what lies in the package. One that is installed is the user's all the same, by its name.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

import ibelay

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_OURS = Path(ibelay.__file__).parent
_PYTHONS = tuple(Path(sysconfig.get_path(which)) for which in ("stdlib", "platstdlib"))


def top_of(name: str) -> str:
    """Return the outermost package or module of ``package.module:function``."""
    return name.partition(":")[0].partition(".")[0]


def is_of(name: str, path: str) -> bool:
    """Return whether the file at *path* is the user's, as far as the module of *name* tells."""
    module = sys.modules.get(top_of(name))
    if module is None or module is ibelay:
        return False
    if path == getattr(module, "__file__", None):
        return True
    folders, file = _folders(module), Path(path)
    if not any(file.is_relative_to(folder) for folder in folders):
        return False
    named = hasattr(module, "__path__") and any(_is_installed(folder) for folder in folders)
    return named or not (_is_ours_or_pythons(file) or _is_installed(file))


def line_of(error: BaseException, *, with_folder: bool) -> str:
    """Return the innermost line of the user's that *error* came through, as "file:line".

    Where there is none, it is that of somebody else's who is installed; if none either, nothing.

    Args:
        error: It was raised and caught.
        with_folder: Whether to say where the file lies, which differs from machine to machine.
    """
    foreign = [
        frame
        for frame in extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and not _is_ours_or_pythons(Path(frame.filename))
    ]
    own = [frame for frame in foreign if not _is_installed(Path(frame.filename))]
    for frame in reversed(own or foreign):
        file = frame.filename if with_folder else Path(frame.filename).name
        return f"{file}:{frame.lineno}"
    return ""


def _folders(module: ModuleType) -> list[Path]:
    """Return where *module* lies; a package has a path of its own, also without a file."""
    if hasattr(module, "__path__"):
        return [Path(folder) for folder in module.__path__]
    file = getattr(module, "__file__", None)  # what is built into Python has none
    return [Path(file).parent] if file else []


def _is_ours_or_pythons(path: Path) -> bool:
    if path.is_relative_to(_OURS):
        return True
    return any(path.is_relative_to(one) for one in _PYTHONS) and not _is_installed(path)


def _is_installed(path: Path) -> bool:
    """Return whether *path* lies where packages are installed, or else in an environment."""
    environment = sys.prefix != sys.base_prefix and path.is_relative_to(sys.prefix)
    return environment or not _INSTALLED.isdisjoint(path.parts)
