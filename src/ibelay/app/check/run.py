"""Runs a check from connection to clean-up.

Rules:
1. A step without an answer within its time is a FAIL with what to check; steps that need it
   are skipped.
2. Whatever was placed is cancelled, and whatever was traded is closed, at the end: after a
   failure, a lost link (over a new one) and Ctrl-C too. The clean-up is a step like others.
3. A gateway that is not there, or an account that may not be used, is no table: it is one
   sentence.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from rich.console import Console

from ibelay.app.check.course import Course, Step
from ibelay.app.check.desk import Desk
from ibelay.app.check.drafts import Drafts
from ibelay.app.check.options import CheckOptions, refuse_live
from ibelay.app.check.report import Outcome, Row, all_passed, show
from ibelay.app.clock import SystemClock
from ibelay.errors import IbelayError, LinkError, SyncIncompleteError
from ibelay.ib.connector import IbConnector
from ibelay.ports.broker import BrokerConnector
from ibelay.ports.clock import Clock

_CONNECT_TARGET_MS = 500
# One each for asking, connecting, asking again, cancelling, asking once more, and the closing
# order.
_CLEAN_UP_TIMEOUTS = 6
_NS = 1_000_000_000
FAILED = 1


def run_check(options: CheckOptions) -> int:
    """Check the order path; return 0 only if every step passed.

    Raises:
        ConfigurationError: The account may not be used.
        LinkError: There is no usable gateway.
        KeyboardInterrupt: The check was interrupted; it has cleaned up.
    """
    clock = SystemClock()
    check = Check(options, IbConnector(clock), clock)
    try:
        with _interruptible():
            asyncio.run(check.run())
    finally:
        if check.rows:
            show(Console(), check.rows)
    return 0 if all_passed(check.rows) else FAILED


class Check:
    """One check; ``rows`` grows as it goes.

    Args:
        options: What to check.
        connector: Opens links.
        clock: Times the steps; its wall time numbers the run.
    """

    def __init__(self, options: CheckOptions, connector: BrokerConnector, clock: Clock) -> None:
        self.rows: list[Row] = []
        self._options = options
        self._connector = connector
        self._clock = clock
        self._desk = Desk(options.address.client_id)

    async def run(self) -> None:
        """Go through the steps and clean up."""
        options = self._options
        began_ns = self._clock.monotonic_ns()
        accounts = await self._connect()
        try:
            refuse_live(accounts, options)
            self.rows.append(
                Row(
                    name="connection",
                    outcome=Outcome.PASS,
                    took_ns=self._clock.monotonic_ns() - began_ns,
                    target_ms=_CONNECT_TARGET_MS,
                    detail=f"{options.host}:{options.port}, account {accounts[0]}",
                )
            )
            drafts = Drafts(self._clock.wall_ns() // _NS, options.quantity)
            course = Course(options, self._desk, account=accounts[0], drafts=drafts)
            try:
                await self._walk(course)
            finally:
                if self._desk.tickets:
                    await self._clean_up(course)
        finally:
            await self._leave()

    async def _walk(self, course: Course) -> None:
        passed: set[str] = set()
        for step in course.steps():
            missing = [name for name in step.needs if name not in passed]
            if missing:
                detail = f"needs '{missing[0]}'"
                self.rows.append(Row(name=step.name, outcome=Outcome.SKIP, detail=detail))
                continue
            if await self._timed(step, self._options.timeout_s):
                passed.add(step.name)

    async def _timed(self, step: Step, limit_s: float) -> bool:
        """Run one step, write its row, and return whether it passed (rule 1)."""
        began_ns = self._clock.monotonic_ns()
        outcome = Outcome.FAIL
        detail = "interrupted"
        try:
            async with asyncio.timeout(limit_s):
                detail = await step.run()
            outcome = Outcome.PASS
        except TimeoutError:
            detail = f"no answer within {limit_s:g} s; {step.hint}{self._desk.last_words()}"
        except IbelayError as error:
            detail = str(error)
        finally:
            self.rows.append(
                Row(
                    name=step.name,
                    outcome=outcome,
                    took_ns=self._clock.monotonic_ns() - began_ns,
                    target_ms=step.target_ms,
                    detail=detail,
                )
            )
        return outcome is Outcome.PASS

    async def _connect(self) -> tuple[str, ...]:
        link = await self._connector.open(
            self._options.address, self._desk.hear, timeout_s=self._options.timeout_s
        )
        self._desk.attach(link)
        return link.accounts

    async def _leave(self) -> None:
        with suppress(LinkError):
            link = self._desk.link
            link.abort()
            await link.closed()

    async def _clean_up(self, course: Course) -> None:
        """Leave nothing of the check behind, or say what may be left (rule 2)."""
        hint = "look in TWS for orders whose reference begins with 'check:', and at the position"
        step = Step(name="clean-up", run=lambda: self._cleared(course), hint=hint)
        if not await self._timed(step, _CLEAN_UP_TIMEOUTS * self._options.timeout_s):
            last = self.rows[-1]
            self.rows[-1] = replace(last, detail=f"{last.detail}; {hint}")

    async def _cleared(self, course: Course) -> str:
        try:
            await self._learn()
        except LinkError:
            await self._leave()
            await self._connect()
            await self._learn()
        await self._cancelled()
        if any(not ticket.over for ticket in self._desk.tickets.values()):
            await self._learn()
        left = [one for one in self._desk.tickets.values() if not one.over]
        if left:
            # Not flattened either: an exit that may still work would trade twice.
            names = ", ".join(one.order.order_ref for one in left)
            raise SyncIncompleteError(f"the broker never said what became of {names}")
        return f"no order of the check works; {await course.flatten()}"

    async def _cancelled(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._options.timeout_s):
                await self._desk.cancel(*self._desk.tickets.values())

    async def _learn(self) -> None:
        self._desk.learn(await self._desk.link.snapshot(self._options.timeout_s))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM both cancel the check, which then cleans up.

    asyncio cancels its main task on SIGINT only where Python's own handler is in place, and a
    shell's background job begins without it.
    """
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGTERM: signal.signal(
            signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT)
        ),
    }
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
