"""The trader: evidence in, turns of the strategy, decisions out, all in one transaction.

For each piece of evidence, in the order IB sent it: write down what it means, let the
strategy react, check the protection of what is held, save the strategy's state, commit all
of it at once, and hand what is to be sent to the outbox.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from ibelay.errors import LinkError
from ibelay.journal.ledger import Ledger
from ibelay.journal.records import (
    AnyRecord,
    IncidentNoted,
    Severity,
)
from ibelay.model.contract import Contract
from ibelay.model.events import BrokerEvent, NoticeSeen, PositionSeen, QuoteSeen
from ibelay.model.market import Bar, Quote
from ibelay.reconcile.intake import ID_IN_USE, take
from ibelay.reconcile.scope import is_own
from ibelay.runtime.alarm import Alarm
from ibelay.runtime.config import BotConfig
from ibelay.runtime.link.session import Session
from ibelay.runtime.strategy import AnyStrategy
from ibelay.runtime.trading.books import Books, Transaction
from ibelay.runtime.trading.holdings import Holdings
from ibelay.runtime.trading.memory import StrategyMemory
from ibelay.runtime.trading.outbox import Outbox, Send
from ibelay.runtime.trading.protection import Protector
from ibelay.runtime.trading.telling import Handler, Telling
from ibelay.runtime.trading.turn import Facts, TurnDesk
from ibelay.runtime.when import session_date

_T = TypeVar("_T")

log = logging.getLogger("ibelay.trader")

_FAILURES_MAX = 5


class Trader:
    """One strategy over one set of books.

    Args:
        config: The bot's settings.
        books: Ledger and journal.
        strategy: Whose turns these are.
        session: For time, reachability and the next order id.
        doubted: Called with a reason when only a snapshot can tell.
        note: Takes lines for people: fills, and what the strategy notes.
        failing: Called once with the reason when turn after turn fails.
    """

    def __init__(
        self,
        config: BotConfig,
        books: Books,
        strategy: AnyStrategy,
        session: Session,
        doubted: Callable[[str], None],
        note: Callable[[str, Severity], None],
        failing: Callable[[str], None],
    ) -> None:
        self.config = config
        self.books = books
        self.strategy = strategy
        self.memory = StrategyMemory(strategy)
        self.telling = Telling(strategy, self.memory, books.ledger, note)
        self.session = session
        self.protector = Protector(books)
        self.duties = Alarm()  # rung when something was put off or became owed
        self.outbox = Outbox(
            books,
            session,
            account=config.account,
            entries_refused=self.cannot_enter,
            changed=self.react,
            sent=self.duties.ring,
        )
        self.quotes: dict[int, Quote] = {}
        self.last_check_ns: int | None = None
        self.account = config.account  # known for certain from the first synchronisation on
        self.loaded = False
        self.accepting = True
        self.reconciled = False
        self.used_order_id = 0  # the highest that the broker has shown in use
        self._doubted = doubted
        self._note = note
        self._failing = failing
        self._failures = 0
        self._early: list[BrokerEvent] = []
        self._turned = asyncio.Event()
        self.holdings = Holdings(books.ledger, config.policy)

    # -- evidence ------------------------------------------------------------------------

    def broker_event(self, event: BrokerEvent) -> None:
        """Take one event; before the strategy's state is loaded it waits its turn."""
        if isinstance(event, QuoteSeen):
            self.quotes[event.con_id] = event.quote
            return
        if not self.loaded:
            self._early.append(event)
            return
        if not is_own(event, self.account):
            return
        if isinstance(event, PositionSeen):
            self.holdings.told(event.position, self.books.monotonic_ns())
            if self.holdings.due_ns() is not None:
                self.duties.ring()
            return
        if isinstance(event, NoticeSeen) and event.code == ID_IN_USE:
            self._ask_order_id()
        taken = take(
            self.books.ledger,
            event,
            bot=self.config.name,
            client_id=self.session.config.address.client_id,
            now_ns=self.now_ns(),
        )
        if taken.records:
            self.commit(taken.records)
        if taken.doubt:
            self._doubted(taken.doubt)

    def _ask_order_id(self) -> None:
        """Let the gateway say from where on order ids are free, before the next order takes one."""
        link = self.session.reachable
        if link is None:
            return
        try:
            link.ask_order_id()
        except LinkError:
            return  # the next link says it by itself

    def bars(self, contract: Contract, bars: Sequence[Bar]) -> None:
        """Give the strategy *bars* of *contract*, oldest first, each a turn of its own."""
        for bar in bars:
            if bar.at_ns <= self.memory.last_bars.get(contract.symbol, 0):
                continue
            self.memory.last_bars[contract.symbol] = bar.at_ns
            self.last_check_ns = self.books.wall_ns()
            if self.memory.state is not None and self.accepting:
                self._roll_over()
                self._turn((), [self.telling.bar(contract, bar)])

    def commit(self, records: Sequence[AnyRecord]) -> None:
        """Commit *records* together with the strategy's reaction to them."""
        self._turn(records, self.telling.of(records))

    def react(self, records: Sequence[AnyRecord]) -> None:
        """Let the strategy react to *records* that are committed already."""
        self._turn((), self.telling.of_committed(records), tend=True)

    def tend(self) -> None:
        """Do what protection put off, if its time has come; nothing else may happen till then."""
        if self.protector.waits:
            self._turn((), [], tend=True)

    async def close_everything(self, reason: str) -> None:
        """Close every unit at market and return when nothing is held or works any more."""
        desk = TurnDesk(self._facts())
        units = [view.unit for view in desk.units()]

        def close(desk: TurnDesk) -> None:
            for unit in units:
                desk.close(unit, reason=reason)

        self._turn((), [close])
        while TurnDesk(self._facts()).units():
            self._turned.clear()
            await self._turned.wait()

    # -- the strategy's state ------------------------------------------------------------

    def load(self) -> str:
        """Load the strategy's state for today's session; return a line for the report."""
        if self.loaded:
            return ""
        line = self._outside_turns(
            "to take up its state",
            lambda: self.memory.load(self.books.ledger, self.today()),
            "The strategy has no state: fills are booked and exits are managed without it",
        )
        self.loaded = True
        early, self._early = self._early, []
        for event in early:
            self.broker_event(event)
        return line

    def save(self) -> None:
        """Commit the strategy's state if anything of it is not yet saved."""
        transaction = self.books.begin()
        self._save_state(transaction, must=True)
        if transaction.records:
            transaction.commit()

    def _roll_over(self) -> None:
        line = self._outside_turns(
            "to carry its state over midnight", lambda: self.memory.roll_over(self.today()), ""
        )
        if line:
            self._note(line, Severity.INFO)

    def contracts(self) -> tuple[Contract, ...]:
        """Return what the strategy wants to see; nothing before its state is loaded."""
        state = self.memory.state
        if state is None:
            return ()
        return self._outside_turns(
            "to name its contracts", lambda: tuple(self.strategy.contracts(state)), ()
        )

    def _outside_turns(self, task: str, call: Callable[[], _T], otherwise: _T) -> _T:
        """Return what the strategy answers outside a turn; a bug there stops entries, no more."""
        try:
            return call()
        except Exception as error:  # as in a turn: a strategy's bug must not end the bot
            log.exception("strategy_failed")
            self._failing(f"strategy {self.strategy.name} failed {task}: {error!r}")
            return otherwise

    # -- one turn ------------------------------------------------------------------------

    def _turn(
        self, records: Sequence[AnyRecord], handlers: Sequence[Handler], *, tend: bool = False
    ) -> None:
        transaction = self.books.begin()
        sends: list[Send] = []
        transaction.add(records)
        for handler in handlers:
            self._run(handler, transaction, sends)
        if records or handlers or tend:
            self._guard(transaction, sends)
        self._save_state(transaction, must=bool(transaction.records))
        self._turned.set()
        for record in transaction.records:
            if isinstance(record, IncidentNoted):
                self._note(record.text, record.severity)
        if not transaction.records:
            return
        durable = transaction.commit()
        if sends:
            self.outbox.put(durable, sends)

    def _run(self, handler: Handler, transaction: Transaction, sends: list[Send]) -> None:
        desk = TurnDesk(self._facts())
        before = self.memory.body()
        try:
            handler(desk)
        except Exception as error:  # the one place: a strategy's bug costs it this turn only
            log.exception("strategy_failed")
            self.memory.restore(before)
            text = f"strategy {self.strategy.name} failed, its turn is dropped: {error!r}"
            transaction.add([self._incident(Severity.CRITICAL, text)])
            self._failures += 1
            if self._failures == _FAILURES_MAX:
                self._failing(f"strategy {self.strategy.name} fails in every turn: {error!r}")
            return
        self._failures = 0
        transaction.add(desk.decisions.records)
        sends.extend(desk.decisions.sends)

    def _guard(self, transaction: Transaction, sends: list[Send]) -> None:
        """Protect what is held and finish closing what is to be closed."""
        waited = self.protector.waits
        for _ in range(2):  # what protection decides to close may be closed at once
            desk = TurnDesk(self._facts())
            self.protector.check(desk, act=self._may_protect())
            transaction.add(desk.decisions.records)
            sends.extend(desk.decisions.sends)
            if not desk.decisions.closing:
                break
        if self.protector.waits and not waited:
            self.duties.ring()

    def _may_protect(self) -> bool:
        # Before the books are reconciled with this link's snapshot they may speak of what
        # was closed long ago; a stop for it would open a position.
        return self.reconciled and self.session.reachable is not None

    def _save_state(self, transaction: Transaction, *, must: bool) -> None:
        record = self.memory.record(
            at_ns=self.now_ns(), mono_ns=self.books.monotonic_ns(), must=must
        )
        if record is not None:
            transaction.add([record])

    # -- facts ---------------------------------------------------------------------------

    def now_ns(self) -> int:
        """Return broker time, or wall time before the broker's first answer."""
        return self.session.broker_now_ns() or self.books.wall_ns()

    def today(self) -> str:
        """Return the US/Eastern session date."""
        return session_date(self.now_ns())

    def cannot_enter(self) -> str:
        """Return why no entry may be sent now, or an empty string (I5)."""
        safe_mode = self.books.ledger.safe_mode
        if safe_mode is not None:
            return f"safe mode: {safe_mode.reason}"
        if not self.accepting:
            return "shutting down"
        if self.memory.state is None:
            return "the strategy has no state" if self.loaded else "its state is not loaded yet"
        if not self.session.ready:
            return f"not ready: {self.session.value.reason or self.session.value.state}"
        return ""

    def waits_for(self) -> str:
        """Return what the strategy waits for, in its own words.

        This is asked for the page, outside any turn: a bug in the answer must not end a bot
        that holds positions.
        """
        if self.memory.state is None:
            return ""
        try:
            return self.strategy.why_not_trading(self.memory.state)
        except Exception as error:  # noqa: BLE001  # it is said where the answer would stand
            return f"strategy {self.strategy.name} cannot say what it waits for: {error!r}"

    def _facts(self) -> Facts:
        ledger: Ledger = self.books.ledger
        link = self.session.link
        offered = link.next_order_id if link is not None else 1
        now_ns = self.now_ns()
        return Facts(
            bot=self.config.name,
            ledger=ledger,
            now_ns=now_ns,
            session_date=session_date(now_ns),
            cannot_enter=self.cannot_enter(),
            quotes=self.quotes,
            next_order_id=max(ledger.high_order_id + 1, self.used_order_id + 1, int(offered)),
            next_unit=ledger.next_unit_number,
            max_quantity=self.config.max_quantity,
            wall_ns=self.books.wall_ns(),
        )

    def _incident(self, severity: Severity, text: str) -> IncidentNoted:
        return IncidentNoted(at_ns=self.books.wall_ns(), severity=severity, text=text)
