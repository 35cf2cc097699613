"""An order written into a line that has just fallen silent may arrive much later, or never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest
from tests.runtime.staging import MS_NS, Diary, Stage, staged

from ibelay.machines.link_events import LinkState
from ibelay.machines.liveness import Heartbeat
from ibelay.model.order import OrderState


def heartbeat(dead_ms: int) -> Heartbeat:
    """Return one that gives a silent link up after *dead_ms*."""
    return Heartbeat(
        interval_ns=300 * MS_NS,
        miss_floor_ns=200 * MS_NS,
        suspect_interval_ns=100 * MS_NS,
        dead_after_ns=dead_ms * MS_NS,
    )


def is_unknown(stage: Stage) -> bool:
    """Return whether the entry's silence was noticed on a link that is still kept."""
    return "entry unknown" in stage.state.told and stage.bot.session.link is not None


def is_given_up(stage: Stage) -> bool:
    """Return whether the link was given up, the order with it."""
    return stage.bot.session.value.state in {LinkState.DOWN, LinkState.CONNECTING}


def at_broker(stage: Stage) -> Decimal:
    """Return what the account really holds."""
    return sum(
        (held.position.quantity for held in stage.server.floor.exchange.positions()), Decimal(0)
    )


def agrees(stage: Stage) -> bool:
    """Return whether nothing is in doubt, and what is held is held by both, with its stop."""
    ledger = stage.bot.books.ledger
    doubt = any(entry.state is OrderState.UNKNOWN for entry in ledger.open_orders())
    held = at_broker(stage)
    return not doubt and stage.held == held and stage.stops == ([held] if held else [])


@pytest.mark.parametrize(
    ("thaws", "dead_ms"),
    [(is_unknown, 8_000), (is_given_up, 900)],
    ids=["on the same link", "after the link was given up"],
)
async def test_an_order_that_arrives_late_is_one_order(
    arrived: Counter[str], thaws: Callable[[Stage], bool], dead_ms: int
) -> None:
    """The line freezes between the decision and its order: never sent again, never forgotten."""
    strategy = Diary()
    async with staged(strategy, heartbeat=heartbeat(dead_ms)) as stage:
        strategy.deciding = stage.line.freeze
        await stage.until(lambda: bool(stage.state.units) and thaws(stage), "in doubt")
        assert not arrived, "nothing of it has arrived yet"
        assert "entry unknown" in stage.state.told
        stage.line.thaw()
        await stage.until(lambda: stage.ready and agrees(stage), "agreeing with the broker")
        told = len(stage.state.told)
        bars = stage.state.bars
        await stage.until(lambda: stage.state.bars > bars + 12, "a market minute later")
        assert agrees(stage), "and it stays so"
        assert len(stage.state.told) == told, "the strategy has heard the last of it"
        assert set(arrived.values()) <= {1}, "no order was sent twice"
