"""What processes left behind becomes one story: one clock, and nothing after the end."""

from __future__ import annotations

from pathlib import Path

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import AnyRecord, EpochStarted, LinkDown, LinkUp, ReconciliationDone
from ibelay.model.ids import Epoch
from ibelay.ports.journal import Entry
from ibelay.testing.matrix.fault import FILES, load
from ibelay.testing.matrix.figures.link import link_figures
from ibelay.testing.matrix.figures.troubles import troubles
from ibelay.testing.matrix.real.gather import Books, Files, evidence
from ibelay.testing.matrix.real.parts import Began, Did, Notebook
from ibelay.testing.simulation.observed import Appended, Broke, LinkChanged, Settled

WALL_NS, MARKET_NS, SECOND = 1_767_225_600 * 10**9, 1_748_874_600 * 10**9, 10**9
FAULT = load(next(FILES.glob("f02_*.toml")))


def reconciled(at_s: float) -> ReconciliationDone:
    """A synchronisation, at broker time."""
    return ReconciliationDone(
        at_ns=MARKET_NS + round(at_s * SECOND),
        trigger="",
        positions=0,
        open_orders=0,
        executions_recovered=0,
        findings=0,
        duration_ns=0,
    )


def wall(at_s: float) -> int:
    """Wall time."""
    return WALL_NS + round(at_s * SECOND)


def left_behind(folder: Path, *records: AnyRecord, log: str = "") -> Books:
    """Write what processes would have, and return the bot's books."""
    (folder / "logs").mkdir()
    (folder / "logs" / "ibelay.log").write_text(log, encoding="utf-8")
    gateway, proxy = Notebook(Files(folder).gateway), Notebook(Files(folder).proxy)
    gateway.write(Began(WALL_NS, MARKET_NS))
    gateway.write(Did(MARKET_NS + 60 * SECOND, "rst", "done"))
    gateway.close()
    proxy.close()
    entries = tuple(Entry(seq, record) for seq, record in enumerate(records, start=1))
    return Books(entries, Ledger(), healthy=True)


def changed(at: str, before: str, after: str) -> str:
    """A line of the bot's log."""
    return (
        f'{{"at": "2026-01-01T00:{at}+00:00", "level": "info", '
        f'"logger": "ibelay.connection", "event": "{before} -> {after}: why"}}\n'
    )


def test_a_synchronisation_is_before_the_ready_that_follows_it(tmp_path: Path) -> None:
    """The broker's clock is told in seconds: by its time this one came after READY."""
    books = left_behind(
        tmp_path,
        EpochStarted(at_ns=wall(-3), epoch=Epoch(1), bot="real"),
        reconciled(5.0),
        LinkUp(at_ns=wall(4.0005), outage_ns=0, attempts=0),
        log=changed("00:03.900", "connecting", "syncing")
        + changed("00:04.000", "syncing", "ready"),
    )
    found = evidence(FAULT, Files(tmp_path), 1.0, books, [])
    figures = link_figures(found, troubles(found.observations, found.ended_ns))
    assert figures.early == 0


def test_a_ready_that_nothing_was_reconciled_for_is_too_early(tmp_path: Path) -> None:
    books = left_behind(
        tmp_path,
        EpochStarted(at_ns=wall(-3), epoch=Epoch(1), bot="real"),
        LinkUp(at_ns=wall(4.0005), outage_ns=0, attempts=0),
        reconciled(4.0),
        LinkDown(at_ns=wall(9), cause="why"),
        log=changed("00:03.900", "connecting", "syncing")
        + changed("00:04.000", "syncing", "ready"),
    )
    found = evidence(FAULT, Files(tmp_path), 1.0, books, [])
    figures = link_figures(found, troubles(found.observations, found.ended_ns))
    assert figures.early == 1


def test_times_of_all_clocks_count_from_the_same_moment(tmp_path: Path) -> None:
    books = left_behind(
        tmp_path,
        LinkDown(at_ns=wall(30), cause="why"),
        log=changed("00:30.000", "ready", "down"),
    )
    did = [Did(wall(45), "kill", "from outside")]
    found = evidence(FAULT, Files(tmp_path), 2.0, books, did)
    at_ns = {type(one): one.at_ns for one in found.observations}
    assert at_ns[Appended] == at_ns[LinkChanged] == 60 * SECOND
    broke = [one.at_ns for one in found.observations if isinstance(one, Broke)]
    assert broke == [60 * SECOND, 90 * SECOND]
    assert at_ns[Settled] == found.ended_ns == 240 * SECOND


def test_what_came_after_the_end_is_left_out(tmp_path: Path) -> None:
    books = left_behind(tmp_path, log=changed("04:00.500", "ready", "stopped"))
    found = evidence(FAULT, Files(tmp_path), 1.0, books, [])
    assert not [one for one in found.observations if isinstance(one, LinkChanged)]
