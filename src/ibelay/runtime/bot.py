"""One bot: session, trader, streams and recovery on one event loop.

This is the composition of the runtime's parts and the listener of its session; it decides
nothing about orders itself.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import msgspec

from ibelay.errors import ConfigurationError, LinkError
from ibelay.journal.ledger import Ledger
from ibelay.journal.records import (
    EpochStarted,
    IncidentNoted,
    LinkDown,
    LinkUp,
    SafeModeCleared,
    SafeModeEntered,
    Severity,
    WatchListChanged,
)
from ibelay.machines.bar_line import BAR_NS
from ibelay.machines.link_events import LinkState
from ibelay.model.contract import Contract
from ibelay.model.events import (
    BarSeen,
    BrokerEvent,
    LinkClosed,
    NoticeSeen,
    QuoteSeen,
)
from ibelay.model.ids import Epoch, first_epoch
from ibelay.ports.broker import BrokerConnector, BrokerLink
from ibelay.ports.clock import Clock
from ibelay.ports.control import (
    AddSymbol,
    AnyCommand,
    BotStatus,
    ClearSafeMode,
    Reconnect,
    RemoveSymbol,
    Shutdown,
)
from ibelay.ports.journal import Journal
from ibelay.reconcile.scope import account_of
from ibelay.runtime.config import BotConfig
from ibelay.runtime.ending.closing import Closing
from ibelay.runtime.link.session import Session
from ibelay.runtime.recovery import Recovery
from ibelay.runtime.showing.away import AwayAlarm
from ibelay.runtime.showing.chronicle import Chronicle
from ibelay.runtime.showing.status import status_record
from ibelay.runtime.strategy import AnyStrategy
from ibelay.runtime.streaming.streams import Streams
from ibelay.runtime.trading.books import Books
from ibelay.runtime.trading.trader import Trader

_SWEEP_S = 0.25  # while protection waits to try again, by the broker's clock
SAFE_MODE_CHECKS = (
    "IB Gateway or TWS is running and logged in",
    "the API is enabled and the port is the configured one",
    "the network between this machine and the gateway works",
    "the credentials are valid and no second factor is waiting",
    "the account is open, funded and not locked",
)


class Bot:
    """A strategy with everything that keeps it alive.

    Args:
        config: Settings.
        strategy: What trades.
        ledger: The fold of the journal so far.
        journal: Where records go.
        connector: Makes links to the broker.
        clock: Both clocks.
        chance: Seeded source of jitter.
    """

    def __init__(
        self,
        config: BotConfig,
        *,
        strategy: AnyStrategy,
        ledger: Ledger,
        journal: Journal,
        connector: BrokerConnector,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self.config = config
        self._clock = clock
        self.chronicle = Chronicle(clock)
        self.books = Books(ledger, journal, clock)
        self.session = Session(
            config.session, connector=connector, clock=clock, chance=chance, listener=self
        )
        self.trader = Trader(
            config,
            self.books,
            strategy,
            self.session,
            self._doubted,
            self.chronicle.note,
            self._strategy_failing,
        )
        self.streams = Streams(
            clock,
            market_ns=self.trader.now_ns,
            deliver=self.trader.bars,
            note=self.chronicle.note,
        )
        self.recovery = Recovery(
            config, self.books, self.trader, self.session, self.streams, self.chronicle.note
        )
        self._closing = Closing(
            config,
            trader=self.trader,
            session=self.session,
            books=self.books,
            chronicle=self.chronicle,
            clock=clock,
        )
        self._alarm = AwayAlarm(self.session, clock, self._note)
        self._stopping = asyncio.Event()
        self._broken = asyncio.Event()
        self._failure: BaseException | None = None
        self._stop_reason = ""

    # -- life ----------------------------------------------------------------------------

    async def run(self) -> None:
        """Trade until :meth:`stop` is called, then shut down in six steps."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._loop_failed)
        self.books.on_failure(lambda error: loop.call_soon_threadsafe(self._fail, error))
        self._take_over()
        async with asyncio.TaskGroup() as tasks:
            parked = self.books.ledger.safe_mode
            connection_gave_up = parked is not None and parked.attempts > 0
            session = tasks.create_task(
                self.session.run(
                    safe_mode_reason=parked.reason if parked and connection_gave_up else ""
                )
            )
            workers = [
                tasks.create_task(work)
                for work in (
                    self.trader.outbox.run(),
                    self.recovery.run(),
                    self.streams.run(),
                    self._sweep(),
                    self._end_if_broken(),
                )
            ]
            await self._stopping.wait()
            await self._closing.run(self._stop_reason, session, workers)

    def stop(self, reason: str) -> None:
        """Begin the graceful shutdown; :meth:`run` returns when it is done."""
        if not self._stopping.is_set():
            self._stop_reason = reason
            self._stopping.set()

    def status(self) -> BotStatus:
        """Return the whole status."""
        return status_record(
            self.trader, self.session, self.streams, self.recovery, self.chronicle, self._clock
        )

    def command(self, text: bytes) -> None:
        """Obey a command from the supervisor (JSON of ``ports.control``)."""
        try:
            asked: AnyCommand = msgspec.json.decode(text, type=AnyCommand)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            self._note(f"a command could not be understood: {error}", Severity.WARNING)
            return
        match asked:
            case AddSymbol(symbol=symbol, by=by):
                self._watch([*self._watched(), symbol], by)
            case RemoveSymbol(symbol=symbol, by=by):
                self._watch([s for s in self._watched() if s != symbol], by)
            case ClearSafeMode(cause=cause, by=by):
                self._clear_safe_mode(by, cause)
            case Reconnect(by=by):
                self.chronicle.note(f"reconnect asked for by {by}")
                self.session.reconnect(f"asked for by {by}")
            case Shutdown(reason=reason, by=by):
                self.stop(f"{reason} ({by})")

    # -- the session's listener ------------------------------------------------------------

    async def synchronise(self, link: BrokerLink, *, data_lost: bool) -> None:
        """Recover over *link*."""
        self.streams.want([Contract(symbol=symbol) for symbol in self._watched()])
        self._settle_account(link)
        await self.recovery.synchronise(link, data_lost=data_lost)

    def broker_event(self, event: BrokerEvent) -> None:
        """Pass evidence on to who keeps it."""
        match event:
            case BarSeen(bar=bar):
                self.session.learn_time(bar.at_ns + BAR_NS)
                self.streams.take(event)
            case QuoteSeen(con_id=con_id):
                self.streams.quoted(con_id)
                self.trader.broker_event(event)
            case NoticeSeen():
                self.streams.notice(event)
                self.trader.broker_event(event)
            case LinkClosed(reason=reason, unreadable=True):
                self.chronicle.alarm(
                    "unreadable",
                    f"{reason}; the link is opened anew each time it comes: compare the gateway's "
                    "version with those this ibelay knows, and install the one that fits",
                )
            case _:
                self.trader.broker_event(event)

    def state_changed(self, before: LinkState, after: LinkState, reason: str) -> None:
        """Journal outages and tell recovery what a lost link means."""
        outage_ns = self.chronicle.state_changed(before, after, reason)
        self.streams.attend(self.session.link if after is LinkState.READY else None)
        if before is LinkState.READY and after is not LinkState.STOPPED:
            self.books.commit((LinkDown(at_ns=self.books.wall_ns(), cause=reason),))
            self._note(f"not ready: {reason}", Severity.WARNING)
        if after is LinkState.READY:
            self._alarm.back()
        else:
            self.trader.reconciled = False
            self._alarm.away()
        self.trader.duties.ring()
        if after in {LinkState.DOWN, LinkState.ISOLATED, LinkState.SAFE_MODE}:
            self.recovery.outage_began()
        if after is LinkState.DOWN:
            self.recovery.link_lost()
            retry = self.session.value
            wait = max(0, (retry.retry_at_ns or 0) - self._clock.monotonic_ns()) / 1e9
            address = self.config.session.address
            self.chronicle.note(
                f"attempt {retry.attempts + 1} to reach {address.host}:{address.port} "
                f"in {wait:.2f} s ({reason.partition(';')[0]})"
            )
        if outage_ns is not None:
            up = LinkUp(
                at_ns=self.books.wall_ns(),
                outage_ns=outage_ns,
                attempts=self.session.value.attempts,
            )
            self.books.commit((up,))
            self.chronicle.note(f"READY after {outage_ns / 1e9:.3f} s")

    def safe_mode_raised(self, reason: str, attempts: int) -> None:
        """Journal safe mode and say what to check."""
        self._enter_safe_mode(reason, attempts)

    def _settle_account(self, link: BrokerLink) -> None:
        """Find the account to trade; reconcile and trade nothing over a login without it."""
        known = self.trader.account or self.config.account
        try:
            self.trader.account = account_of(known, link.accounts)
        except LinkError as error:
            if self.books.ledger.safe_mode is None:
                self._enter_safe_mode(str(error), 0)
            raise
        except ConfigurationError as error:
            self.chronicle.note(str(error), Severity.CRITICAL)
            raise

    # -- parts -----------------------------------------------------------------------------

    def _take_over(self) -> None:
        ledger = self.books.ledger
        now = self.books.wall_ns()
        epoch = Epoch(ledger.epoch + 1) if ledger.epoch else first_epoch(now)
        self.books.commit((EpochStarted(at_ns=now, epoch=epoch, bot=self.config.name),))
        self.recovery.take_over()
        self.chronicle.note(f"{self.config.name} starts, epoch {ledger.epoch}")
        if self.config.safe_mode_reason and ledger.safe_mode is None:
            self._enter_safe_mode(self.config.safe_mode_reason, 0)

    def _fail(self, error: BaseException) -> None:
        """End the process: a store that cannot be written, or a bug, must not go on trading."""
        if self._failure is None:
            self._failure = error
            self.chronicle.note(f"the bot ends: {error}", Severity.CRITICAL)
            self._broken.set()

    def _loop_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take an exception that a callback let escape, wherever in the loop, as a failure."""
        error = context.get("exception")
        loop.default_exception_handler(context)
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self._fail(error)

    async def _end_if_broken(self) -> None:
        await self._broken.wait()
        if self._failure is not None:
            raise self._failure

    async def _sweep(self) -> None:
        """Do what time asks for: give up waiting for answers, and what protection put off."""
        while True:
            await self.trader.duties.wait(self._until_next_duty_s())
            self.recovery.overdue()
            self.trader.tend()
            if self.session.ready:
                for doubt in self.trader.holdings.doubts(self._clock.monotonic_ns()):
                    self._doubted(doubt)
            self._alarm.tell()

    def _until_next_duty_s(self) -> float | None:
        if self.trader.protector.waits:
            return _SWEEP_S
        limit_ns = int(self.config.ack_timeout_s * 1e9)
        due = [self.trader.outbox.overdue_ns(limit_ns), self._alarm.due_ns()]
        if self.session.ready:
            due.append(self.trader.holdings.due_ns())
        known = [one for one in due if one is not None]
        return (min(known) - self._clock.monotonic_ns()) / 1e9 if known else None

    def _enter_safe_mode(self, reason: str, attempts: int) -> None:
        record = SafeModeEntered(
            at_ns=self.books.wall_ns(), reason=reason, attempts=attempts, checks=SAFE_MODE_CHECKS
        )
        self.books.commit((record,))
        self._note(f"SAFE MODE after {attempts} attempts: {reason}", Severity.CRITICAL)
        for number, check in enumerate(SAFE_MODE_CHECKS, start=1):
            self.chronicle.note(f"  {number}. check that {check}")

    def _clear_safe_mode(self, by: str, cause: str) -> None:
        if self.books.ledger.safe_mode is None:
            self.chronicle.note(f"{by} cleared safe mode, but the bot was not in it")
            return
        record = SafeModeCleared(at_ns=self.books.wall_ns(), by=by, cause=cause)
        self.books.commit((record,))
        self.chronicle.note(f"safe mode cleared by {by}: {cause}")
        self.session.clear_safe_mode()

    def _watched(self) -> list[str]:
        kept = self.books.ledger.watch_list
        return list(self.config.watch_list if kept is None else kept)

    def _watch(self, symbols: list[str], by: str) -> None:
        unique = tuple(dict.fromkeys(symbols))
        before = self._watched()
        self.books.commit((WatchListChanged(at_ns=self.books.wall_ns(), symbols=unique, by=by),))
        self.chronicle.note(f"watch list changed by {by}: {', '.join(unique) or 'empty'}")
        link = self.session.link
        for symbol in before:
            if symbol not in unique and symbol not in self._traded():
                self.streams.drop(symbol, link)
        added = [Contract(symbol=symbol) for symbol in unique if symbol not in before]
        self.streams.want(added)

    def _traded(self) -> set[str]:
        return {contract.symbol for contract in self.trader.contracts()}

    def _strategy_failing(self, reason: str) -> None:
        """Stop entries until a person has looked; called within a turn, so it acts after it."""
        asyncio.get_running_loop().call_soon(self._stop_entries, reason)

    def _stop_entries(self, reason: str) -> None:
        if self.books.ledger.safe_mode is None:
            self._enter_safe_mode(reason, 0)
        else:
            self._note(reason, Severity.CRITICAL)

    def _doubted(self, reason: str) -> None:
        self.recovery.doubted(reason)

    def _note(self, text: str, severity: Severity) -> None:
        """Write a line for people into the chronicle and the journal."""
        self.chronicle.note(text, severity)
        self.books.commit(
            (IncidentNoted(at_ns=self.books.wall_ns(), severity=severity, text=text),)
        )
