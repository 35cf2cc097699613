"""Fills, rejections, cancels and corrections that no market and no client asked for.

Rules:
1. A forced fill is a fill like any other but for its reason: it moves cash and positions,
   and ends what it completes. It needs no price to be good and no parent to have filled.
2. Without a price it takes the order's limit, else the touch, else the last price.
3. A combination's forced price is met by its first leg, the others fill at their touch.
4. A correction restates the execution and the order it belongs to; what follows from the
   order (children, groups) stays as it is.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.errors import ConfigurationError
from ibelay.gateway.exchange.acts import ending, trading
from ibelay.gateway.exchange.acts.standing import tell
from ibelay.gateway.exchange.acts.turn import Pit, Turn
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.rules.codes import Refusal
from ibelay.gateway.exchange.tape import Fill
from ibelay.model.execution import Execution
from ibelay.model.ids import PermId


def working(pit: Pit, perm_id: PermId) -> Entry:
    """Return the transmitted, living order *perm_id*.

    Raises:
        ConfigurationError: There is none.
    """
    entry = pit.shelf.get(perm_id)
    if entry is None or entry.held:
        raise ConfigurationError(
            f"permId {perm_id} is no working order: expected one of the orders that can still"
            " fill (see reqAllOpenOrders)"
        )
    return entry


def fill(turn: Turn, entry: Entry, quantity: Decimal | None, price: Decimal | None) -> None:
    """Fill *entry* (rules 1 to 3).

    Raises:
        ConfigurationError: The quantity is not within the rest, or no price is known.
    """
    wanted = entry.remaining if quantity is None else quantity
    if not 0 < wanted <= entry.remaining:
        raise ConfigurationError(
            f"quantity {wanted} cannot be filled: expected more than 0 and at most the"
            f" {entry.remaining} that remain of permId {entry.perm_id}"
        )
    book = turn.pit.book_of(entry.instrument)
    own, touch = entry.request.limit_price, book.price(entry.request.action)
    known = [one for one in (price, own, touch, book.last) if one is not None]
    if not known:
        raise ConfigurationError(f"no price is known to fill permId {entry.perm_id} at: give one")
    legs = trading.legs_of(turn, entry, wanted)
    if entry.instrument.contract.legs:
        if touch is None:
            raise ConfigurationError(
                f"permId {entry.perm_id} is a combination and not every leg has a price: wait"
                " for one"
            )
        legs = _at_price(entry, legs, known[0] - touch)
    trading.fill(turn, entry, wanted, known[0], legs)


def reject(turn: Turn, entry: Entry, code: int, text: str) -> None:
    """Reject the working *entry*: Inactive, then the code."""
    ending.reject(turn, entry, Refusal(code, text))


def correct(turn: Turn, exec_id: str, quantity: Decimal | None, price: Decimal | None) -> None:
    """Correct an execution (rule 4).

    Raises:
        ConfigurationError: There is no such execution, or the quantity does not fit the order.
    """
    pit = turn.pit
    row = pit.tape.find(exec_id)
    if row is None or row.report is None:
        raise ConfigurationError(
            f"execution {exec_id[:40]!r} cannot be corrected: expected one since midnight that is"
            " not a combination's whole"
        )
    wrong = row.executed.execution
    entry = _order_of(pit, wrong)
    right_quantity = wrong.quantity if quantity is None else quantity
    right_price = wrong.price if price is None else price
    filled = (entry.filled if entry else wrong.quantity) - wrong.quantity + right_quantity
    most = entry.request.quantity if entry else wrong.quantity
    if right_quantity <= 0 or filled > most:
        raise ConfigurationError(
            f"quantity {right_quantity} does not fit the order of {most}: expected more than 0"
            " and, with its other fills, no more than it asked for"
        )
    corrected = pit.tape.correct(exec_id, entry, right_quantity, right_price)
    if corrected is None:
        raise ConfigurationError(f"execution {exec_id[:40]!r} cannot be corrected a 100th time")
    turn.out.append(corrected)
    if entry is not None and not entry.done:
        tell(turn, entry)
    turn.out.append(pit.account.row(wrong.contract.con_id))


def net_out(turn: Turn, exec_id: str) -> None:
    """Report an execution twice more, once on either side; the account stays as it is.

    Raises:
        ConfigurationError: There is no such execution.
    """
    echoes = turn.pit.tape.echo(exec_id)
    if not echoes:
        raise ConfigurationError(
            f"execution {exec_id[:40]!r} cannot be reported again: expected one since midnight"
        )
    turn.out.extend(echoes)


def _order_of(pit: Pit, execution: Execution) -> Entry | None:
    """Return the order that *execution* filled, None for a leg of a combination."""
    found = pit.shelf.get(execution.perm_id) or next(
        (entry for entry in pit.shelf.done() if entry.perm_id == execution.perm_id), None
    )
    return found if found is not None and not found.instrument.contract.legs else None


def _at_price(entry: Entry, legs: tuple[Fill, ...], more: Decimal) -> tuple[Fill, ...]:
    """Move the first leg's price so that the combination's comes out *more* than at the touch."""
    first, ratio = legs[0], entry.instrument.contract.legs[0].ratio
    shift = more * entry.request.action.sign / (first.action.sign * ratio)
    return (first._replace(price=first.price + shift), *legs[1:])
