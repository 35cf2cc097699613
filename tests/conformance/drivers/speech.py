"""What every Python driver says and hears: one JSON object a line.

In: ``{"do": "connect" | "call" | "disconnect", ...}``. Out: ``{"event": NAME, "args": [...]}``;
a name is a callback of the client library, or one of ours:

- ``connected`` (server version) and ``closed``;
- ``called`` (the request's id), or ``absent``: the library has no such call;
- ``declined`` (code, text): the library itself refused;
- ``error`` (id, code, text): from the gateway;
- ``awaits``: the call gave an awaitable; ``result``: what that gave;
- ``complaint`` (text): what the library logged or raised while it decoded.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import sys
import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

DEPTH_MAX = 6
_mouth = threading.Lock()
# What libraries call the same argument, with what the table of families calls it.
_ALIASES = {
    "tickerid": "reqid",
    "requestid": "reqid",
    "acctcode": "account",
    "timeperiod": "period",
    "fadata": "fadatatype",
    "cxml": "xml",
    "allmessages": "allmsgs",
    "autobind": "bautobind",
    "data": "wsheventdata",
    "execfilter": "filter",
}


def say(event: str, *args: object) -> None:
    """Tell the test what happened."""
    line = json.dumps({"event": event, "args": [plain(arg) for arg in args]})
    with _mouth:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def commands() -> Iterator[dict[str, Any]]:
    """Yield what the test says, until it hangs up."""
    for line in sys.stdin:
        yield json.loads(line)


def plain(value: object, depth: int = 0) -> Any:
    """Return *value* as JSON can hold it; objects become their fields."""
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, (float, Decimal)):
        number = float(value)
        return number if math.isfinite(number) else str(value)
    if depth == DEPTH_MAX:
        return repr(value)
    if isinstance(value, (list, tuple, set)) and not hasattr(value, "_asdict"):
        return [plain(item, depth + 1) for item in value]
    fields = _fields(value)
    return repr(value) if fields is None else {k: plain(v, depth + 1) for k, v in fields.items()}


def _fields(value: object) -> Mapping[str, object] | None:
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if hasattr(value, "_asdict"):
        return dict(value._asdict())
    if dataclasses.is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    return getattr(value, "__dict__", None)


def canonical(name: str) -> str:
    """Return what the table of families calls a library's argument."""
    lowered = name.lower()
    return _ALIASES.get(lowered, lowered)


def is_option(name: str) -> bool:
    """Whether an argument is one of those lists of tags that IB keeps for itself."""
    return name.lower().endswith(("options", "categories"))


class Complaints(logging.Handler):
    """Tells what a library logs as a warning or worse, but for IB's own errors."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it, unless it only repeats a message of the gateway."""
        if record.funcName != "error":
            trouble = f" ({record.exc_info[1]!r})" if record.exc_info else ""
            say("complaint", f"{record.name}: {record.getMessage()[:600]}{trouble}")


def listen_for_complaints() -> None:
    """Tell from now on what is logged, and what ends a thread."""
    logging.getLogger().addHandler(Complaints(logging.WARNING))
    threading.excepthook = lambda given: say("complaint", f"a thread died: {given.exc_value!r}")
