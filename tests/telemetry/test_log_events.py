"""Event names are an interface: what is logged is documented, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_ROOMS = ("supervisor", "web", "telemetry")


def _logged() -> set[str]:
    """Event names of the log calls and of the line the logs write about themselves."""
    call = re.compile(r"_log\.\w+\(\s*\"(\w+)\"|\{\"event\": \"(\w+)\"")
    sources = [path for room in _ROOMS for path in (_ROOT / "src/ibelay" / room).glob("*.py")]
    found = [match for path in sources for match in call.findall(path.read_text())]
    return {first or second for first, second in found}


def test_every_event_of_these_rooms_is_documented() -> None:
    documented = set(re.findall(r"^\| `(\w+)` \|", _reference(), re.MULTILINE))
    assert _logged() <= documented


def test_every_documented_event_of_these_rooms_exists() -> None:
    sections = re.split(r"^## ", _reference(), flags=re.MULTILINE)
    ours = "".join(text for text in sections if text.startswith(("Supervisor", "Web", "Logs")))
    assert set(re.findall(r"^\| `(\w+)` \|", ours, re.MULTILINE)) == _logged()


def _reference() -> str:
    return (_ROOT / "docs/reference/log-events.md").read_text()
