"""What every journal must do, whatever it is kept in (``ports.Journal``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from ibelay.errors import InvariantError, StoreUnreadableError
from ibelay.journal.records import AnyRecord, LinkDown, WatchListChanged
from ibelay.ports.journal import Entry, Journal

Numbered = Callable[[int], AnyRecord]


def test_an_empty_journal_replays_nothing(journal: Journal) -> None:
    assert list(journal.replay()) == []


def test_rows_are_numbered_from_one_without_a_gap(journal: Journal, numbered: Numbered) -> None:
    assert [journal.append([numbered(n)]).result() for n in (1, 2, 3)] == [1, 2, 3]
    assert list(journal.replay()) == [Entry(n, numbered(n)) for n in (1, 2, 3)]


def test_one_append_of_many_resolves_with_its_last_row(
    journal: Journal, numbered: Numbered
) -> None:
    assert journal.append([numbered(n) for n in range(1, 6)]).result() == 5
    assert [entry.seq for entry in journal.replay()] == [1, 2, 3, 4, 5]


def test_a_large_append_arrives_whole_and_in_order(journal: Journal, numbered: Numbered) -> None:
    """More rows than one statement or one commit usually takes."""
    assert journal.append([numbered(n) for n in range(1, 2501)]).result() == 2500
    assert [entry.record.at_ns for entry in journal.replay()] == list(range(1, 2501))


def test_an_empty_append_waits_for_what_came_before(journal: Journal, numbered: Numbered) -> None:
    first = journal.append([numbered(1), numbered(2)])
    assert journal.append([]).result() == 2
    assert first.done()


def test_replay_goes_on_after_a_row(journal: Journal, numbered: Numbered) -> None:
    journal.append([numbered(n) for n in range(1, 6)]).result()
    assert [entry.seq for entry in journal.replay(after=3)] == [4, 5]
    assert list(journal.replay(after=5)) == []


def test_replay_after_a_row_that_is_not_there_says_so(journal: Journal, numbered: Numbered) -> None:
    journal.append([numbered(1)]).result()
    with pytest.raises(StoreUnreadableError, match="row 2 is missing"):
        list(journal.replay(after=2))


def test_replay_is_lazy(journal: Journal, numbered: Numbered) -> None:
    """A caller may stop early, and the journal can go on."""
    journal.append([numbered(n) for n in range(1, 6)]).result()
    replay = journal.replay()
    assert next(iter(replay)).seq == 1
    assert journal.append([numbered(6)]).result() == 6


def test_futures_resolve_in_the_order_of_the_appends(journal: Journal, numbered: Numbered) -> None:
    resolved: list[int] = []
    futures = [journal.append([numbered(n)]) for n in range(1, 301)]
    for future in futures:
        future.add_done_callback(lambda done: resolved.append(done.result()))
    futures[-1].result()
    assert [future.result() for future in futures] == list(range(1, 301))
    assert [entry.seq for entry in journal.replay()] == list(range(1, 301))


def test_what_is_appended_cannot_be_taken_back(journal: Journal, numbered: Numbered) -> None:
    """A cancelled wait neither cancels the row nor harms the journal."""
    future = journal.append([numbered(1)])
    assert not future.cancel()
    assert future.result() == 1


async def test_a_loop_can_wait_for_it_and_give_up_waiting(
    journal: Journal, numbered: Numbered
) -> None:
    waiting = asyncio.wrap_future(journal.append([numbered(1)]))
    waiting.cancel()
    assert await asyncio.wrap_future(journal.append([numbered(2)])) == 2
    assert [entry.seq for entry in journal.replay()] == [1, 2]


def test_a_record_that_would_not_read_back_raises_and_leaves_no_row(
    journal: Journal, numbered: Numbered
) -> None:
    bad = WatchListChanged(at_ns=1, symbols=None, by="ann")  # type: ignore[arg-type]
    with pytest.raises(InvariantError, match="WatchListChanged"):
        journal.append([numbered(1), bad])
    assert journal.append([numbered(2)]).result() == 1
    assert [entry.record for entry in journal.replay()] == [numbered(2)]


def test_closing_writes_what_was_appended_and_refuses_more(
    journal: Journal, numbered: Numbered
) -> None:
    futures = [journal.append([numbered(n)]) for n in range(1, 51)]
    journal.close()
    journal.close()
    assert [future.result() for future in futures] == list(range(1, 51))
    with pytest.raises(StoreUnreadableError, match="closed"):
        journal.append([LinkDown(at_ns=1, cause="late")]).result()
    assert len(list(journal.replay())) == 50
