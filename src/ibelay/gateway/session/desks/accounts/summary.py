"""The summary desk: the figures a client names, under a request id.

Rules:
1. Tags are IB's keys joined by commas; ``All`` stands for every total. ``$LEDGER`` is the
   ledger's BASE block, ``$LEDGER:EUR`` that of a currency, ``$LEDGER:ALL`` every block. A tag
   nobody knows has no row, as at IB.
2. The group is ``All`` or the account's own code; anything else is refused with 321.
3. At most two summaries at a time, and no id twice: 322.
4. Every three minutes of market time it says what changed; a fill alone says nothing.
5. Ledger keys carry no ``$LEDGER-`` in front: that came with a setting of TWS 10.47.

**Source**: IB "Account Summary" page; shared IB facts, section 1b; users' logs for rule 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.control.agenda import NEVER_NS
from ibelay.gateway.exchange.accounts import Account
from ibelay.gateway.exchange.money.figures import BASE, Row
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.accounts.feed import INTERVAL_NS, Feed
from ibelay.wire.encode import account as say
from ibelay.wire.requests import account as ask

MAX_SUMMARIES = 2
TOO_MANY = (
    "Error processing request: Maximum number of account summary requests exceeded; "
    "cancel a former request first"
)
_LEDGER = "$LEDGER"
_EVERY = "ALL"
_ALSO_CALLED = {"PreviousEquityWithLoanValue": "PreviousDayEquityWithLoanValue"}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows a client asked for (rule 1)."""

    tags: frozenset[str]
    blocks: frozenset[str]

    @staticmethod
    def of(text: str) -> Choice:
        """Return what *text* asks for."""
        words = [word.strip() for word in text.split(",")]
        tags = frozenset(_ALSO_CALLED.get(word, word) for word in words)
        ledgers = [word for word in words if word.partition(":")[0] == _LEDGER]
        return Choice(tags, frozenset(word.partition(":")[2] or BASE for word in ledgers))

    def rows(self, account: Account) -> list[Row]:
        """Return the rows of *account* asked for."""
        whole = "All" in self.tags
        rows = [row for row in account.totals() if whole or row.key in self.tags]
        if self.blocks:
            every = _EVERY in self.blocks
            rows += [row for row in account.ledger() if every or row.currency in self.blocks]
        return rows


class SummaryDesk:
    """Serves account summaries."""

    def __init__(self, client: Client) -> None:
        self._floor = client.floor
        self._voice = client.voice
        self._summaries: dict[int, tuple[Feed, Choice]] = {}

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestAccountSummary: self._subscribe,
            ask.CancelAccountSummary: self._cancel,
        }

    def on_time(self, now_ns: int) -> None:
        """Say what changed, where it is time to."""
        for feed, choice in self._summaries.values():
            if feed.due(now_ns):
                self._voice.say_all(feed.news(choice.rows(self._floor.exchange.account), now_ns))

    def due_ns(self) -> int:
        """See ``TimeListener``."""
        if not self._summaries:
            return NEVER_NS
        told = (feed.told_ns for feed, _choice in self._summaries.values())
        return min(told) + INTERVAL_NS

    def _subscribe(self, request: ask.RequestAccountSummary) -> None:
        number, name, now_ns = request.request_id, self._floor.account, self._floor.now_ns
        if request.group not in {"All", name}:
            text = f"Error validating request: unknown account group {request.group[:20]!r}"
            self._voice.refuse(number, 321, text)
        elif number in self._summaries:
            self._voice.refuse(number, 322, "Error processing request: duplicate ticker id")
        elif len(self._summaries) >= MAX_SUMMARIES:
            self._voice.refuse(number, 322, TOO_MANY)
        else:
            choice = Choice.of(request.tags)
            feed = Feed(lambda row: say.account_summary(number, name, row), now_ns)
            self._summaries[number] = (feed, choice)
            self._voice.say_all(feed.news(choice.rows(self._floor.exchange.account), now_ns))
            self._voice.say(say.account_summary_end(number))

    def _cancel(self, request: ask.CancelAccountSummary) -> None:
        self._summaries.pop(request.request_id, None)
