"""A script on the drop-in, the released ib_async under it, through the same bad days."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from ibelay.journal.records import DropInCancel, DropInIntent
from ibelay.testing.simulation.bad_days.plan import Plan, read
from ibelay.testing.simulation.observed import (
    Booted,
    Durable,
    Emitted,
    Held,
    LinkChanged,
    News,
    Observation,
)
from ibelay.testing.simulation.run import Outcome, run
from ibelay.testing.simulation.setting import Kind, Subject

MINUTE_NS = 60_000_000_000
RUN = """
import logging
from ibelay.testing.simulation.bad_days.profiles import HOUR_NS, PROFILES, draw
from ibelay.testing.simulation.run import run
from ibelay.testing.simulation.setting import Kind, Subject

logging.disable(logging.CRITICAL)
for profile, seed in (("hostile", 1), ("hostile", 10), ("calm", 3)):
    outcome = run(draw(seed, PROFILES[profile], HOUR_NS // 6, Subject(kind=Kind.DROP_IN)))
    print(outcome.digest, outcome.breach)
"""


def played(*steps: str, minutes: int = 4, seed: int = 1) -> tuple[Outcome, list[Observation]]:
    """Return what came of *steps*, and all that was seen."""
    seen: list[Observation] = []
    plan = Plan(
        seed=seed,
        profile="hostile",
        span_ns=minutes * MINUTE_NS,
        steps=tuple(read(step) for step in steps),
        subject=Subject(kind=Kind.DROP_IN),
    )
    return run(plan, watch=seen.append), seen


def test_a_calm_stretch_trades_in_every_way_and_keeps_every_promise() -> None:
    outcome, seen = played(minutes=12)
    assert outcome.breach is None
    told = Counter(one.news for one in seen if isinstance(one, Emitted))
    assert told[News.FILL] == told[News.EXECUTION] >= 5
    assert told[News.FILLED] > 2
    records = [record for one in seen if isinstance(one, Durable) for record in one.records]
    intents = Counter(one.order_ref for one in records if isinstance(one, DropInIntent))
    assert len(intents) > 5
    assert 2 in intents.values(), "no order was changed"
    assert any(isinstance(one, DropInCancel) for one in records)


@pytest.mark.parametrize("how", ["kill", "power-cut", "stall 20s", "rst", "unplug 40s"])
def test_a_script_goes_on_after_what_befell_it(how: str) -> None:
    outcome, seen = played(f"+30.000000s on sent +0.100ms: {how}", seed=3)
    assert outcome.breach is None
    assert outcome.done == 1
    assert sum(isinstance(one, Booted) for one in seen) == (
        2 if how in {"kill", "power-cut"} else 1
    )
    assert sum(isinstance(one, LinkChanged) for one in seen) >= 3
    last = [one for one in seen if isinstance(one, Held)][-1]
    assert last.trades


def test_a_synchronisation_that_breaks_in_the_middle_costs_no_fill_its_event() -> None:
    """Found by seed 27: what the broken one brought was known by then, and never told."""
    outcome, _seen = played(
        "+70.000000s on fill +0.010ms: rst",
        "+70.000000s: drop execDetailsEnd count=1",
        "+140.000000s on fill +0.010ms: rst",
        "+140.000000s: drop execDetailsEnd count=2",
        minutes=6,
    )
    assert outcome.breach is None
    assert outcome.done == 4


@pytest.mark.parametrize("event", ["intent", "sent", "booked", "fill", "sync", "boot"])
def test_a_step_can_wait_for_every_event_of_a_script_too(event: str) -> None:
    outcome, _seen = played("+1.000000s: kill", f"+1.000000s on {event} +0.100ms: rst", minutes=3)
    assert outcome.breach is None
    assert outcome.done == 2


def test_one_seed_is_one_run_in_every_process() -> None:
    """Bit for bit, whatever the hash seed, with ib_async's sets and weak references in it."""

    def printed(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.run(
            [sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=True
        ).stdout

    first = printed("0")
    assert first == printed("4711")
    assert [line.split()[1] for line in first.splitlines()] == ["None"] * 3
