"""The account desk: values, portfolio, positions, now and on every change of a holding.

Rules:
1. A subscription answers with everything and its end, then sends what changes when a
   holding changes; prices alone send nothing (IB's account data pauses for minutes too).
2. At most two account summaries at a time (code 322), as at IB.
3. There is one account; asking for another is refused with code 321.

**Source**: IB "Account & Portfolio Data" page; shared IB facts, section 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.gateway.exchange.events import ExchangeEvent, PositionChanged
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.voice import SYSTEM
from ibelay.model.faults import Fault
from ibelay.wire import encode
from ibelay.wire import requests as ask
from ibelay.wire.times import minute

MAX_SUMMARIES = 2
MAX_MULTI = 50
Row = tuple[str, str, str]


@dataclass(slots=True)
class _Feed:
    """One subscription: which keys (none for all), how a row is written, what was sent."""

    write: Callable[[Row], bytes]
    keys: frozenset[str] = frozenset()
    sent: dict[str, Row] = field(default_factory=dict)

    def news(self, rows: list[Row]) -> list[bytes]:
        """Return messages for the rows that differ from what was sent."""
        out = []
        for row in rows:
            if (not self.keys or row[0] in self.keys) and self.sent.get(row[0]) != row:
                self.sent[row[0]] = row
                out.append(self.write(row))
        return out


class AccountDesk:
    """Serves the account requests of one client."""

    def __init__(self, client: Client) -> None:
        self._floor = client.floor
        self._voice = client.voice
        self._send = client.voice.say
        self._updates: _Feed | None = None
        self._multi: dict[int, _Feed] = {}
        self._summaries: dict[int, _Feed] = {}
        self._positions = False

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestManagedAccounts: lambda _request: self.open(),
            ask.RequestAccountUpdates: self._account_updates,
            ask.RequestAccountUpdatesMulti: self._account_updates_multi,
            ask.CancelAccountUpdatesMulti: self._cancel_multi,
            ask.RequestAccountSummary: self._account_summary,
            ask.CancelAccountSummary: self._cancel_summary,
            ask.RequestPositions: self._all_positions,
            ask.CancelPositions: self._cancel_positions,
        }

    def open(self) -> None:
        """Send managedAccounts."""
        nobody = Fault.NO_ACCOUNTS in self._floor.faults
        self._send(encode.managed_accounts([] if nobody else [self._floor.account]))

    def hear(self, event: ExchangeEvent) -> None:
        """Send what a change of a holding changes in the subscriptions."""
        if not isinstance(event, PositionChanged):
            return
        if self._positions:
            self._position(event)
        feeds = [*self._multi.values(), *self._summaries.values()]
        if self._updates is not None:
            self._portfolio(event)
            feeds.append(self._updates)
        if feeds:
            rows = self._floor.exchange.account_values(self._floor.now_ns)
            for feed in feeds:
                self._voice.say_all(feed.news(rows))

    def _all_positions(self, _request: ask.RequestPositions) -> None:
        self._positions = True
        for row in self._floor.exchange.positions():
            self._position(row)
        self._send(encode.position_end())

    def _cancel_positions(self, _request: ask.CancelPositions) -> None:
        self._positions = False

    def _cancel_multi(self, request: ask.CancelAccountUpdatesMulti) -> None:
        self._multi.pop(request.request_id, None)

    def _cancel_summary(self, request: ask.CancelAccountSummary) -> None:
        self._summaries.pop(request.request_id, None)

    def _refuses(self, request_id: int, account: str) -> bool:
        if account in {"", "All", self._floor.account}:
            return False
        text = f"Error validating request: invalid account code {account[:20]!r}"
        self._voice.refuse(request_id, 321, text)
        return True

    def _rows(self) -> list[Row]:
        return self._floor.exchange.account_values(self._floor.now_ns)

    def _account_updates(self, request: ask.RequestAccountUpdates) -> None:
        if not request.subscribe:
            self._updates = None
            return
        if self._refuses(SYSTEM, request.account):
            return
        name = self._floor.account
        self._updates = _Feed(lambda row: encode.account_value(*row, name))
        self._voice.say_all(self._updates.news(self._rows()))
        for held in self._floor.exchange.positions():
            self._portfolio(held)
        self._send(encode.account_update_time(minute(self._floor.now_ns)))
        self._send(encode.account_download_end(name))

    def _account_updates_multi(self, request: ask.RequestAccountUpdatesMulti) -> None:
        number, name = request.request_id, self._floor.account
        if self._refuses(number, request.account):
            return
        if len(self._multi) >= MAX_MULTI and number not in self._multi:
            text = f"Error processing request: at most {MAX_MULTI} account subscriptions"
            self._voice.refuse(number, 322, text)
            return
        feed = _Feed(lambda row: encode.account_update_multi(number, name, row))
        self._multi[number] = feed
        self._voice.say_all(feed.news(self._rows()))
        self._send(encode.account_update_multi_end(number))

    def _account_summary(self, request: ask.RequestAccountSummary) -> None:
        number, name = request.request_id, self._floor.account
        if len(self._summaries) >= MAX_SUMMARIES and number not in self._summaries:
            text = "Error processing request: maximum number of account summary requests exceeded"
            self._voice.refuse(number, 322, text)
            return
        tags = [tag.strip() for tag in request.tags.split(",")]
        everything = "All" in tags or any(tag.startswith("$LEDGER") for tag in tags)
        feed = _Feed(
            lambda row: encode.account_summary(number, name, row),
            frozenset() if everything else frozenset(tags),
        )
        self._summaries[number] = feed
        self._voice.say_all(feed.news(self._rows()))
        self._send(encode.account_summary_end(number))

    def _position(self, row: PositionChanged) -> None:
        held = row.position
        self._send(encode.position(held.account, held.contract, held.quantity, held.average_cost))

    def _portfolio(self, row: PositionChanged) -> None:
        held = row.position
        value = held.quantity * row.market_price * held.contract.multiplier
        unrealized = value - held.quantity * held.average_cost
        cents = Decimal("0.01")
        figures = (
            held.quantity,
            row.market_price,
            value.quantize(cents),
            held.average_cost,
            unrealized.quantize(cents),
            row.realized_pnl.quantize(cents),
        )
        self._send(encode.portfolio_value(held.contract, figures, held.account))
