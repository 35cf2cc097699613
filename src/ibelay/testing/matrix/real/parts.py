"""What each process of a real run is told, who plays which step, and what is written down.

Rules:
1. What a gateway can do is done by the gateway, in market time, and what only a proxy can by the
   proxy; what befalls processes, machines and cables is done from outside.
2. A process writes down what it sees at once: whoever reads it later needs nobody's last words.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ibelay.control.scenario import Scenario
from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.model.faults import PERFORMERS, Command, Performer

STRATEGY_VARIABLE = "IBELAY_FAULT_STRATEGY"


class GatewayPart(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway's process is told.

    Attributes:
        fault: The scenario file.
        speed: Market seconds per second.
        record: Where it writes.
        without: Words that somebody else does.
    """

    fault: str
    speed: float
    record: str
    without: tuple[str, ...] = ()


class ProxyPart(msgspec.Struct, frozen=True, kw_only=True):
    """What the proxy's process is told: where it listens and connects, and where it writes."""

    host: str
    upstream: int
    record: str
    token: str


class StrategyPart(msgspec.Struct, frozen=True, kw_only=True):
    """What the strategy in the bot's process is told, in ``STRATEGY_VARIABLE``.

    Attributes:
        fault: The scenario file.
        began_market_ns: What its times count from, ns since the epoch, UTC.
        diary: Where it notes bars, a line each: wall time, symbol, when the bar began (ns).
    """

    fault: str
    began_market_ns: int
    diary: str


class Began(NamedTuple):
    """Market time runs from this moment on."""

    wall_ns: int
    market_ns: int


class Happened(NamedTuple):
    """The broker's book changed."""

    market_ns: int
    events: tuple[ExchangeEvent, ...]


class Did(NamedTuple):
    """A command was done; *at_ns* is market time of a gateway, wall time of anybody else."""

    at_ns: int
    command: str
    said: str


class Passed(NamedTuple):
    """A message went through the proxy, or would have; *version* is the connection's."""

    wall_ns: int
    line: int
    to_gateway: bool
    payload: bytes
    version: int


Row = Began | Happened | Did | Passed


class Notebook:
    """A file of rows, each on its way to the disk as soon as it is written.

    Args:
        path: The file, made anew.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)

    def write(self, row: Row) -> None:
        """Write *row*."""
        self._file.write(pickle.dumps(row))

    def close(self) -> None:
        """Write no more."""
        self._file.close()


def rows(path: Path) -> Iterator[Row]:
    """Yield what a process has written; a row that its end cut short is left out."""
    with path.open("rb") as file:
        while True:
            try:
                row: Row = pickle.load(file)  # noqa: S301  # our own processes wrote it
            except (EOFError, pickle.UnpicklingError):
                return
            yield row


def part_of(scenario: Scenario, plays: Callable[[Command], bool]) -> Scenario:
    """Return the steps of *scenario* that somebody *plays*."""
    steps = (
        replace(step, do=tuple(one for one in step.do if plays(one))) for step in scenario.steps
    )
    return replace(scenario, steps=tuple(step for step in steps if step.do))


def by_gateway(without: tuple[str, ...] = ()) -> Callable[[Command], bool]:
    """Return whether a command is the gateway's (rule 1), those *without* being somebody else's."""
    return lambda one: Performer.GATEWAY in PERFORMERS[type(one)] and one.word not in without


def by_proxy(command: Command) -> bool:
    """Return whether *command* is the proxy's (rule 1)."""
    performers = PERFORMERS[type(command)]
    return Performer.PROXY in performers and Performer.GATEWAY not in performers


def said(part: msgspec.Struct) -> str:
    """Return *part* as an argument of a process."""
    return msgspec.json.encode(part).decode()


def told(text: str, kind: type[Any]) -> Any:
    """Return the part that a process was told as *text*."""
    return msgspec.json.decode(text, type=kind)
