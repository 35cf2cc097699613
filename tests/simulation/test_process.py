"""The bot's process in a simulation: what is seen of one that ends in mid-commit."""

from __future__ import annotations

import pytest

from ibelay.journal.records import AnyRecord, IntentRecorded
from ibelay.model.faults import Kill
from ibelay.testing.simulation.observed import Appended, Durable, Ended, Observation
from ibelay.testing.simulation.setting import Setting
from ibelay.testing.simulation.world import World

SLOW_DISK = Setting(disk_s=(0.05, 0.4))


@pytest.mark.parametrize("seed", range(6))
def test_all_rows_are_seen_also_those_a_killed_process_was_never_told_of(seed: int) -> None:
    rows: list[AnyRecord] = []
    ends: list[Ended] = []
    world = World(seed, SLOW_DISK)

    def watch(seen: Observation) -> None:
        match seen:
            case Appended(records=records) if any(
                isinstance(record, IntentRecorded) for record in records
            ):
                world.loop.call_later(0.04, world.do, Kill())
            case Durable(seq=seq, records=records):
                assert seq == len(rows) + 1
                rows.extend(records)
            case Ended():
                ends.append(seen)
            case _:
                pass

    world.watchers.append(watch)
    with world:
        world.run_for(200)
        assert ends
        assert rows == [entry.record for entry in world.disk.replay()]
