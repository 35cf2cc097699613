"""Orders of the drop-in, written down before they leave."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path

from ib_async.contract import Contract
from ib_async.order import Order

from ibelay.journal.ledger import Ledger, fold
from ibelay.journal.records import DropInIntent, EpochStarted
from ibelay.model.ids import Epoch, OrderId, OrderRef, first_epoch
from ibelay.store.sqlite import open_journal


class Intents:
    """The drop-in's journal: references, high water of order ids, and every intent.

    Args:
        path: The store; made if there is none.
        name: Prefix of the references it gives.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._journal = open_journal(path, bot=name)
        self._ledger: Ledger = fold(entry.record for entry in self._journal.replay())
        self._name = name
        self._number = 0
        now = _wall_ns()
        epoch = Epoch(self._ledger.epoch + 1) if self._ledger.epoch else first_epoch(now)
        self._write(EpochStarted(at_ns=now, epoch=epoch, bot=name))

    @property
    def high_order_id(self) -> int:
        """The highest order id ever used, by this process or one before it."""
        return self._ledger.high_order_id

    def reference(self) -> str:
        """Return a reference no order has had."""
        self._number += 1
        return f"{self._name}:{self._ledger.epoch}:{self._number}"

    def record(self, contract: Contract, order: Order) -> None:
        """Make the intent durable; returns when it is on disk (about 0.3 ms)."""
        changed = {
            spec.name: getattr(order, spec.name)
            for spec in fields(order)
            if getattr(order, spec.name) != spec.default and spec.default_factory is not list
        }
        self._write(
            DropInIntent(
                at_ns=_wall_ns(),
                epoch=Epoch(self._ledger.epoch),
                order_id=OrderId(order.orderId),
                order_ref=OrderRef(order.orderRef),
                symbol=contract.symbol,
                con_id=contract.conId,
                order={name: str(value) for name, value in changed.items()},
            )
        )

    def close(self) -> None:
        """Release the store. Idempotent."""
        self._journal.close()

    def _write(self, record: EpochStarted | DropInIntent) -> None:
        self._ledger.apply(record)
        self._journal.append([record]).result()


def _wall_ns() -> int:
    return time.time_ns()  # noqa: TID251  # the drop-in lives in a program that gives no clock
