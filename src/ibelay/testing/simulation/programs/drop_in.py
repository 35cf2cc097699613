"""A script on the drop-in ``IB`` as a simulated program.

Rules:
1. What is seen of it is what the script could see: events, and the objects it holds.
2. Whoever listens here is told before the script is, and changes nothing.
3. The end of the process disconnects, which only tidies up: by then nothing reaches anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Protocol

from ib_async import CommissionReport, Event, Fill, Ticker, Trade

from ibelay.dropin.catch_up import UNRESOLVED
from ibelay.dropin.ib import IB
from ibelay.dropin.keeper import KeeperConfig
from ibelay.machines.link_events import LinkState
from ibelay.model.ids import ConId
from ibelay.ports.broker import Address
from ibelay.testing.simulation.observed import Emitted, Held, HeldTrade, LinkChanged, News
from ibelay.testing.simulation.programs.program import Boot, MakeProgram
from ibelay.testing.simulation.programs.script import Script


class Runs(Protocol):
    """A script."""

    async def run(self) -> None:
        """Run until cancelled."""
        ...


MakeScript = Callable[[IB, Address], Runs]


def drop_in(
    address: Address, keeper: KeeperConfig | None = None, script: MakeScript = Script
) -> MakeProgram:
    """Return what makes a drop-in and a script on it.

    Args:
        address: Where the script connects.
        keeper: Back-off and heartbeat; the drop-in's own, if left out.
        script: Makes the script of each boot.
    """
    return lambda boot: DropInProgram(boot, address, keeper, script)


class DropInProgram:
    """One boot's drop-in, its script, and who listens beside it.

    Args:
        boot: What the process gives.
        address: Where the script connects.
        keeper: Back-off and heartbeat.
        script: Makes the script.

    Attributes:
        ib: The drop-in.
        link: What becomes of its connection, as its events tell.
    """

    def __init__(
        self, boot: Boot, address: Address, keeper: KeeperConfig | None, script: MakeScript
    ) -> None:
        self.link = LinkState.DOWN
        self.ib = IB(journal=lambda _name: boot.open_journal(), keeper=keeper, clock=boot.clock)
        self._boot = boot
        self._held: list[Trade] = []
        self._ended = asyncio.Event()
        self._failure: Exception | None = None
        self._listen()
        self._script = script(self.ib, address)

    async def run(self) -> None:
        """Run the script; what a handler of it lets escape is a crash, too."""
        try:
            async with asyncio.TaskGroup() as group:
                running = group.create_task(self._script.run())
                await self._ended.wait()
                running.cancel()
        finally:
            self.ib.disconnect()
        if self._failure is not None:
            raise self._failure

    def stop(self, reason: str) -> None:
        """End as a script does that is told to: by disconnecting."""
        del reason
        self._ended.set()

    def held(self) -> Held:
        """Return what the script holds in its hands at present."""
        known = {id(trade) for trade in self.ib.trades()}
        return Held(
            self._boot.now_ns(),
            tuple(_as_held(trade, stands=id(trade) in known) for trade in self._held),
            {ConId(one.contract.conId): Decimal(str(one.position)) for one in self.ib.positions()},
        )

    def _listen(self) -> None:
        ib = self.ib
        ib.client.apiStart += lambda: self._move(LinkState.SYNCING, "logged on")
        ib.connectedEvent += lambda: self._move(LinkState.READY, "connected")
        ib.reconnectedEvent += lambda: self._move(LinkState.READY, "caught up")
        ib.disconnectedEvent += lambda: self._move(LinkState.DOWN, "disconnected")
        ib.newOrderEvent += self._placed
        ib.execDetailsEvent += lambda trade, fill: self._filled(News.EXECUTION, trade, fill)
        ib.commissionReportEvent += self._charged
        ib.barUpdateEvent += lambda bars, _new: self._guard(bars.updateEvent)
        ib.pendingTickersEvent += self._ticked
        for name in ib.events:
            self._guard(getattr(ib, name))

    def _move(self, after: LinkState, reason: str) -> None:
        before, self.link = self.link, after
        if before is not after:
            self._boot.see(LinkChanged(self._boot.now_ns(), before, after, reason))

    def _placed(self, trade: Trade) -> None:
        self._held.append(trade)
        trade.fillEvent += lambda trade, fill: self._filled(News.FILL, trade, fill)
        trade.filledEvent += lambda trade: self._tell(News.FILLED, trade)
        trade.cancelledEvent += lambda trade: self._tell(News.CANCELLED, trade)
        for event in (trade.fillEvent, trade.filledEvent, trade.cancelledEvent, trade.statusEvent):
            self._guard(event)

    def _filled(self, news: News, trade: Trade, fill: Fill) -> None:
        self._tell(news, trade, fill.execution.execId)

    def _charged(self, trade: Trade, _fill: Fill, report: CommissionReport) -> None:
        self._tell(News.COMMISSION, trade, report.execId)

    def _tell(self, news: News, trade: Trade, exec_id: str = "") -> None:
        order = trade.order
        self._boot.see(Emitted(self._boot.now_ns(), news, order.orderId, order.orderRef, exec_id))

    def _ticked(self, tickers: Iterable[Ticker]) -> None:
        for ticker in tickers:
            self._guard(ticker.updateEvent)

    def _guard(self, event: Event) -> None:
        """Take what a handler lets escape: eventkit would say it in the log alone."""
        if event.error_event is not None and self._failed not in event.error_event:
            event.error_event += self._failed

    def _failed(self, _event: Event, error: Exception) -> None:
        self._failure = self._failure or error
        self._ended.set()


def _as_held(trade: Trade, *, stands: bool) -> HeldTrade:
    return HeldTrade(
        order_id=trade.order.orderId,
        order_ref=trade.order.orderRef,
        status=trade.orderStatus.status,
        filled=Decimal(str(trade.filled())),
        done=trade.isDone(),
        unresolved=trade.advancedError == UNRESOLVED,
        stands=stands,
    )
