"""From what processes have written down to the evidence of a run. Reads files, touches no process.

Rules:
1. All times become ns of market time since the beginning; of what knows only the wall's clock,
   by the moment at which market time began to run, and its speed.
2. A record of the journal that has broker time keeps it; one of our own process has wall time.
   A synchronisation is put right before the READY that follows it in the journal: which came
   first is known from there to the row, by clocks of two processes only to a second.
3. What came after the end of the scenario is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from ibelay.app.settle import BotBook
from ibelay.journal import records as rec
from ibelay.journal.ledger import Ledger
from ibelay.machines.link_events import LinkState
from ibelay.model.faults import read
from ibelay.model.ids import ClientId
from ibelay.ports.journal import Entry
from ibelay.store.sqlite import open_journal
from ibelay.testing.matrix.actors.scripted import Scripted, ScriptedState
from ibelay.testing.matrix.evidence import Diary, Evidence
from ibelay.testing.matrix.fault import Fault
from ibelay.testing.matrix.real import logs
from ibelay.testing.matrix.real.parts import Began, Did, Happened, Passed, rows
from ibelay.testing.simulation.observed import (
    Appended,
    Asked,
    Broke,
    LinkChanged,
    Observation,
    Settled,
    Told,
    Truth,
)
from ibelay.wire import requests as ask
from ibelay.wire.decode.message import decode

BOT = "real"
CLIENT_ID = ClientId(1)
_LOGGED_NS = 1_000_000
"""A READY is logged to the millisecond, and noted in the journal after that."""
_OWN = (
    rec.EpochStarted,
    rec.LinkDown,
    rec.LinkUp,
    rec.SafeModeEntered,
    rec.SafeModeCleared,
    rec.WatchListChanged,
    rec.ShutdownCompleted,
    rec.IncidentNoted,
)
"""Records with wall time."""
_TURNS = (rec.EpochStarted, rec.LinkDown, rec.LinkUp)


@dataclass(frozen=True, slots=True)
class Files:
    """Where everything is, in one folder."""

    folder: Path

    @property
    def gateway(self) -> Path:
        """The gateway's record."""
        return self.folder / "gateway.rows"

    @property
    def proxy(self) -> Path:
        """The proxy's record."""
        return self.folder / "proxy.rows"

    @property
    def diary(self) -> Path:
        """The strategy's."""
        return self.folder / "bars.txt"

    @property
    def store(self) -> Path:
        """The bot's journal."""
        return self.folder / "ibelay.db"

    @property
    def logs(self) -> Path:
        """The folder of the bot's logs."""
        return self.folder / "logs"


@dataclass(frozen=True, slots=True)
class Times:
    """Rule 1."""

    began: Began
    speed: float

    def of_wall(self, wall_ns: int) -> int:
        """Return time since the beginning."""
        return int((wall_ns - self.began.wall_ns) * self.speed)

    def of_market(self, market_ns: int) -> int:
        """Return time since the beginning."""
        return market_ns - self.began.market_ns


@dataclass(frozen=True, slots=True)
class Books:
    """The bot's journal and the word of its status page, as they stood at the end."""

    entries: tuple[Entry, ...]
    ledger: Ledger
    healthy: bool


def look(files: Files, *, healthy: bool) -> Books:
    """Return the bot's books as they are now."""
    book = BotBook(files.store, BOT)
    book.look()
    journal = open_journal(files.store, bot=BOT, read_only=True)
    try:
        return Books(tuple(journal.replay()), book.ledger, healthy)
    finally:
        journal.close()


