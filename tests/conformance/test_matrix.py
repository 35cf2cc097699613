"""Every family of requests through every foreign client, against the committed page."""

from __future__ import annotations

from tests.conformance.environments import CLIENTS, ForeignClient
from tests.conformance.exercise import Verdict
from tests.conformance.matrix import PAGE, ROWS, column, committed, rendered


def test_the_page_tells_what_this_client_is_given(client: ForeignClient) -> None:
    """A cell that differs is a change of the gateway: ``make conformance-matrix`` writes it."""
    cells, complaints = column(client)
    assert complaints == []
    page = committed(client)
    assert [name for name, cell in cells.items() if cell.verdict is Verdict.SILENT] == []
    wrong = {
        name: f"{cell}, not {page.get(name)!r}: {[(e.name, e.args) for e in cell.events][-5:]}"
        for name, cell in cells.items()
        if str(cell) != page.get(name)
    }
    assert wrong == {}


def test_the_page_is_as_it_is_written() -> None:
    """Nobody edits it by hand, and it knows every client and every family."""
    columns = {client.name: committed(client) for client in CLIENTS}
    assert PAGE.read_text(encoding="utf-8") == rendered(columns)
    rows = {row for room in ROWS.values() for row in room}
    assert all(set(cells) == rows for cells in columns.values())
