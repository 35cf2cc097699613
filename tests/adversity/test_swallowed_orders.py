"""A gateway that reads orders and never answers: unknown, never sent again, then absent."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tests.adversity.churning import BOT, SETTINGS, until

from ibelay.app.arena import Arena
from ibelay.journal.records import AnyRecord, OrderStateChanged
from ibelay.model.order import OrderState
from ibelay.store.sqlite import open_journal

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]


QUIET = ["--symbols", "SPY", "--speed", "40", "--start", "09:30"]


def records_of(folder: Path) -> list[AnyRecord]:
    """Return everything the bot has written down."""
    journal = open_journal(folder / "ibelay.db", bot=BOT, read_only=True)
    try:
        return [entry.record for entry in journal.replay()]
    finally:
        journal.close()


def ends(folder: Path, state: OrderState) -> list[str]:
    """Return the orders that were concluded as *state*, each as often as it was."""
    return [
        record.order_ref
        for record in records_of(folder)
        if isinstance(record, OrderStateChanged) and record.state is state
    ]


async def test_an_unanswered_order_is_never_sent_again(tmp_path: Path) -> None:
    """SENT once, UNKNOWN after the deadline, ABSENT after complete snapshots; and no more."""
    stage = Arena(
        tmp_path,
        gateway=[*QUIET, "--fault", "swallow-orders"],
        settings=lambda port: SETTINGS.format(port=port),
        environment={"PYTHONPATH": str(Path(__file__).parent)},
    )
    async with stage:
        await until(lambda: stage.feed.ready, stage, "READY")
        await until(lambda: len(ends(tmp_path, OrderState.ABSENT)) >= 6, stage, "absent orders")
        sent = Counter(ends(tmp_path, OrderState.SENT))
        unknown = ends(tmp_path, OrderState.UNKNOWN)
        absent = Counter(ends(tmp_path, OrderState.ABSENT))
        assert set(sent.values()) == {1}, "an order reference leaves once"
        assert set(absent.values()) == {1}, "and ends once"
        assert set(absent) <= set(unknown), "silence is unknown before it is absence"
