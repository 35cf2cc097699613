"""The head mark: believed when whole, otherwise as if it were not there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ibelay.errors import StoreUnreadableError
from ibelay.journal import chain
from ibelay.journal.records import AnyRecord
from ibelay.store.head import check_reached, check_same, from_line, open_mark, read_mark, to_line
from ibelay.store.sqlite import open_journal

Numbered = Callable[[int], AnyRecord]
HEAD = chain.link(chain.ORIGIN, b"{}")


def test_a_mark_reads_back(tmp_path: Path) -> None:
    with closing(open_mark(tmp_path / "head", chain.ORIGIN)) as mark:
        assert read_mark(tmp_path / "head") == chain.ORIGIN
        mark.write(HEAD)
    assert read_mark(tmp_path / "head") == HEAD
    assert read_mark(tmp_path / "none") is None


def test_a_mark_with_any_flipped_bit_says_nothing() -> None:
    line = to_line(HEAD)
    for at in range(len(line)):
        for bit in range(8):
            flipped = bytes([*line[:at], line[at] ^ (1 << bit), *line[at + 1 :]])
            assert from_line(flipped) is None


def test_a_torn_mark_says_nothing() -> None:
    line = to_line(HEAD)
    assert all(from_line(line[:size]) is None for size in range(len(line)))


def test_a_journal_must_reach_its_mark() -> None:
    check_reached(HEAD, None)
    check_reached(HEAD, HEAD)
    check_reached(HEAD, chain.ORIGIN)
    with pytest.raises(StoreUnreadableError, match="ends at row 0, but rows up to 1"):
        check_reached(chain.ORIGIN, HEAD)


def test_the_marked_row_must_be_the_same() -> None:
    check_same(HEAD, HEAD)
    check_same(HEAD, chain.ORIGIN)
    with pytest.raises(StoreUnreadableError, match="another journal"):
        check_same(HEAD, chain.Head(1, chain.GENESIS))


def test_what_is_acknowledged_is_marked(path: Path, numbered: Numbered) -> None:
    """Before its future resolves."""
    with closing(open_journal(path, bot="ps60")) as journal:
        for n in range(1, 4):
            journal.append([numbered(n)]).result()
            mark = read_mark(path.with_name("bot.db.head"))
            assert mark is not None
            assert mark.seq == n


def test_a_lost_mark_is_made_anew(path: Path, numbered: Numbered) -> None:
    with closing(open_journal(path, bot="ps60")) as journal:
        journal.append([numbered(1)]).result()
    mark = path.with_name("bot.db.head")
    whole = mark.read_bytes()
    for damaged in (b"", b"nonsense" * 40):
        mark.write_bytes(damaged)
        open_journal(path, bot="ps60").close()
        assert mark.read_bytes() == whole
