"""Two books side by side: the bot's journal and what any client can ask of the broker.

Both sides are brought into the same shape, IB's own: average cost per share with commission,
realised P&L net of commission. Then they are compared figure by figure. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ibelay.journal.ledger import Ledger
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import execution_key
from ibelay.model.order import Role

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A position in IB's terms; the average cost is per share and includes commission."""

    quantity: Decimal
    average_cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One side.

    Attributes:
        holdings: By symbol, zero positions left out.
        working: Working orders as ``(symbol, side, type, price, remaining)`` lines.
        fills: Execution keys.
        order_refs: perm ids by order reference, of every order ever seen.
        realized_pnl: Net of commission.
        stops: Quantity of working stop orders by symbol.
    """

    holdings: Mapping[str, Holding]
    working: tuple[str, ...]
    fills: frozenset[str]
    order_refs: Mapping[str, frozenset[int]]
    realized_pnl: Decimal
    stops: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the comparison found; the books agree if *differences* is empty."""

    bot: Book
    broker: Book
    differences: tuple[str, ...]
    duplicates: int
    lost_fills: int
    unprotected: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Equal books, no duplicate order, no lost fill, nothing naked."""
        return not (self.differences or self.duplicates or self.lost_fills or self.unprotected)


def compare(bot: Book, broker: Book) -> Verdict:
    """Return where the two books differ."""
    differences: list[str] = []
    for symbol in sorted({*bot.holdings, *broker.holdings}):
        differences += _compare_holding(symbol, bot.holdings, broker.holdings)
    for line in (Counter(bot.working) - Counter(broker.working)).elements():
        differences.append(f"working order only in the bot's book: {line}")
    for line in (Counter(broker.working) - Counter(bot.working)).elements():
        differences.append(f"working order only in the broker's book: {line}")
    extra = bot.fills - broker.fills
    if extra:
        differences.append(f"{len(extra)} fills only in the bot's book")
    if abs(bot.realized_pnl - broker.realized_pnl) >= _CENT:
        differences.append(
            f"realised P&L: bot {bot.realized_pnl:.2f}, broker {broker.realized_pnl:.2f}"
        )
    return Verdict(
        bot=bot,
        broker=broker,
        differences=tuple(differences),
        duplicates=sum(len(perms) - 1 for perms in broker.order_refs.values() if len(perms) > 1),
        lost_fills=len(broker.fills - bot.fills),
        unprotected=_unprotected(broker),
    )


def from_ledger(ledger: Ledger) -> Book:
    """Return the bot's side."""
    executions = sorted(ledger.executions.values(), key=lambda e: (e.at_ns, e.exec_id))
    holdings, realized = account(executions, ledger.commissions)
    working: list[str] = []
    stops: dict[str, Decimal] = {}
    for entry in ledger.open_orders():
        order, symbol = entry.order, entry.contract.symbol
        remaining = order.quantity - entry.filled
        if order.parent_ref is not None:
            # The broker shrinks a bracket's exits as their siblings fill.
            unit = ledger.units[order.unit]
            if unit.entry_filled:
                remaining = min(remaining, unit.open_quantity)
        price = order.stop_price if order.role is Role.STOP else order.limit_price
        working.append(order_line(symbol, order.action, order.order_type, price, remaining))
        if order.role is Role.STOP:
            stops[symbol] = stops.get(symbol, Decimal(0)) + remaining
    return Book(
        holdings=holdings,
        working=tuple(sorted(working)),
        fills=frozenset(ledger.executions),
        order_refs={ref: frozenset(map(int, e.perm_ids)) for ref, e in ledger.orders.items()},
        realized_pnl=realized,
        stops=stops,
    )


def order_line(
    symbol: str, action: str, order_type: str, price: Decimal | None, remaining: Decimal
) -> str:
    """Return one working order as a line both sides write alike."""
    at = "" if price is None else f" at {price.normalize():f}"
    return f"{symbol} {action} {remaining.normalize():f} {order_type}{at}"


def account(
    executions: Sequence[Execution], commissions: Mapping[str, CommissionReport]
) -> tuple[dict[str, Holding], Decimal]:
    """Keep a book as IB does: average cost with commission, realised P&L net of it.

    Args:
        executions: Oldest first.
        commissions: By execution key.
    """
    books: dict[str, tuple[Decimal, Decimal]] = {}
    realized = Decimal(0)
    for execution in executions:
        report = commissions.get(execution_key(execution.exec_id))
        fee = report.commission if report is not None else Decimal(0)
        symbol = execution.contract.symbol
        quantity, cost = books.get(symbol, (Decimal(0), Decimal(0)))
        books[symbol], gained = _book_fill(quantity, cost, execution, fee)
        realized += gained
    holdings = {
        symbol: Holding(quantity=quantity, average_cost=cost / quantity)
        for symbol, (quantity, cost) in books.items()
        if quantity
    }
    return holdings, realized


def _book_fill(
    quantity: Decimal, cost: Decimal, execution: Execution, fee: Decimal
) -> tuple[tuple[Decimal, Decimal], Decimal]:
    """Return ((quantity, signed total cost), realised) after a fill with its *fee*."""
    signed = execution.quantity * execution.action.sign
    if quantity * signed >= 0:
        return (quantity + signed, cost + signed * execution.price + fee), Decimal(0)
    closing = min(abs(signed), abs(quantity))
    fee_share = fee * closing / abs(signed)
    released = cost * closing / abs(quantity)
    gained = _gain(execution, closing, released, fee_share)
    left = abs(signed) - closing
    if left:
        opened = left * execution.action.sign
        return (opened, opened * execution.price + fee - fee_share), gained
    return (quantity + signed, cost - released), gained


def _gain(execution: Execution, closing: Decimal, released: Decimal, fee: Decimal) -> Decimal:
    """Return what closing *closing* shares gained over their *released* signed cost."""
    proceeds = -execution.action.sign * closing * execution.price
    return proceeds - released - fee


def _compare_holding(
    symbol: str, bot: Mapping[str, Holding], broker: Mapping[str, Holding]
) -> Iterable[str]:
    ours, theirs = bot.get(symbol), broker.get(symbol)
    ours_quantity = ours.quantity if ours else Decimal(0)
    theirs_quantity = theirs.quantity if theirs else Decimal(0)
    if ours_quantity != theirs_quantity:
        return [f"{symbol}: bot holds {ours_quantity}, broker {theirs_quantity}"]
    if ours and theirs and abs(ours.average_cost - theirs.average_cost) >= _CENT:
        return [
            f"{symbol}: average cost bot {ours.average_cost:.4f}, broker {theirs.average_cost:.4f}"
        ]
    return []


def _unprotected(broker: Book) -> tuple[str, ...]:
    naked = []
    for symbol, held in broker.holdings.items():
        covered = broker.stops.get(symbol, Decimal(0))
        if covered < abs(held.quantity):
            naked.append(f"{symbol}: {abs(held.quantity)} held, {covered} covered by stops")
    return tuple(naked)
