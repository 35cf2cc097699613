"""Orders of the drop-in, written down before they leave."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from ib_async.contract import Contract
from ib_async.order import Order

from ibelay.journal.ledger import Ledger, fold
from ibelay.journal.records import DropInCancel, DropInIntent, EpochStarted
from ibelay.model.ids import Epoch, OrderId, OrderRef, first_epoch
from ibelay.ports.clock import Clock
from ibelay.ports.journal import Journal
from ibelay.store.sqlite import open_journal

OpenJournal = Callable[[str], Journal]
"""Opens the journal of the bot it is given the name of, to be read and written."""

_DEFAULTS = {spec.name: getattr(Order(), spec.name) for spec in fields(Order)}


class Intents:
    """The drop-in's journal: references, high water of order ids, and every intent.

    Args:
        journal: The store, open to be written.
        name: Prefix of the references it gives.
        clock: Says when what was written.
    """

    def __init__(self, journal: Journal, name: str, clock: Clock) -> None:
        self._clock = clock
        self._journal = journal
        self._ledger: Ledger = fold(entry.record for entry in self._journal.replay())
        self._name = name
        self._number = 0
        now = clock.wall_ns()
        epoch = Epoch(self._ledger.epoch + 1) if self._ledger.epoch else first_epoch(now)
        self._write(EpochStarted(at_ns=now, epoch=epoch, bot=name))

    @classmethod
    def at(cls, given: Path | OpenJournal | None, client_id: int, clock: Clock) -> Intents:
        """Open the store of *client_id*: at *given*, at ``IBELAY_JOURNAL``, or right here.

        A path may be a folder that is there, which then holds one file for each client id.

        Raises:
            ConfigurationError: It cannot be used, or another process writes it.
            StoreUnreadableError: It is damaged.
        """
        name = f"ib{client_id}"
        if callable(given):
            return cls(given(name), name, clock)
        path = Path(given or os.environ.get("IBELAY_JOURNAL") or ".")
        if path.is_dir():
            path /= f"ibelay-{client_id}.db"
        return cls(open_journal(path, bot=name), name, clock)

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
        values = {spec.name: getattr(order, spec.name) for spec in fields(Order)}
        changed = {name: value for name, value in values.items() if value != _DEFAULTS[name]}
        self._write(
            DropInIntent(
                at_ns=self._clock.wall_ns(),
                epoch=Epoch(self._ledger.epoch),
                order_id=OrderId(order.orderId),
                order_ref=OrderRef(order.orderRef),
                symbol=contract.symbol,
                con_id=contract.conId,
                order={name: str(value) for name, value in changed.items()},
            )
        )

    def cancel(self, order: Order) -> None:
        """Make it durable that an order is to be cancelled."""
        self._write(
            DropInCancel(
                at_ns=self._clock.wall_ns(),
                epoch=Epoch(self._ledger.epoch),
                order_id=OrderId(order.orderId),
                order_ref=OrderRef(order.orderRef),
            )
        )

    def close(self) -> None:
        """Release the store. Idempotent."""
        self._journal.close()

    def _write(self, record: EpochStarted | DropInIntent | DropInCancel) -> None:
        self._ledger.apply(record)
        self._journal.append([record]).result()
