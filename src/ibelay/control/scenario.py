"""Scenarios: files that say what goes wrong when.

    name = "a nightly reset"

    [[step]]
    at = "+30s"            # after the start, or HH:MM[:SS] in New York
    do = "reset 30s"       # a command, or a list of them

    [[step]]
    on = "fill SPY"        # order, fill or cancel of a symbol (or of any: "fill")
    after = "200ms"        # later than that
    do = ["rst", "refuse 20s"]
    times = 2              # how often; once if not said, "always" without end

Rules:
1. A step has either *at* or *on*. A gateway's times are market time, so that a scenario is
   the same at any speed; a proxy's are its own. A time of day with *times* comes again on as
   many days.
2. What *on* waits for is heard from the exchange, whoever's order it is, or by a proxy from
   what passes through it.
3. Everything is checked when the file is read; one sentence names the step and its line.
4. A command that cannot be done when its time comes is logged, and the scenario goes on.
5. What a file says under ``[fault]`` is for whoever judges what came of it, and is not read
   here: the files of the fault matrix can be played by a gateway and a proxy as they are.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ibelay.errors import ConfigurationError
from ibelay.model.faults import Command, Span, forms, read
from ibelay.wire.times import SECOND_NS

MAX_FILE_BYTES = 1 << 20
MAX_STEPS = 1000
EVENTS = ("order", "fill", "cancel")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_STEP = re.compile(r"^[ \t]*\[\[[ \t]*step[ \t]*\]\]", re.MULTILINE)
_KEYS = frozenset({"at", "on", "after", "do", "times"})


@dataclass(frozen=True, slots=True)
class At:
    """A moment: so long after the start, or so long after midnight in New York."""

    ns: int
    of_day: bool


@dataclass(frozen=True, slots=True)
class On:
    """An order came, filled or was cancelled; *symbol* is empty for any."""

    event: str
    symbol: str
    after_ns: int


@dataclass(frozen=True, slots=True)
class Step:
    """What to do when; *times* is None for without end."""

    when: At | On
    do: tuple[Command, ...]
    times: int | None = 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """Steps, in the order of the file."""

    name: str
    steps: tuple[Step, ...]


def load(path: Path) -> Scenario:
    """Return the scenario in a file.

    Raises:
        ConfigurationError: It cannot be read, or what it says cannot be understood.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        text = data.decode()
    except OSError as error:
        raise ConfigurationError(
            f"scenario {path} cannot be read ({error.strerror}): name a TOML file that exists"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"scenario {path} is not text: expected UTF-8") from error
    if len(data) > MAX_FILE_BYTES:
        raise ConfigurationError(f"scenario {path} is larger than {MAX_FILE_BYTES} bytes: cut it")
    return parse(text, str(path))


def daily(name: str, at: str, command: Command) -> Scenario:
    """Return the scenario that does *command* every day at a time in New York.

    Raises:
        ConfigurationError: *at* is not HH:MM or HH:MM:SS.
    """
    return Scenario(name, (Step(_at(at, name), (command,), None),))


def parse(text: str, source: str) -> Scenario:
    """Return the scenario written as *text*; *source* names it in what is said.

    Raises:
        ConfigurationError: See ``load``.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source} is no TOML: {error}") from error
    unknown = sorted(set(table) - {"name", "step", "fault"})
    if unknown:
        raise ConfigurationError(
            f"{source} has {unknown[0]!r}: expected name, [[step]] and perhaps [fault]"
        )
    name, steps = table.get("name", ""), table.get("step", [])
    if not isinstance(name, str) or not isinstance(steps, list) or not steps:
        raise ConfigurationError(f"{source} has no steps: begin one with [[step]]")
    if len(steps) > MAX_STEPS:
        raise ConfigurationError(f"{source} has {len(steps)} steps: expected up to {MAX_STEPS}")
    lines = [text.count("\n", 0, match.start()) + 1 for match in _STEP.finditer(text)]
    return Scenario(
        name, tuple(_step(step, _where(source, n, lines)) for n, step in enumerate(steps))
    )


def _where(source: str, number: int, lines: list[int]) -> str:
    line = f", line {lines[number]}" if number < len(lines) else ""
    return f"{source}{line}, step {number + 1}"


def _step(step: Any, where: str) -> Step:
    if not isinstance(step, dict):
        raise ConfigurationError(f"{where}: not a table, begin it with [[step]]")
    unknown = sorted(set(step) - _KEYS)
    if unknown:
        raise ConfigurationError(
            f"{where}: {unknown[0]!r} is not known, expected {', '.join(sorted(_KEYS))}"
        )
    if ("at" in step) == ("on" in step):
        raise ConfigurationError(f"{where}: expected either at or on")
    if "at" in step and "after" in step:
        raise ConfigurationError(f"{where}: after goes with on, not with at")
    when = _at(step["at"], where) if "at" in step else _on(step, where)
    times = _times(step.get("times", 1), where)
    if isinstance(when, At) and not when.of_day and times != 1:
        raise ConfigurationError(f"{where}: times goes with on or a time of day, not with at = '+'")
    return Step(when, _commands(step.get("do"), where), times)


def _at(text: object, where: str) -> At:
    if isinstance(text, str) and text.startswith("+"):
        return At(_market_span(text[1:], where, "at"), of_day=False)
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ConfigurationError(
            f"{where}: at = {text!r} is no time, expected +30s after the start "
            "or HH:MM:SS in New York"
        )
    seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)
    return At(seconds * SECOND_NS, of_day=True)


def _on(step: dict[str, Any], where: str) -> On:
    event, _space, symbol = str(step["on"]).partition(" ")
    if event not in EVENTS:
        raise ConfigurationError(
            f"{where}: on = {step['on']!r} is no event, expected {', '.join(EVENTS)} "
            "and perhaps a symbol"
        )
    try:
        known = forms.SYMBOL.read(symbol.strip()) if symbol else ""
    except ValueError:
        raise ConfigurationError(f"{where}: {symbol!r} is not {forms.SYMBOL.expected}") from None
    after = step.get("after")
    return On(event, known, 0 if after is None else _market_span(after, where, "after"))


def _market_span(text: object, where: str, key: str) -> int:
    try:
        span: Span = forms.SPAN.read(str(text))
    except ValueError:
        raise ConfigurationError(
            f"{where}: {key} = {text!r} is no time, expected one such as 500ms, 30s or 2m"
        ) from None
    if span.wall:
        raise ConfigurationError(f"{where}: {key} is market time, write it without wall:")
    return span.ns


def _commands(do: object, where: str) -> tuple[Command, ...]:
    texts = [do] if isinstance(do, str) else do
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) for one in texts):
        raise ConfigurationError(f"{where}: expected do = a command, or a list of them")
    try:
        return tuple(read(one) for one in texts)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from error


def _times(times: object, where: str) -> int | None:
    try:
        count: int | None = forms.COUNT.read(str(times))
    except ValueError:
        raise ConfigurationError(
            f"{where}: times = {times!r} is none, expected {forms.COUNT.expected}"
        ) from None
    return count
