"""What a bot's log files say of a run: its states, its words, the ends of its processes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ibelay.journal.records import Severity
from ibelay.machines.link_events import LinkState
from ibelay.testing.simulation.observed import Booted, Ended, LinkChanged, Noted, Observation

_BOT, _SUPERVISOR = "ibelay.log", "supervisor.log"
_CHANGE = re.compile(r"([a-z ]+) -> ([a-z ]+): (.*)", re.DOTALL)
When = Callable[[int], int]
"""From wall time to time since the beginning, both ns."""


def of_bot(folder: Path, when: When) -> Iterator[Observation]:
    """Yield what the bot in *folder* told its log."""
    severities = {severity.value: severity for severity in Severity}
    for line in _lines(folder / _BOT):
        at_ns, event = when(_wall_ns(line)), str(line["event"])
        if line["logger"] == "ibelay.bot" and line["level"] in severities:
            yield Noted(at_ns, severities[line["level"]], event)
        elif line["logger"] == "ibelay.connection" and (found := _CHANGE.fullmatch(event)):
            yield LinkChanged(at_ns, LinkState(found[1]), LinkState(found[2]), found[3])


def of_supervisor(folder: Path, when: When) -> Iterator[Observation]:
    """Yield what became of the bot's processes."""
    boot = 0
    for line in _lines(folder / _SUPERVISOR):
        at_ns = when(_wall_ns(line))
        if line["event"] == "bot_started":
            boot += 1
            yield Booted(at_ns, boot)
        elif line["event"] == "bot_ended":
            yield Ended(at_ns, boot, str(line.get("how", "")))


def last_pid(folder: Path) -> int:
    """Return the process id of the bot that was started last, 0 before the first."""
    started = [line for line in _lines(folder / _SUPERVISOR) if line["event"] == "bot_started"]
    return int(started[-1]["pid"]) if started else 0


def has_connected(folder: Path) -> bool:
    """Return whether the bot has ever got past the handshake."""
    return any(
        isinstance(one, LinkChanged) and one.after is LinkState.SYNCING
        for one in of_bot(folder, lambda wall_ns: wall_ns)
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.endswith("}"):  # the last one may be on its way
                yield json.loads(line)


def _wall_ns(line: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(line["at"]).timestamp() * 1000) * 10**6
