"""Journals of every kind, and records that can be told apart."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from ibelay.journal.records import AnyRecord, LinkDown
from ibelay.ports.journal import Journal
from ibelay.store.memory import MemoryDisk, MemoryJournal
from ibelay.store.sqlite import SqliteJournal, open_journal
from ibelay.store.writing.inline import InlineWriter


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


class SlowDisk:
    """A ``Later`` that is done when it is told to be, or when a loop has time."""

    def __init__(self) -> None:
        self.acts: list[Callable[[], None]] = []

    def __call__(self, act: Callable[[], None]) -> None:
        self.acts.append(act)
        with contextlib.suppress(RuntimeError):  # no loop runs in this test
            asyncio.get_running_loop().call_soon(self.done)

    def done(self) -> None:
        """Finish the commit that has begun, if any."""
        if self.acts:
            self.acts.pop(0)()


@pytest.fixture
def slow() -> SlowDisk:
    """A disk whose commits end when the test says so."""
    return SlowDisk()


@pytest.fixture(params=["memory", "memory, slow", "sqlite", "sqlite, inline"])
def journal(request: pytest.FixtureRequest, path: Path, slow: SlowDisk) -> Iterator[Journal]:
    """Any journal, empty."""
    made: Journal
    match request.param:
        case "memory":
            made = MemoryJournal()
        case "memory, slow":
            made = MemoryDisk(slow).open()
        case "sqlite":
            made = open_journal(path, bot="ps60")
        case _:
            made = open_journal(path, bot="ps60", writer=partial(InlineWriter, later=slow))
    yield made
    made.close()