def evidence(fault: Fault, files: Files, speed: float, books: Books, did: list[Did]) -> Evidence:
    """Return what a run has left behind, its processes having ended.

    Args:
        fault: What was played.
        files: What was written down.
        speed: Of the market.
        books: The bot's, looked at when the scenario was over.
        did: What was done from outside.
    """
    told = list(rows(files.gateway))
    began = next(row for row in told if isinstance(row, Began))
    times, lasts = Times(began, speed), fault.setting.lasts_ns
    seen: list[Observation] = []
    for row in told:
        match row:
            case Happened(market_ns, events):
                seen += [Truth(times.of_market(market_ns), event) for event in events]
            case Did(at_ns, command, said):
                seen.append(Broke(times.of_market(at_ns), read(command), said))
            case _:
                pass
    seen += [Broke(times.of_wall(one.at_ns), read(one.command), one.said) for one in did]
    seen += _passed(files, times)
    words = list(logs.of_bot(files.logs, times.of_wall))
    ready = [one.at_ns for one in words if _is_ready(one)]
    seen += words
    seen += logs.of_supervisor(files.logs, times.of_wall)
    seen += _appended(books.entries, times, ready)
    known = [one for one in sorted(seen, key=lambda one: one.at_ns) if one.at_ns <= lasts]
    known.append(Settled(lasts, None, books.healthy, books.ledger, books.ledger, {}, faulty=False))
    return Evidence(
        observations=tuple(known),
        diary=_diary(files, times, books.ledger),
        client_id=CLIENT_ID,
        symbols=fault.setting.symbols,
        began_market_ns=began.market_ns,
        ended_ns=lasts,
    )


def _passed(files: Files, times: Times) -> Iterator[Observation]:
    """Yield requests and codes; a line's client is who its startApi says."""
    clients: dict[int, ClientId] = {}
    for row in rows(files.proxy):
        if not isinstance(row, Passed):
            continue
        at_ns = times.of_wall(row.wall_ns)
        if not row.to_gateway:
            yield Told(at_ns, tuple(row.payload.decode(errors="replace").split("\0")[:-1]))
            continue
        request = decode(row.payload, row.version)
        if isinstance(request, ask.StartApi):
            clients[row.line] = request.client_id
        yield Asked(at_ns, clients.get(row.line, CLIENT_ID), request)


def _appended(entries: tuple[Entry, ...], times: Times, ready: list[int]) -> Iterator[Observation]:
    """Yield the journal's records (rule 2); *ready* is when the bot logged that it was READY."""
    for number, entry in enumerate(entries):
        record = entry.record
        at_ns = times.of_wall(record.at_ns)
        if not isinstance(record, _OWN):
            at_ns = times.of_market(record.at_ns)
        if isinstance(record, rec.ReconciliationDone):
            turns = (one.record for one in entries[number:] if isinstance(one.record, _TURNS))
            turn = next(turns, None)
            if isinstance(turn, rec.LinkUp):
                noted_ns = times.of_wall(turn.at_ns + _LOGGED_NS)
                at_ns = max((one for one in ready if one <= noted_ns), default=noted_ns) - 1
        yield Appended(at_ns, (record,))


def _is_ready(one: Observation) -> bool:
    return isinstance(one, LinkChanged) and one.after is LinkState.READY


def _diary(files: Files, times: Times, ledger: Ledger) -> Diary:
    """Return what the program knows at the end, and the bars that it ever saw."""
    diary = Diary()
    lines = files.diary.read_text(encoding="ascii").splitlines() if files.diary.exists() else ()
    for wall_ns, symbol, bar_ns in (line.split() for line in lines):
        bars = diary.bars.setdefault(symbol, {})
        bars.setdefault(int(bar_ns), times.of_wall(int(wall_ns)))
    diary.executions = {str(key) for key in ledger.executions}
    held = ledger.positions.values()
    diary.believes = {one.contract.symbol: one.quantity for one in held if one.quantity}
    diary.commissions = sum((one.commissions for one in held), Decimal(0))
    diary.open_orders = len(list(ledger.open_orders()))
    saved = ledger.strategy_states.get(Scripted.name)
    if saved is not None:
        state = msgspec.json.decode(saved.body, type=ScriptedState)
        diary.fills = {symbol: Decimal(told) for symbol, told in state.fills.items()}
    return diary
