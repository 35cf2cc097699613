"""What options sold bind: alone, covered by shares, or paired with options bought.

Rules, per contract; U is the underlying's price, the strike where that has no mark:
1. Alone: the option's price, and 20 % of U (15 % on an index) less what it is out of the
   money, but at least 10 % of U for a call and 10 % of the strike for a put; times the
   multiplier, and at least 2.50 per share of it.
2. A call whose shares are held binds what it is in the money.
3. Paired with an option bought of the same underlying, right, multiplier and currency that
   expires no earlier: what the strikes can cost, nothing where they cannot.
4. Never more than alone. Those that bind most are covered first, by shares before options,
   by the cheapest pair first; one share or option covers once.

**Source**: IBKR's margin page for US options (strategy based: naked, covered call, vertical
spread). 2.50, the order of 4, and that nothing else offsets (straddles, covered puts,
condors counted as one) are our choice: this asks for what IB asks, or more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ibelay.gateway.exchange.money.cash import ZERO, unit_value
from ibelay.gateway.market.api import Instrument
from ibelay.model.ids import ConId

_SHARE, _INDEX_SHARE, _LEAST_SHARE = Decimal("0.20"), Decimal("0.15"), Decimal("0.10")
_LEAST = Decimal("2.50")
_Kind = tuple[ConId, str, Decimal, str]


@dataclass(slots=True)
class Lot:
    """Options held of one contract.

    Attributes:
        instrument: Which.
        left: Signed units that neither cover nor are covered yet.
        price: The mark, as quoted.
        under_price: The underlying's mark, None if not known.
    """

    instrument: Instrument
    left: Decimal
    price: Decimal
    under_price: Decimal | None

    @property
    def kind(self) -> _Kind:
        """What two options must share to cover each other."""
        contract = self.instrument.contract
        return (
            underlying(self.instrument),
            contract.right[:1].upper(),
            contract.multiplier,
            contract.currency,
        )

    @property
    def under(self) -> Decimal:
        """The underlying's price, or what stands in for it."""
        return abs(self.strike if self.under_price is None else self.under_price)

    @property
    def strike(self) -> Decimal:
        """Of the contract."""
        return self.instrument.contract.strike

    @property
    def put(self) -> bool:
        """Whether it is a put."""
        return self.instrument.contract.right[:1].upper() == "P"


def underlying(option: Instrument) -> ConId:
    """Return what *option* is on, itself if that is not known: options of others never pair."""
    return option.under_con_id or option.contract.con_id


def alone(lot: Lot) -> Decimal:
    """Return what one contract sold binds by itself (rule 1)."""
    contract = lot.instrument.contract
    under, strike = lot.under, lot.strike
    out_of_the_money = max(ZERO, under - strike if lot.put else strike - under)
    share = _INDEX_SHARE if lot.instrument.under_sec_type == "IND" else _SHARE
    least = _LEAST_SHARE * (strike if lot.put else under)
    bound = max(share * under - out_of_the_money, least, _LEAST)
    return abs(unit_value(contract, lot.price)) + bound * contract.multiplier


def bound(lots: Sequence[Lot], shares: Mapping[ConId, Decimal]) -> dict[str, Decimal]:
    """Return what all of *lots* bind together, by currency; the lots are used up.

    Args:
        lots: Every option held, bought or sold.
        shares: Units of the underlyings held; negative for short.
    """
    free = {con_id: max(ZERO, units) for con_id, units in shares.items()}
    groups: dict[_Kind, list[Lot]] = defaultdict(list)
    for lot in lots:
        groups[lot.kind].append(lot)
    found: dict[str, Decimal] = defaultdict(Decimal)
    for group in groups.values():
        longs = [lot for lot in group if lot.left > 0]
        sold = sorted(((alone(lot), lot) for lot in group if lot.left < 0), key=_dearest_first)
        for each, lot in sold:
            total = _by_shares(lot, each, free) + _by_options(lot, each, longs)
            found[lot.instrument.contract.currency] += total - lot.left * each
    return dict(found)


def _dearest_first(sold: tuple[Decimal, Lot]) -> tuple[Decimal, ConId]:
    each, lot = sold
    return -each, lot.instrument.contract.con_id


def _by_shares(lot: Lot, each: Decimal, free: dict[ConId, Decimal]) -> Decimal:
    """Cover calls by shares; return what those bind (rule 2)."""
    multiplier, under = lot.instrument.contract.multiplier, lot.instrument.under_con_id
    if lot.put or lot.instrument.under_sec_type != "STK":
        return ZERO
    covered = min(-lot.left, free.get(under, ZERO) // multiplier)
    if covered <= 0:
        return ZERO
    free[under] -= covered * multiplier
    lot.left += covered
    return covered * min(each, max(ZERO, lot.under - lot.strike) * multiplier)


def _by_options(lot: Lot, each: Decimal, longs: Sequence[Lot]) -> Decimal:
    """Pair what is left with options bought; return what the pairs bind (rule 3)."""
    total, multiplier = ZERO, lot.instrument.contract.multiplier
    expiry = lot.instrument.contract.last_trade_date

    def cost(other: Lot) -> Decimal:
        return max(ZERO, lot.strike - other.strike if lot.put else other.strike - lot.strike)

    for other in sorted(longs, key=cost):
        paired = min(-lot.left, other.left)
        if paired > 0 and other.instrument.contract.last_trade_date >= expiry:
            other.left -= paired
            lot.left += paired
            total += paired * min(each, cost(other) * multiplier)
    return total
