"""Recovery: store → connect → synchronise → reconcile → resubscribe → trade (S5).

The same path runs at start, after every reconnect, periodically, and whenever live evidence
leaves a doubt that only a complete snapshot can settle.

Rule: a periodic look asks for positions and open orders. Only if they do not agree with the
books in everything, or it has not been done for long, does it ask for the day's completed
orders and executions too, of which there are more from trade to trade.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ibelay.errors import LinkError
from ibelay.journal.records import (
    AnyRecord,
    ExecutionRecorded,
    OrderStateChanged,
    ReconciliationDone,
    Severity,
)
from ibelay.model.ids import OrderRef
from ibelay.model.order import OrderState
from ibelay.model.snapshot import BrokerSnapshot
from ibelay.ports.broker import BrokerLink
from ibelay.reconcile.absence import Absences
from ibelay.reconcile.amend import amendments
from ibelay.reconcile.plan import Plan, plan
from ibelay.reconcile.positions import unexplained
from ibelay.reconcile.retry import cancel_not_before_ns
from ibelay.reconcile.scope import highest_order_id, own_part
from ibelay.runtime.config import BotConfig
from ibelay.runtime.link.session import Session
from ibelay.runtime.streaming.streams import Streams
from ibelay.runtime.trading.books import Books
from ibelay.runtime.trading.outbox import Send, SendCancel, SendModify
from ibelay.runtime.trading.trader import Trader

log = logging.getLogger("ibelay.recovery")

_PERIODIC = "periodic"
_DOUBT_PAUSE_S = 1.0
_LOOK_AGAIN_S = 1.0


class Recovery:
    """Brings books and broker together.

    Args:
        config: The bot's settings.
        books: Ledger and journal.
        trader: Commits what is found and lets the strategy react.
        session: For the link and the broker's clock.
        streams: Restored after reconciling.
        note: Takes a line for the event list.
    """

    def __init__(
        self,
        config: BotConfig,
        books: Books,
        trader: Trader,
        session: Session,
        streams: Streams,
        note: Callable[[str, Severity], None],
    ) -> None:
        self._config = config
        self._books = books
        self._trader = trader
        self._session = session
        self._streams = streams
        self._note = note
        self.absences = Absences()
        self._look_again = False
        self._whole_due_ns = 0
        self._looked_ns = 0  # the broker's clock in the latest snapshot
        self._unexplained: tuple[str, ...] = ()
        self._doubt = asyncio.Event()
        self._doubts: list[str] = []
        self.report: tuple[str, ...] = ()
        self.executions_recovered = 0

    async def synchronise(self, link: BrokerLink, *, data_lost: bool) -> None:
        """Make books and broker agree over a link that was just opened or came back."""
        began = self._books.monotonic_ns()
        self._session.learn_time(await link.probe())
        state_line = self._trader.load()
        snapshot = await self._look(link, whole=True)
        self._session.learn_time(snapshot.broker_time_ns)
        if self._session.reachable is not link:
            return  # IB's servers went away meanwhile: the gateway told what it remembers of them
        self._reconcile(snapshot, self._plan(snapshot), "start or reconnect", began, state_line)
        self._want_streams()
        if data_lost:
            await self._streams.restore(link, last_bars=self._trader.memory.last_bars)

    async def run(self) -> None:
        """Reconcile for ever: on doubt at once, else once per interval, faster while unsure."""
        while True:
            try:
                async with asyncio.timeout(self._interval_s()):
                    await self._doubt.wait()
                    reason = "; ".join(self._doubts) or "doubt"
            except TimeoutError:
                reason = _PERIODIC
            self._doubt.clear()
            self._doubts.clear()
            link = self._session.link
            if link is None or not self._session.ready:
                continue  # the next synchronisation answers every doubt
            await self._again(link, reason)
            # Doubts come in bursts; one snapshot answers all of a second.
            await asyncio.sleep(min(_DOUBT_PAUSE_S, self._interval_s()))

    def doubted(self, reason: str) -> None:
        """Ask for a snapshot soon because of *reason*; the next one answers a reason once."""
        if reason in self._doubts:
            return
        self._note(f"asking the broker: {reason}", Severity.WARNING)
        self._doubts.append(reason)
        self._doubt.set()

    def link_lost(self) -> None:
        """Mark what was sent and not acknowledged as UNKNOWN."""
        self._to_unknown(
            lambda state, _epoch: state is OrderState.SENT, "the link was lost before an answer"
        )

    def outage_began(self) -> None:
        """Begin to count absences anew: nothing seen before an outage says what it did."""
        self.absences = Absences(told=self.absences.told)

    def take_over(self) -> None:
        """Mark what an earlier process intended and never concluded as UNKNOWN."""
        current = self._books.ledger.epoch
        self._to_unknown(
            lambda state, epoch: (
                state in {OrderState.INTENDED, OrderState.SENT} and epoch != current
            ),
            "the process that sent it ended before an answer",
        )

    def overdue(self) -> None:
        """Mark orders without an answer in time as UNKNOWN and ask the broker.

        Ask it too what became of a cancel: what waits for that may be the exit of a position whose
        stop is gone.
        """
        limit_ns = int(self._config.ack_timeout_s * 1e9)
        if late := self._trader.outbox.uncancelled(limit_ns):
            self.doubted(f"no answer to the cancel of {', '.join(sorted(late))}")
        refs = self._trader.outbox.unanswered(limit_ns)
        if not refs:
            return
        self._to_unknown(
            lambda state, _epoch: state is OrderState.SENT,
            f"no answer within {self._config.ack_timeout_s:g} s",
            only=refs,
        )
        self.doubted(f"no answer to {', '.join(sorted(refs))}")

    async def _again(self, link: BrokerLink, reason: str) -> None:
        began = self._books.monotonic_ns()
        whole = reason != _PERIODIC or self._look_again or began >= self._whole_due_ns
        try:
            snapshot = await self._look(link, whole=whole)
            if not self._still(link):
                return
            outcome = self._plan(snapshot)
            if not snapshot.whole and not outcome.settles(self.absences):
                snapshot = await self._look(link, whole=True)
                outcome = self._plan(snapshot)
        except LinkError as error:
            if link is self._session.link:
                self._session.reconnect(f"a snapshot did not complete: {error}")
            return
        if self._still(link):
            self._reconcile(snapshot, outcome, reason, began, "")

    async def _look(self, link: BrokerLink, *, whole: bool) -> BrokerSnapshot:
        """Return our part of what the broker holds."""
        snapshot = await link.snapshot(self._config.session.sync_timeout_s, whole=whole)
        client_id = self._config.session.address.client_id
        return own_part(snapshot, self._trader.account, client_id)

    def _still(self, link: BrokerLink) -> bool:
        """Return whether *link* is the one that we trade over."""
        return link is self._session.link and self._session.ready

    def _plan(self, snapshot: BrokerSnapshot) -> Plan:
        """Return what *snapshot* means for the books as they are."""
        return plan(
            self._books.ledger,
            snapshot,
            self._config.policy,
            self.absences,
            bot=self._config.name,
            now_ns=self._trader.now_ns(),
            monotonic_ns=self._books.monotonic_ns(),
        )

    def _reconcile(
        self,
        snapshot: BrokerSnapshot,
        outcome: Plan,
        trigger: str,
        began_ns: int,
        first_line: str,
    ) -> None:
        """Do what was planned from *snapshot* just now."""
        ledger = self._books.ledger
        now = self._trader.now_ns()
        client_id = self._config.session.address.client_id
        if snapshot.whole:
            self._whole_due_ns = began_ns + int(self._config.reconcile_whole_s * 1e9)
        self._looked_ns = snapshot.broker_time_ns
        self.absences = outcome.absences
        self._look_again = outcome.again
        self._trader.holdings.listed(snapshot.positions)
        used = highest_order_id(snapshot, client_id)
        self._trader.used_order_id = max(self._trader.used_order_id, used)
        self._trader.protector.learn_foreign(snapshot.open_orders, ledger.orders, client_id)
        recovered = sum(isinstance(record, ExecutionRecorded) for record in outcome.records)
        self.executions_recovered += recovered
        done = ReconciliationDone(
            at_ns=now,
            trigger=trigger,
            positions=len(snapshot.positions),
            open_orders=len(snapshot.open_orders),
            executions_recovered=recovered,
            findings=len(outcome.findings),
            duration_ns=self._books.monotonic_ns() - began_ns,
        )
        self._trader.reconciled = True
        cut_off = amendments(ledger, snapshot)
        self._trader.commit((*outcome.records, done))
        self._tell_unexplained()
        again = amendments(ledger, snapshot).also_in(cut_off)
        sends: list[Send] = [
            *(SendCancel(cancel.order_ref, cancel.order_id) for cancel in outcome.cancels),
            *(SendCancel(ref, order_id) for ref, order_id in again.cancel),
            *(SendModify(ref) for ref in again.modify),
        ]
        if sends:
            self._trader.outbox.put(self._books.commit(()), sends)
        if first_line or outcome.findings:
            self.report = tuple(line for line in (first_line, *outcome.report) if line)
            alarms = {finding.line for finding in outcome.findings if finding.critical}
            for line in self.report:
                self._note(line, Severity.CRITICAL if line in alarms else Severity.INFO)

    def _tell_unexplained(self) -> None:
        """Alarm once about every holding that no order of ours explains."""
        lines = unexplained(self._books.ledger)
        for line in lines:
            if line not in self._unexplained:
                self._note(line, Severity.CRITICAL)
        self._unexplained = lines

    def _to_unknown(
        self,
        wanted: Callable[[OrderState, int], bool],
        reason: str,
        only: set[OrderRef] | None = None,
    ) -> None:
        now = self._trader.now_ns()
        records: list[AnyRecord] = [
            OrderStateChanged(
                at_ns=now,
                order_ref=entry.order.order_ref,
                state=OrderState.UNKNOWN,
                reason=reason,
            )
            for entry in self._books.ledger.open_orders()
            if wanted(entry.state, entry.intent.epoch)
            and (only is None or entry.order.order_ref in only)
        ]
        if records and not self._trader.loaded:
            self._books.commit(records)  # before its state is loaded the strategy hears nothing
        elif records:
            self._trader.commit(records)

    def _interval_s(self) -> float:
        unsure = any(
            entry.state is OrderState.UNKNOWN for entry in self._books.ledger.open_orders()
        )
        wait = self._config.reconcile_interval_s
        if unsure:
            policy = self._config.policy
            wait = min(wait, max(0.05, policy.absent_after_s / policy.absent_snapshots))
        again = (cancel_not_before_ns(entry) for entry in self._books.ledger.open_orders())
        due = min((at_ns for at_ns in again if at_ns > self._looked_ns), default=None)
        if due is not None:
            # At least a second: while the bot is not ready a look is not taken, and stays due.
            wait = min(wait, max(_LOOK_AGAIN_S, (due - self._trader.now_ns()) / 1e9))
        return min(wait, _LOOK_AGAIN_S) if self._look_again else wait

    def _want_streams(self) -> None:
        self._streams.want(self._trader.contracts())
