"""Journals of both kinds, and records that can be told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ibelay.journal.records import AnyRecord, LinkDown
from ibelay.ports.journal import Journal
from ibelay.store.memory import MemoryJournal
from ibelay.store.sqlite import SqliteJournal, open_journal


@pytest.fixture
def numbered() -> Callable[[int], AnyRecord]:
    """A record that says which one it is."""
    return lambda number: LinkDown(at_ns=number, cause=f"cause {number}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store may be made."""
    return tmp_path / "bot.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteJournal]:
    """An empty store on disk, open for writing."""
    journal = open_journal(path, bot="ps60")
    yield journal
    journal.close()


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, path: Path) -> Iterator[Journal]:
    """Either journal, empty."""
    made: Journal = MemoryJournal() if request.param == "memory" else open_journal(path, bot="ps60")
    yield made
    made.close()
