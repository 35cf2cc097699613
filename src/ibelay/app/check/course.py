"""The steps of a check, in order, and which of them stand on which.

Rules:
1. A market order leaves only after the path was proven with orders that rest.
2. A bracket is closed by cancelling its exits, hearing that they are gone, and only then
   selling: the other way round both could trade.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

from ibelay.app.check.desk import Desk
from ibelay.app.check.drafts import Drafts
from ibelay.app.check.options import CheckOptions
from ibelay.app.check.ticket import Ticket
from ibelay.errors import BrokerRefusedError
from ibelay.model.contract import Contract
from ibelay.model.market import Quote
from ibelay.model.order import Order
from ibelay.model.snapshot import BrokerSnapshot

_QUOTE_SHARE = 0.3
# Below 1, so that a snapshot says which of its parts is missing before the step's time is up.
_SNAPSHOT_SHARE = 0.9
_LOOK_AGAIN_S = 0.25

_PATH_HINT = (
    "check that the API is not read-only (Global Configuration, API, Settings) and that no "
    "order dialog waits for a click"
)
_MARKET_HINT = "check that the market is open and the symbol is traded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what it does, what it needs, and what to check if it gets no answer.

    Attributes:
        target_ms: What a healthy connection needs at most; told, not judged.
    """

    name: str
    run: Callable[[], Awaitable[str]]
    needs: tuple[str, ...] = ()
    target_ms: int | None = None
    hint: str = "check that the gateway is connected to IB"


