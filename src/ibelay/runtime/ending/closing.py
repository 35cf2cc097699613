"""The end of a bot that was asked to stop: G1's six steps, and what is written about them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ibelay.journal.records import ShutdownCompleted
from ibelay.ports.clock import Clock
from ibelay.runtime.config import BotConfig
from ibelay.runtime.ending.shutdown import Step, StepDone, run_steps
from ibelay.runtime.link.session import Session
from ibelay.runtime.showing.chronicle import Chronicle
from ibelay.runtime.trading.books import Books
from ibelay.runtime.trading.trader import Trader


class Closing:
    """Ends one bot.

    Args:
        config: Limits, and what becomes of positions.
        trader: Stops deciding.
        session: Stops last but one.
        books: Get the last record.
        chronicle: Is told each step.
        clock: Monotonic time.
    """

    def __init__(
        self,
        config: BotConfig,
        *,
        trader: Trader,
        session: Session,
        books: Books,
        chronicle: Chronicle,
        clock: Clock,
    ) -> None:
        self._config = config
        self._trader = trader
        self._session = session
        self._books = books
        self._chronicle = chronicle
        self._clock = clock

    async def run(
        self, reason: str, session: asyncio.Task[None], workers: Sequence[asyncio.Task[None]]
    ) -> None:
        """Do the six steps, for *reason*, and end the tasks."""
        began = self._clock.monotonic_ns()
        total = self._config.shutdown_timeout_s

        async def stop_accepting() -> None:
            self._trader.accepting = False

        async def cancel_tasks() -> None:
            await self._trader.outbox.drained()

        async def handle_positions() -> None:
            if self._config.close_on_shutdown:
                await self._trader.close_everything(reason)

        async def persist() -> None:
            self._trader.save()
            await asyncio.wrap_future(self._books.commit(()))

        async def close_connections() -> None:
            self._session.stop()
            await session

        async def shut_bus() -> None:
            for worker in workers:
                worker.cancel()

        steps = [
            Step("stop accepting new setups", 1.0, stop_accepting),
            Step("finish running tasks", 5.0, cancel_tasks),
            Step("handle open positions", total, handle_positions),
            Step("persist the final state", 5.0, persist),
            Step("close connections", 5.0, close_connections),
            Step("shut the event bus", 1.0, shut_bus),
        ]
        done = await run_steps(steps, total_s=total, clock=self._clock, report=self._report)
        for task in (*workers, session):
            task.cancel()
        record = ShutdownCompleted(
            at_ns=self._books.wall_ns(),
            reason=reason,
            duration_ns=self._clock.monotonic_ns() - began,
            overran=tuple(step.name for step in done if step.problem),
        )
        await asyncio.wrap_future(self._books.commit((record,)))
        self._chronicle.note(f"shutdown complete in {record.duration_ns / 1e9:.2f} s")

    def _report(self, step: StepDone) -> None:
        outcome = step.problem or f"{step.duration_ns / 1e6:.0f} ms"
        self._chronicle.note(f"shutdown {step.number}/6: {step.name}: {outcome}")
