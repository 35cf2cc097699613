"""How the user's modules are imported anew."""

from __future__ import annotations

import sys

from ibelay.app.theirs import is_of, top_of

_OURS = "ibelay"
_RUNNING = frozenset({"__main__", "__mp_main__"})


def forget(name: str) -> None:
    """Let the modules of *name* be imported anew; never ibelay's, nor others that are installed."""
    top = top_of(name)
    if top == _OURS:
        return
    theirs = [
        known
        for known, module in sys.modules.items()
        if known not in _RUNNING
        and (top_of(known) == top or is_of(name, str(getattr(module, "__file__", ""))))
    ]
    for known in theirs:
        del sys.modules[known]
