"""The user's modules: which they are, and how they are imported anew."""

from __future__ import annotations

import sys
from pathlib import Path

import ibelay

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_RUNNING = frozenset({"__main__", "__mp_main__"})


def forget(name: str) -> None:
    """Let the modules of *name* be imported anew; never ibelay's, nor others that are installed."""
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


def is_of(name: str, path: str) -> bool:
    """Return whether the file at *path* is the user's, as far as the module of *name* tells."""
    module = sys.modules.get(name.partition(":")[0].partition(".")[0])
    if module is None or not module.__file__:
        return False
    if path == module.__file__:
        return True
    folder = Path(module.__file__).parent
    return _INSTALLED.isdisjoint(folder.parts) and _is_own(folder, Path(path))