class Course:
    """The steps over one desk.

    Args:
        options: What to check.
        desk: Attached to the link.
        account: The account to trade.
        drafts: Makes the orders.
    """

    def __init__(self, options: CheckOptions, desk: Desk, *, account: str, drafts: Drafts) -> None:
        self._options = options
        self._desk = desk
        self._account = account
        self._drafts = drafts
        self.contract = Contract(symbol=options.symbol)
        self._price = Decimal(0)
        self._before = Decimal(0)
        self._resting: Ticket | None = None
        self._exits: tuple[Ticket, ...] = ()

    def steps(self) -> tuple[Step, ...]:
        """Return the steps, each after those it needs."""
        path = (
            Step(name="positions", run=self._positions, target_ms=100),
            Step(name="open orders", run=self._open_orders, target_ms=100),
            Step(
                name="price",
                run=self._find_price,
                hint="check the symbol and the account's market data permissions",
            ),
            Step(
                name="limit order placed",
                run=self._place_limit,
                needs=("price",),
                target_ms=500,
                hint=_PATH_HINT,
            ),
            Step(
                name="limit order cancelled",
                run=self._cancel,
                needs=("limit order placed",),
                target_ms=300,
            ),
            Step(
                name="stop order placed",
                run=self._place_stop,
                needs=("limit order cancelled",),
                target_ms=500,
                hint=_PATH_HINT,
            ),
            Step(
                name="stop order cancelled",
                run=self._cancel,
                needs=("stop order placed",),
                target_ms=300,
            ),
        )
        return (*path, *self._round_trip()) if self._options.market else path

    def _round_trip(self) -> tuple[Step, ...]:
        return (
            Step(
                name="bracket opened",
                run=self._open_bracket,
                needs=("positions", "stop order cancelled"),
                hint=_MARKET_HINT,
            ),
            Step(
                name="bracket closed",
                run=self._close_bracket,
                needs=("bracket opened",),
                hint=_MARKET_HINT,
            ),
            Step(
                name="position restored",
                run=self._restored,
                needs=("bracket closed",),
                hint="check the position in TWS: the broker shows another than before",
            ),
        )

    async def _positions(self) -> str:
        snapshot = await self._snapshot()
        self._before = self._held(snapshot)
        return f"{len(snapshot.positions)} held, {self._before:f} of {self._options.symbol}"

    async def _open_orders(self) -> str:
        snapshot = await self._snapshot()
        return f"{len(snapshot.open_orders)} working"

    async def _snapshot(self) -> BrokerSnapshot:
        return await self._desk.link.snapshot(self._options.timeout_s * _SNAPSHOT_SHARE)

    async def _find_price(self) -> str:
        self.contract = await self._desk.link.resolve(self.contract)
        price, source = await self._quoted(), "quote"
        if price is None:
            price, source = await self._traded(), "history"
        self._price = price
        return f"{price:f} ({source})"

    async def _quoted(self) -> Decimal | None:
        """Return the price of the first quote that has one, None if none comes soon."""
        link = self._desk.link
        request_id = link.subscribe_quotes(self.contract)
        try:
            async with asyncio.timeout(self._options.timeout_s * _QUOTE_SHARE):
                await self._desk.until(lambda: price_of(self._desk.quote) is not None)
        except TimeoutError:
            return None
        finally:
            link.unsubscribe(request_id)
        return price_of(self._desk.quote)

    async def _traded(self) -> Decimal:
        bars = await self._desk.link.history(self.contract, duration="1 D", bar_size="1 min")
        if not bars:
            raise BrokerRefusedError(
                f"IB sent neither a quote nor a bar of {self._options.symbol}; {_MARKET_HINT}"
            )
        return bars[-1].close

    async def _place_limit(self) -> str:
        return await self._rest(self._drafts.limit(self._price))

    async def _place_stop(self) -> str:
        return await self._rest(self._drafts.stop(self._price))

    async def _rest(self, order: Order) -> str:
        """Place an order that is too far from the market to trade."""
        self._resting = self._desk.place(self.contract, order, account=self._account)
        await self._desk.taken(self._resting)
        price = order.limit_price if order.stop_price is None else order.stop_price
        return f"{order.action} {order.quantity} {order.order_type} {price}: {self._resting.status}"

    async def _cancel(self) -> str:
        if self._resting is None:
            raise BrokerRefusedError("there is no order to cancel")
        await self._desk.cancel(self._resting)
        if not self._resting.cancelled:
            raise BrokerRefusedError(
                f"order {self._resting.order_id} was not cancelled ({self._resting.words()}) "
                "although it was far from the market"
            )
        return "confirmed"

    async def _open_bracket(self) -> str:
        bought, target, stop = self._drafts.bracket(self._price)
        desk, account = self._desk, self._account
        # The last leg sends all three: the position never stands without its stop.
        entry = desk.place(self.contract, bought, account=account, transmit=False)
        self._exits = (
            desk.place(self.contract, target, account=account, parent=entry, transmit=False),
            desk.place(self.contract, stop, account=account, parent=entry),
        )
        await desk.filled(entry)
        await desk.taken(*self._exits)
        return f"bought {entry.filled}, target and stop work"

    async def _close_bracket(self) -> str:
        await self._desk.cancel(*self._exits)
        return await self.flatten()

    async def _restored(self) -> str:
        """Look until the broker shows the position of before; it may lag behind the fill."""
        while True:
            held = self._held(await self._snapshot())
            if held == self._before:
                return f"{held} of {self._options.symbol}, as before"
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def flatten(self) -> str:
        """Close at market what the check's orders have traded; say what was done.

        Raises:
            BrokerRefusedError: The order ended without trading all of it.
            LinkError: The link was lost first.
        """
        net = self._desk.net()
        if not net:
            return "no position of it is left"
        order = self._drafts.closing(net)
        await self._desk.filled(self._desk.place(self.contract, order, account=self._account))
        return f"{order.action} {order.quantity} at market filled"

    def _held(self, snapshot: BrokerSnapshot) -> Decimal:
        """Return the shares of the symbol held in the account."""
        return sum(
            (
                position.quantity
                for position in snapshot.positions
                if position.contract.symbol == self._options.symbol
                and position.contract.sec_type == self.contract.sec_type
                and position.account == self._account
            ),
            Decimal(0),
        )


def price_of(quote: Quote | None) -> Decimal | None:
    """Return what a share is worth by *quote*: last price, mid, a side, or the last close."""
    if quote is None:
        return None
    if quote.last is None and quote.bid is not None and quote.ask is not None:
        return (quote.bid + quote.ask) / 2
    return quote.last or quote.bid or quote.ask or quote.previous_close
