"""The strategy's durable state: loaded, handed to turns, rolled over at midnight, saved.

Rules:
1. A turn that decides or books something saves the state in the same transaction.
2. A turn that only saw a bar may be saved later, at most ``LAG_NS`` of real time: the record
   also says which bars the state has seen, so after a crash exactly the missing ones are
   fetched and given again. What was never decided is decided the same way again.
3. A state belongs to a US/Eastern session date; another date's is carried over (S4), also in
   a process that lives through midnight.
"""

from __future__ import annotations

import msgspec

from ibelay.journal.ledger import Ledger
from ibelay.journal.records import StrategyStateSaved
from ibelay.runtime.strategy import AnyStrategy

LAG_NS = 10_000_000_000


class StrategyMemory:
    """One strategy's state.

    Args:
        strategy: Whose it is.
    """

    def __init__(self, strategy: AnyStrategy) -> None:
        self.strategy = strategy
        self.state: msgspec.Struct | None = None
        self.last_bars: dict[str, int] = {}
        self.session = ""
        self._saved = b""
        self._saved_mono_ns = 0

    def load(self, ledger: Ledger, today: str) -> str:
        """Take up the saved state, or begin; return a line for the recovery report."""
        saved = ledger.strategy_states.get(self.strategy.name)
        self.session = today
        if saved is None:
            self.state = self.strategy.initial_state(today)
            return "No previous state found (clean start)"
        state = msgspec.json.decode(bytes(saved.body), type=self.strategy.state_type)
        self.last_bars = dict(saved.last_bars)
        if saved.session_date == today:
            self.state = state
            return f"Strategy state of today's session {today} restored"
        self.state = self.strategy.carry_over(state, today)
        return _carried(saved.session_date, today)

    def roll_over(self, today: str) -> str:
        """Carry the state over if *today* is another session; return a line if it was."""
        if self.state is None or today == self.session:
            return ""
        before, self.session = self.session, today
        self.state = self.strategy.carry_over(self.state, today)
        return _carried(before, today)

    def body(self) -> bytes:
        """Return the state as JSON; empty before it is loaded."""
        return b"" if self.state is None else msgspec.json.encode(self.state)

    def restore(self, body: bytes) -> None:
        """Go back to the state *body* holds."""
        if body:
            self.state = msgspec.json.decode(body, type=self.strategy.state_type)

    def record(self, *, at_ns: int, mono_ns: int, must: bool) -> StrategyStateSaved | None:
        """Return what has to be saved now, or None.

        Args:
            at_ns: Broker time for the record.
            mono_ns: Monotonic time.
            must: Whether the turn decided or booked something.
        """
        body = self.body()
        if not body or body == self._saved:
            return None
        if not must and mono_ns - self._saved_mono_ns < LAG_NS:
            return None
        self._saved, self._saved_mono_ns = body, mono_ns
        return StrategyStateSaved(
            at_ns=at_ns,
            strategy=self.strategy.name,
            session_date=self.session,
            body=msgspec.Raw(body),
            last_bars=dict(self.last_bars),
        )


def _carried(before: str, today: str) -> str:
    return (
        f"Strategy state is of session {before}, today is {today}: attempts, daily figures and "
        "bars start afresh, positions are kept"
    )
