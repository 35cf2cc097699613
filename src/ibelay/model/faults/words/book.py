"""Acts upon prices and the book: what IB, an exchange or a person at TWS may do to orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ibelay.model.faults.values import (
    Amount,
    Client,
    Code,
    Count,
    MaybeAmount,
    Number,
    OneOrder,
    Shares,
    Side,
    Symbol,
    Text,
    Who,
)


@dataclass(frozen=True, slots=True)
class SetPrice:
    """The market jumps to a price and goes on from there.

    **Source**: issue 3 (control).
    """

    word: ClassVar[str] = "set-price"
    symbol: Symbol
    price: Amount


@dataclass(frozen=True, slots=True)
class Fill:
    """An order fills whole, at its own price or the one given, whatever the market says.

    **Source**: F09, F22 (a fill while the line or a cancel is in doubt).
    """

    word: ClassVar[str] = "fill"
    order: OneOrder
    price: MaybeAmount = None


@dataclass(frozen=True, slots=True)
class Partial:
    """A part of an order fills.

    **Source**: F22, F34.
    """

    word: ClassVar[str] = "partial"
    order: OneOrder
    quantity: Amount
    price: MaybeAmount = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A working order is rejected: status Inactive, then the code.

    **Source**: shared IB facts, section 1d (code 201).
    """

    word: ClassVar[str] = "reject"
    order: OneOrder
    code: Code = 201
    text: Text = "Order rejected - reason:rejected on purpose"


@dataclass(frozen=True, slots=True)
class RejectNext:
    """The next orders are refused on arrival with a code; the book sees nothing of them.

    The first few pass with ``skip``: of a bracket a child can be refused and not its parent.

    **Source**: shared IB facts, section 1d; F41.
    """

    word: ClassVar[str] = "reject-next"
    code: Code = 201
    count: Count = 1
    text: Text = "Order rejected - reason:rejected on purpose"
    skip: Number = 0
    client: Who = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """IB or an exchange cancels an order unasked: status Cancelled, then 202.

    **Source**: F09; shared IB facts, section 3.
    """

    word: ClassVar[str] = "cancel"
    order: OneOrder


@dataclass(frozen=True, slots=True)
class ManualTrade:
    """A person trades in TWS: an order nobody's bot made, filled at the market.

    **Source**: F24, F39; shared IB facts, section 3 (such orders have no API id).
    """

    word: ClassVar[str] = "manual-trade"
    side: Side
    quantity: Amount
    symbol: Symbol
    price: MaybeAmount = None


@dataclass(frozen=True, slots=True)
class ForeignTrade:
    """Another client of the API trades, under an order id that it chose.

    **Source**: F24 (ids are each client's own), F39.
    """

    word: ClassVar[str] = "foreign-trade"
    client: Client
    order_id: Number
    side: Side
    quantity: Amount
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Advise:
    """A message with a code about a working order, which works on as if nothing were said.

    **Source**: F20, F21.
    """

    word: ClassVar[str] = "advise"
    order: OneOrder
    code: Code
    text: Text


@dataclass(frozen=True, slots=True)
class NetOut:
    """The last execution of an order is reported again under a new id, and a third takes it back.

    **Source**: F34.
    """

    word: ClassVar[str] = "net-out"
    order: OneOrder


@dataclass(frozen=True, slots=True)
class Correct:
    """IB corrects the last execution of an order: the same id with a higher last segment.

    **Source**: F33.
    """

    word: ClassVar[str] = "correct"
    order: OneOrder
    price: MaybeAmount = None
    quantity: MaybeAmount = None


@dataclass(frozen=True, slots=True)
class SecondPermId:
    """A working order appears a second time under another permId, both live.

    **Source**: F25.
    """

    word: ClassVar[str] = "second-perm-id"
    order: OneOrder


@dataclass(frozen=True, slots=True)
class IdRollback:
    """The next valid order id of a client goes back by some, as after a restart.

    **Source**: F07.
    """

    word: ClassVar[str] = "id-rollback"
    client: Client
    by: Number = 4


@dataclass(frozen=True, slots=True)
class Split:
    """A stock splits: holdings, working orders and prices change together.

    **Source**: issue 3 (corporate action).
    """

    word: ClassVar[str] = "split"
    symbol: Symbol
    ratio: Shares
