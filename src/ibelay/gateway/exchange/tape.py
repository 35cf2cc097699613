"""The record of executions: ids, commissions, and the account they are booked in."""

from __future__ import annotations

import zlib
from decimal import Decimal

from ibelay.gateway.exchange.accounts import Account
from ibelay.gateway.exchange.commissions import fill_commission
from ibelay.gateway.exchange.events import CommissionCharged, Executed
from ibelay.gateway.exchange.orders import Entry
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ExecId


class Tape:
    """Books fills into *account* and remembers them.

    Execution ids have IB's shape, ``0000e0d5.xxxxxxxx.01.01``; the second part counts up
    from a number made of *id_seed*, so they are unique and the same in every run.
    """

    def __init__(self, account: Account, id_seed: str) -> None:
        self._account = account
        self._base = zlib.crc32(id_seed.encode())
        self.rows: list[tuple[Executed, CommissionReport | None]] = []

    def _next_exec_id(self) -> ExecId:
        number = (self._base + len(self.rows)) & 0xFFFF_FFFF
        return ExecId(f"0000e0d5.{number:08x}.01.01")

    def record(
        self, entry: Entry, quantity: Decimal, price: Decimal, now_ns: int
    ) -> tuple[Executed, CommissionCharged]:
        """Fill *entry* with *quantity* at *price*: order, account and record change together."""
        request = entry.request
        contract = entry.instrument.contract
        fee = fill_commission(
            quantity,
            price * contract.multiplier,
            filled_before=entry.filled,
            value_before=entry.value * contract.multiplier,
        )
        entry.filled += quantity
        entry.value += quantity * price
        entry.last_fill_price = price
        realized = self._account.apply(contract, request.action, quantity, price, fee)
        execution = Execution(
            exec_id=self._next_exec_id(),
            contract=contract,
            account=self._account.name,
            action=request.action,
            quantity=quantity,
            price=price,
            at_ns=now_ns,
            order_id=request.order_id,
            perm_id=entry.perm_id,
            client_id=request.client_id,
            order_ref=request.order_ref,
        )
        executed = Executed(
            execution=execution, cumulative=entry.filled, average_price=entry.average_price
        )
        report = CommissionReport(
            exec_id=execution.exec_id,
            commission=fee,
            currency=contract.currency,
            realized_pnl=realized,
        )
        self.rows.append((executed, report))
        return executed, CommissionCharged(client_id=request.client_id, report=report)
