"""What the drop-in writes down, in whatever journal it is given."""

from __future__ import annotations

import ib_async

from ibelay.dropin.intents import Intents
from ibelay.journal.records import DropInIntent, EpochStarted
from ibelay.store.memory import MemoryDisk, MemoryJournal


class Noon:
    """A clock that stands still."""

    def monotonic_ns(self) -> int:
        return 1

    def wall_ns(self) -> int:
        return 1_748_880_000_000_000_000


def test_a_journal_of_the_program_s_own_is_opened_by_name_and_outlives_the_process() -> None:
    disk = MemoryDisk()
    names: list[str] = []

    def opened(name: str) -> MemoryJournal:
        names.append(name)
        return disk.open()

    order = ib_async.LimitOrder("BUY", 10, 1.0, orderId=7, orderRef="mine")
    first = Intents.at(opened, 5, Noon())
    first.record(ib_async.Stock("SPY", "SMART", "USD"), order)
    first.close()
    second = Intents.at(lambda _name: disk.open(), 5, Noon())
    assert names == ["ib5"]
    assert second.high_order_id == 7
    assert second.reference() != first.reference()
    kinds = [type(entry.record) for entry in disk.replay()]
    assert kinds == [EpochStarted, DropInIntent, EpochStarted]
