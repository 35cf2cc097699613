"""Commands as people write them: ``delay orderStatus 500ms client=7``.

Rules:
1. A command is a word and its values, divided by spaces; quotes hold text together.
2. Values stand in the order of the command's fields, or are named: ``client=7``. After a
   named one all must be named.
3. ``read(write(command)) == command``: nothing is lost between a file, a request and a log.

Example:
    >>> from ibelay.model.faults import read, write
    >>> write(read("drop execDetails client=7"))
    'drop execDetails client=7'
"""

from __future__ import annotations

import dataclasses
import difflib
import shlex
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from ibelay.errors import ConfigurationError
from ibelay.model.faults.forms import Form
from ibelay.model.faults.words import book, clock, gate, line, process, socket, upstream

MAX_COMMAND = 1000

Command = (
    line.Delay
    | line.Drop
    | line.Duplicate
    | line.Reorder
    | line.Truncate
    | line.Rewrite
    | line.Retime
    | line.LoseAck
    | line.SwallowOrders
    | line.RejectData
    | line.Dialog
    | line.Freeze
    | line.Thaw
    | line.HalfOpen
    | line.Pacing
    | gate.Rst
    | gate.Fin
    | gate.Refuse
    | gate.Accept
    | gate.Mute
    | gate.NoAccounts
    | gate.ClientIdInUse
    | gate.PortChanged
    | gate.Restart
    | socket.Latency
    | socket.Bandwidth
    | socket.Slicer
    | socket.Limit
    | socket.SlowClose
    | socket.Timeout
    | socket.Down
    | upstream.Reset
    | upstream.FarmDown
    | upstream.StopStreams
    | upstream.Competing
    | upstream.Notice
    | upstream.Midnight
    | upstream.Clear
    | book.SetPrice
    | book.Fill
    | book.Partial
    | book.Reject
    | book.RejectNext
    | book.Cancel
    | book.ManualTrade
    | book.ForeignTrade
    | book.Advise
    | book.Correct
    | book.NetOut
    | book.SecondPermId
    | book.IdRollback
    | book.Split
    | clock.Pause
    | clock.Resume
    | clock.Step
    | clock.SetSpeed
    | process.Kill
    | process.PowerCut
    | process.Stall
    | process.Unplug
)
VOCABULARY: dict[str, type[Command]] = {kind.word: kind for kind in get_args(Command)}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a command: its field, its name in text, its form, and what stands for it."""

    field: str
    name: str
    form: Form
    default: object

    @property
    def required(self) -> bool:
        """Whether a command without it makes no sense."""
        return self.default is dataclasses.MISSING


def values_of(kind: type[Command]) -> tuple[Value, ...]:
    """Return the values of a command, in the order in which they are written."""
    return _VALUES[kind.word]


def _values(kind: type[Command]) -> tuple[Value, ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        Value(one.name, one.name.replace("_", "-"), get_args(hints[one.name])[-1], one.default)
        for one in dataclasses.fields(kind)
    )


_VALUES = {word: _values(kind) for word, kind in VOCABULARY.items()}


def usage(kind: type[Command]) -> str:
    """Return how a command is written: ``delay MESSAGE SPAN [count=COUNT] [client=CLIENT]``."""
    shown = [
        value.name.upper() if value.required else f"[{value.name}={value.name.upper()}]"
        for value in values_of(kind)
    ]
    return " ".join([kind.word, *shown])


def read(text: str) -> Command:
    """Return the command written as *text*.

    Raises:
        ConfigurationError: It is none; the sentence says what was expected.
    """
    parts = _parts(text)
    kind = VOCABULARY.get(parts[0])
    if kind is None:
        near = difflib.get_close_matches(parts[0], VOCABULARY, n=1, cutoff=0.7)
        hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(VOCABULARY)}"
        raise ConfigurationError(f"command {parts[0]!r} is not known: {hint}")
    given = _given(kind, parts[1:])
    missing = [
        value.name for value in values_of(kind) if value.required and value.field not in given
    ]
    if missing:
        raise ConfigurationError(f"{kind.word} needs {' and '.join(missing)}: write {usage(kind)}")
    return kind(**given)


def write(command: Command) -> str:
    """Return *command* as ``read`` reads it; what has its usual value is left out."""
    parts = [command.word]
    values = values_of(type(command))
    names = {value.name for value in values}
    named = False
    for value in values:
        content = getattr(command, value.field)
        if not value.required and content == value.default:
            continue
        said = value.form.write(content)
        named = named or not value.required or said.partition("=")[0] in names
        parts.append(f"{value.name}={shlex.quote(said)}" if named else shlex.quote(said))
    return " ".join(parts)


def _parts(text: str) -> list[str]:
    if len(text) > MAX_COMMAND:
        raise ConfigurationError(
            f"a command of {len(text)} characters is too long: expected at most {MAX_COMMAND}"
        )
    try:
        parts = shlex.split(text)
    except ValueError as error:
        raise ConfigurationError(
            f"command {text!r} cannot be read ({error}): close every quote that is opened"
        ) from error
    if not parts:
        raise ConfigurationError("an empty command does nothing: expected a word such as freeze")
    return parts


def _given(kind: type[Command], parts: list[str]) -> dict[str, Any]:
    values = values_of(kind)
    by_name = {value.name: value for value in values}
    given: dict[str, Any] = {}
    named = False
    for place, part in enumerate(parts):
        name, equals, content = part.partition("=")
        if equals and name in by_name:
            named = True
            value = by_name[name]
        elif named or place >= len(values):
            raise ConfigurationError(f"{kind.word} has no place for {part!r}: write {usage(kind)}")
        else:
            value, content = values[place], part
        if value.field in given:
            raise ConfigurationError(f"{kind.word} has {value.name} twice: write {usage(kind)}")
        given[value.field] = _read_value(kind, value, content)
    return given


def _read_value(kind: type[Command], value: Value, content: str) -> object:
    try:
        return value.form.read(content)
    except ValueError:
        raise ConfigurationError(
            f"{kind.word} cannot use {content!r} as {value.name}: expected {value.form.expected}"
        ) from None
