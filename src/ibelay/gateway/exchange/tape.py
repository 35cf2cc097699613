"""The record of executions: ids, commissions, and the account they are booked in.

Rules:
1. Execution ids have IB's shape, ``0000e0d5.xxxxxxxx.01.01``: the second part counts up from
   a number made of the seed, so that they are unique and the same in every run; the last
   counts the corrections of one execution.
2. A combination's fill is one execution of its own, which moves no cash, and one of each
   leg, whose id has a fifth part, before the last, that numbers the leg.
3. A correction replaces the execution: the account is booked as if the wrong one had not
   been, its commission apart.
4. An echo of an execution and its opposite are reported and booked nowhere, since together
   they are nothing.
5. The tape holds the executions since midnight in New York, ``MAX_ROWS`` at most.

**Source**: IB_FACTS section 3, ``execId`` and reqExecutions.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from ibelay.gateway.exchange.accounts import Account
from ibelay.gateway.exchange.events import CommissionCharged, Executed
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ExecId, execution_key
from ibelay.model.order import Action

MAX_ROWS = 100_000
_CORRECTIONS_MAX = 99


class Fill(NamedTuple):
    """So many units of a contract, at a price."""

    contract: Contract
    action: Action
    quantity: Decimal
    price: Decimal


class Row(NamedTuple):
    """One execution with its commission; None for a combination, whose legs are charged."""

    executed: Executed
    report: CommissionReport | None


class Tape:
    """Books fills into *account* and remembers them."""

    def __init__(self, account: Account, id_seed: str) -> None:
        self._account = account
        self._next_number = zlib.crc32(id_seed.encode())
        self._rows: dict[str, Row] = {}

    def rows(self) -> list[Row]:
        """Return what is remembered, oldest first."""
        return list(self._rows.values())

    def find(self, exec_id: str) -> Row | None:
        """Return the execution that *exec_id*, or a correction of it, names; or None."""
        return self._rows.get(execution_key(exec_id))

    def forget_before(self, midnight_ns: int) -> None:
        """Drop the executions of before *midnight_ns*."""
        while self._rows:
            key, row = next(iter(self._rows.items()))
            if row.executed.execution.at_ns >= midnight_ns:
                return
            del self._rows[key]

    def record(
        self, entry: Entry, quantity: Decimal, price: Decimal, legs: Sequence[Fill], now_ns: int
    ) -> tuple[list[Executed], list[CommissionCharged]]:
        """Fill *entry* with *quantity* at *price*: order, account and record change together.

        Args:
            entry: The order.
            quantity: Units of its contract, positive.
            price: Per unit.
            legs: What was traded of a combination; empty for a single contract.
            now_ns: The moment, ns since the epoch, UTC.
        """
        before, worth = entry.filled, entry.value
        entry.filled += quantity
        entry.value += quantity * price
        entry.last_fill_price = price
        number = self._take_number()
        own = Fill(entry.instrument.contract, entry.request.action, quantity, price)
        if not legs:
            row = self._book(entry, own, f"{number}.01", now_ns, before=before, worth=worth)
            return [row.executed], _charged(entry, [row])
        whole = self._write(entry, own, f"{number}.01", now_ns, report=None)
        rows = [
            self._book(entry, leg, f"{number}.{index:02}.01", now_ns, before=Decimal(0))
            for index, leg in enumerate(legs, 1)
        ]
        return [whole.executed, *(row.executed for row in rows)], _charged(entry, rows)

    def correct(
        self, exec_id: str, entry: Entry | None, quantity: Decimal, price: Decimal
    ) -> Executed | None:
        """Replace an execution by one of *quantity* at *price*, as if its order had filled so.

        Returns:
            The new execution. None if there is none with the id, if it is a combination's
            whole, or if it was corrected 99 times.
        """
        row = self.find(exec_id)
        if row is None or row.report is None:
            return None
        wrong = row.executed.execution
        revision = int(wrong.exec_id.rpartition(".")[2]) + 1
        if revision > _CORRECTIONS_MAX:
            return None
        nothing = Decimal(0)
        action = wrong.action
        self._account.apply(wrong.contract, action.opposite, wrong.quantity, wrong.price, nothing)
        self._account.apply(wrong.contract, action, quantity, price, nothing)
        key = execution_key(exec_id)
        right = replace(
            wrong, exec_id=ExecId(f"{key}.{revision:02}"), quantity=quantity, price=price
        )
        executed = replace(row.executed, execution=right)
        if entry is not None:
            entry.filled += quantity - wrong.quantity
            entry.value += quantity * price - wrong.quantity * wrong.price
            executed = replace(executed, cumulative=entry.filled, average_price=entry.average_price)
        self._rows[key] = Row(executed, replace(row.report, exec_id=right.exec_id))
        return executed

    def echo(self, exec_id: str) -> list[Executed]:
        """Report an execution under another id, and its opposite under a third (rule 4).

        Returns:
            Both; nothing if there is no such execution.
        """
        row = self.find(exec_id)
        if row is None:
            return []
        done = row.executed.execution
        echoes = []
        for action in (done.action, done.action.opposite):
            number = self._take_number()
            again = replace(done, exec_id=ExecId(f"{number}.01"), action=action)
            executed = replace(row.executed, execution=again)
            self._rows[execution_key(again.exec_id)] = Row(executed, None)
            echoes.append(executed)
        return echoes

    def _take_number(self) -> str:
        number = f"0000e0d5.{self._next_number:08x}.01"
        self._next_number = (self._next_number + 1) & 0xFFFF_FFFF
        return number

    def _book(
        self,
        entry: Entry,
        fill: Fill,
        exec_id: str,
        now_ns: int,
        *,
        before: Decimal,
        worth: Decimal = Decimal(0),
    ) -> Row:
        contract = fill.contract
        fee = self._account.commission(
            contract, fill.quantity, fill.price, filled_before=before, value_before=worth
        )
        realized = self._account.apply(contract, fill.action, fill.quantity, fill.price, fee)
        report = CommissionReport(
            exec_id=ExecId(exec_id),
            commission=fee,
            currency=contract.currency,
            realized_pnl=realized,
        )
        return self._write(entry, fill, exec_id, now_ns, report=report)

    def _write(
        self,
        entry: Entry,
        fill: Fill,
        exec_id: str,
        now_ns: int,
        *,
        report: CommissionReport | None,
    ) -> Row:
        request = entry.request
        execution = Execution(
            exec_id=ExecId(exec_id),
            contract=fill.contract,
            account=self._account.name,
            action=fill.action,
            quantity=fill.quantity,
            price=fill.price,
            at_ns=now_ns,
            order_id=request.order_id,
            perm_id=entry.perm_id,
            client_id=request.client_id,
            order_ref=request.order_ref,
        )
        own = fill.contract is entry.instrument.contract
        executed = Executed(
            execution=execution,
            cumulative=entry.filled if own else fill.quantity,
            average_price=entry.average_price if own else fill.price,
        )
        row = self._rows[execution_key(exec_id)] = Row(executed, report)
        if len(self._rows) > MAX_ROWS:
            del self._rows[next(iter(self._rows))]
        return row


def _charged(entry: Entry, rows: Sequence[Row]) -> list[CommissionCharged]:
    client_id = entry.request.client_id
    return [CommissionCharged(client_id=client_id, report=row.report) for row in rows if row.report]
