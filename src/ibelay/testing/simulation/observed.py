"""What a simulation sees: facts from the wire, the disk, the broker and the bot's process.

Rules:
1. An observation is made the moment it happens, in the order in which things happen; nothing
   is observed that no outsider could see, but for the bot's books (``Settled``).
2. ``at_ns`` is virtual time since the beginning of the run, never the market's.
3. Invariants, coverage, the timeline and the trace read nothing but these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.journal.ledger import Ledger
from ibelay.journal.records import AnyRecord, Severity
from ibelay.machines.link_events import LinkState
from ibelay.model.faults import Command
from ibelay.model.ids import ClientId, ConId
from ibelay.wire.requests import ClientRequest


@dataclass(frozen=True, slots=True)
class Booted:
    """The bot's process began; *boot* counts from 1."""

    at_ns: int
    boot: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The bot's process is no more: it was killed (*why* says how), crashed or was stopped."""

    at_ns: int
    boot: int
    why: str


class Asked(Struct, frozen=True):
    """The bot handed a request to its socket: what leaves unless the line is lost by then."""

    at_ns: int
    client_id: ClientId
    request: ClientRequest


class Told(Struct, frozen=True):
    """A message of the gateway reached the bot's socket; *fields* begin with its number."""

    at_ns: int
    fields: tuple[str, ...]


class Appended(Struct, frozen=True):
    """The bot gave records to its journal, which has not answered yet."""

    at_ns: int
    records: tuple[AnyRecord, ...]


class Durable(Struct, frozen=True):
    """Records are on disk, the first of them as row *seq*."""

    at_ns: int
    seq: int
    records: tuple[AnyRecord, ...]


class Truth(Struct, frozen=True):
    """The broker's own book changed, whether anybody hears of it or not."""

    at_ns: int
    event: ExchangeEvent


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The bot's connection machine went from one state to another."""

    at_ns: int
    before: LinkState
    after: LinkState
    reason: str


@dataclass(frozen=True, slots=True)
class Noted:
    """The bot told its operator something."""

    at_ns: int
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class StrategyFailed:
    """A function of the strategy let an exception escape, or was ended because it stood still.

    The runtime has taken it; *sentence* says what it was.
    """

    at_ns: int
    sentence: str


class News(StrEnum):
    """What the drop-in tells its script of an order, by the event that tells it."""

    EXECUTION = "execDetailsEvent"
    FILL = "fillEvent"
    COMMISSION = "commissionReportEvent"
    FILLED = "filledEvent"
    CANCELLED = "cancelledEvent"


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event of the drop-in told its script of an order; *exec_id* if it was of a fill."""

    at_ns: int
    news: News
    order_id: int
    order_ref: str
    exec_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTrade:
    """A ``Trade`` that ``placeOrder`` gave the script.

    Attributes:
        status: The library's word.
        filled: Shares, from its fills.
        done: Whether it says that its order is over.
        unresolved: Whether it says that nobody knows about its order.
        stands: Whether ``trades()`` still has this very object.
    """

    order_id: int
    order_ref: str
    status: str
    filled: Decimal
    done: bool
    unresolved: bool
    stands: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What a script on the drop-in holds in its hands; follows on ``Settled``.

    Attributes:
        at_ns: Virtual time.
        trades: Those of this process, in the order in which they were placed.
        positions: What ``positions()`` says, by contract.
    """

    at_ns: int
    trades: tuple[HeldTrade, ...]
    positions: Mapping[ConId, Decimal]


@dataclass(frozen=True, slots=True)
class Broke:
    """Something was made to go wrong: *said* is what the one who did it answered."""

    at_ns: int
    command: Command
    said: str


@dataclass(frozen=True, slots=True)
class Calmed:
    """Whatever was made to go wrong has been put right, and nothing more will be broken."""

    at_ns: int


@dataclass(frozen=True, slots=True)
class Over:
    """The run is at its end: what has not been seen by now will not be."""

    at_ns: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The bot's books beside the broker's, looked at in quiet.

    Attributes:
        at_ns: Virtual time.
        state: Of the bot's connection; None while no process runs.
        healthy: What ``is_healthy`` says; False while no process runs.
        ledger: The live ledger, or None while no process runs.
        replayed: The fold of what is on the bot's disk.
        positions: The broker's positions by contract, those of zero left out.
        faulty: Whether anything is being made to go wrong at present.
        bars: When the strategy was last given a bar (virtual ns), by what it streams; what has
            no market at present is left out.
    """

    at_ns: int
    state: LinkState | None
    healthy: bool
    ledger: Ledger | None
    replayed: Ledger
    positions: Mapping[ConId, Decimal]
    faulty: bool
    bars: Mapping[str, int] = field(default_factory=dict)


Observation = (
    Booted
    | Ended
    | Asked
    | Told
    | Appended
    | Durable
    | Truth
    | LinkChanged
    | Noted
    | StrategyFailed
    | Emitted
    | Held
    | Broke
    | Calmed
    | Settled
    | Over
)
