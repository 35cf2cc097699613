"""Corporate actions: a split restates holdings, prices and orders at once.

Rules:
1. Quantities are multiplied, prices divided; what a holding is worth and has cost stays.
2. IB cancels good-till orders of the contract; the others are restated, and end if a reverse
   split leaves less than the least quantity of them. Combinations of it end.

**Source**: IB_FACTS section 3, Lifetime (GTC is cancelled on a corporate action).
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.errors import ConfigurationError
from ibelay.gateway.exchange.acts import ending
from ibelay.gateway.exchange.acts.standing import tell
from ibelay.gateway.exchange.acts.turn import Turn
from ibelay.gateway.exchange.orders.entry import Entry
from ibelay.gateway.exchange.rules.splits import restated
from ibelay.model.ids import ConId

_GOOD_TILL = frozenset({"GTC", "GTD"})


def split(turn: Turn, con_id: ConId, ratio: Decimal) -> None:
    """Give *ratio* new units of *con_id* for each old one; below 1 is a reverse split.

    Raises:
        ConfigurationError: The ratio is not positive, or the contract is not known.
    """
    pit = turn.pit
    if not 0 < ratio < Decimal("Infinity") or pit.catalogue.get(con_id) is None:
        raise ConfigurationError(
            f"con_id {con_id} cannot be split {ratio} for one: expected a contract of this"
            " market and a positive ratio"
        )
    pit.top(con_id).split(ratio)
    if pit.account.quantity(con_id):
        pit.account.split(con_id, ratio)
        turn.out.append(pit.account.row(con_id))
    for entry in pit.shelf.following(con_id):
        if not entry.done:
            _restate(turn, entry, ratio)


def _restate(turn: Turn, entry: Entry, ratio: Decimal) -> None:
    if entry.request.tif in _GOOD_TILL or entry.instrument.contract.legs:
        ending.cancel(turn, entry)
        return
    terms = restated(entry.request, entry.instrument, ratio)
    filled = entry.filled * ratio
    if terms.quantity - filled < entry.instrument.min_size:
        ending.cancel(turn, entry)
        return
    entry.request, entry.filled = terms, filled
    entry.last_fill_price /= ratio
    tell(turn, entry)
