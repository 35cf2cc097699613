"""The update desk: account values and portfolio without a request id, and with one.

Rules:
1. A subscription answers with everything and its end. Then it says what changed: at once
   after a fill, else every three minutes of market time, if anything did.
2. There is one reqAccountUpdates per client. Asking again begins anew; under another name of
   the account than before, the client is told that the former subscription is over (2100).
3. At most 50 account subscriptions with an id; an id in use is refused, both with 322.
4. The portfolio includes forex: TWS sends it where "include FX positions when sending
   portfolio" is set.

**Source**: IB "Account & Portfolio Data" page; shared IB facts, sections 1a and 1b. The limit
of rule 3 is that of accounts a reqPositions may have; IB names none for subscriptions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.control.agenda import NEVER_NS
from ibelay.gateway.exchange.events import ExchangeEvent, PositionChanged
from ibelay.gateway.exchange.money.cash import rounded, unit_value
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.desks.accounts.feed import INTERVAL_NS, Feed, Row
from ibelay.gateway.session.desks.accounts.names import refuses
from ibelay.gateway.session.voice import SYSTEM
from ibelay.wire.encode import account as say
from ibelay.wire.requests import account as ask
from ibelay.wire.times import minute

MAX_MULTI = 50
REPLACED = (
    2100,
    "New account data requested from TWS. API client has been unsubscribed from account data.",
)


def portfolio(row: PositionChanged) -> bytes:
    """Return portfolioValue of a holding, in its contract's currency."""
    held = row.position
    value = held.quantity * unit_value(held.contract, row.market_price)
    figures = (
        held.quantity,
        row.market_price,
        rounded(value),
        held.average_cost,
        rounded(value - held.quantity * held.average_cost),
        rounded(row.realized_pnl),
    )
    return say.portfolio_value(held.contract, figures, held.account)


@dataclass(slots=True)
class _Updates:
    """The subscription without an id.

    Attributes:
        figures: Of each holding what its message follows from, so that a fill does not write
            the messages of hundreds of others again.
        holdings: The message last said of each.
    """

    name: str
    feed: Feed
    figures: dict[int, tuple[Decimal, ...]] = field(default_factory=dict)
    holdings: dict[int, bytes] = field(default_factory=dict)

    def portfolio(self, rows: list[PositionChanged]) -> list[bytes]:
        """Return messages for the holdings that differ from what was said."""
        out = []
        for row in rows:
            held, con_id = row.position, row.position.contract.con_id
            figures = (held.quantity, row.market_price, held.average_cost, row.realized_pnl)
            if self.figures.get(con_id) == figures:
                continue
            self.figures[con_id], text = figures, portfolio(row)
            if self.holdings.get(con_id) != text:
                self.holdings[con_id] = text
                out.append(text)
        return out


class UpdateDesk:
    """Serves account values and portfolio."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._floor = client.floor
        self._voice = client.voice
        self._updates: _Updates | None = None
        self._multi: dict[int, tuple[Feed, bool]] = {}

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestAccountUpdates: self._subscribe,
            ask.RequestAccountUpdatesMulti: self._subscribe_multi,
            ask.CancelAccountUpdatesMulti: self._cancel_multi,
        }

    def hear(self, event: ExchangeEvent) -> None:
        """Say at once what a fill changes."""
        if isinstance(event, PositionChanged):
            self._tell(event)

    def on_time(self, now_ns: int) -> None:
        """Say what changed meanwhile, where it is time to."""
        if now_ns >= self.due_ns():
            self._tell(None)

    def due_ns(self) -> int:
        """See ``TimeListener``."""
        told_ns = NEVER_NS if self._updates is None else self._updates.feed.told_ns
        if self._multi:
            told_ns = min(told_ns, *(feed.told_ns for feed, _ in self._multi.values()))
        return told_ns + INTERVAL_NS

    def _tell(self, changed: PositionChanged | None) -> None:
        """Say what changed to whom it is time to, to everybody after a fill."""
        now_ns, updates = self._floor.now_ns, self._updates
        rows: dict[bool, list[Row]] = {}
        if updates is not None and (changed or updates.feed.due(now_ns)):
            # What expired today may be gone from the positions when this is heard.
            news = updates.portfolio([changed] if changed else [])
            news += updates.portfolio(self._floor.exchange.positions())
            rows[False] = self._rows()
            news += updates.feed.news(rows[False], now_ns)
            if news:
                self._voice.say_all([*news, say.account_update_time(minute(now_ns))])
        for feed, ledger_only in self._multi.values():
            if changed or feed.due(now_ns):
                if ledger_only not in rows:
                    rows[ledger_only] = self._rows(ledger_only=ledger_only)
                self._voice.say_all(feed.news(rows[ledger_only], now_ns))

    def _rows(self, *, ledger_only: bool = False) -> list[Row]:
        account = self._floor.exchange.account
        if not ledger_only:
            return account.values()
        net = [row for row in account.totals() if row.key == "NetLiquidation"]
        return [*net, *account.ledger()]

    def _subscribe(self, request: ask.RequestAccountUpdates) -> None:
        if not request.subscribe:
            self._updates = None
            return
        if refuses(self._client, SYSTEM, request.account):
            return
        if self._updates is not None and self._updates.name != request.account:
            self._voice.notify(*REPLACED)
        name, now_ns = self._floor.account, self._floor.now_ns
        feed = Feed(lambda row: say.account_value(*row, name), now_ns)
        self._updates = _Updates(request.account, feed)
        self._voice.say_all(feed.news(self._rows(), now_ns))
        self._voice.say_all(self._updates.portfolio(self._floor.exchange.positions()))
        self._voice.say(say.account_update_time(minute(now_ns)))
        self._voice.say(say.account_download_end(name))

    def _subscribe_multi(self, request: ask.RequestAccountUpdatesMulti) -> None:
        number, name, now_ns = request.request_id, self._floor.account, self._floor.now_ns
        if refuses(self._client, number, request.account):
            return
        if number in self._multi:
            self._voice.refuse(number, 322, "Error processing request: duplicate ticker id")
            return
        if len(self._multi) >= MAX_MULTI:
            text = f"Error processing request: at most {MAX_MULTI} account subscriptions"
            self._voice.refuse(number, 322, text)
            return
        if not request.model_code:
            feed = Feed(lambda row: say.account_update_multi(number, name, row), now_ns)
            self._multi[number] = (feed, request.ledger_only)
            rows = self._rows(ledger_only=request.ledger_only)
            self._voice.say_all(feed.news(rows, now_ns))
        self._voice.say(say.account_update_multi_end(number))

    def _cancel_multi(self, request: ask.CancelAccountUpdatesMulti) -> None:
        self._multi.pop(request.request_id, None)
