"""What a run leaves behind for its judge."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.model.ids import ClientId
from ibelay.testing.simulation.observed import Observation


@dataclass(slots=True)
class Diary:
    """What the user's program was told, in its own words; it outlives the program's process.

    Attributes:
        bars: By symbol and by when the bar began (ns since the epoch, UTC): when the program
            first saw it, in virtual time.
        fills: By symbol, what it was told to have bought (sold: negative), in all.
        executions: Ids of the executions it knows of, without their last part.
        believes: By symbol, what it holds to be its position; what is zero is left out.
        commissions: What it holds to have paid, in all.
        open_orders: How many orders it holds to be working.
    """

    bars: dict[str, dict[int, int]] = field(default_factory=dict)
    fills: dict[str, Decimal] = field(default_factory=dict)
    executions: set[str] = field(default_factory=set)
    believes: dict[str, Decimal] = field(default_factory=dict)
    commissions: Decimal = Decimal(0)
    open_orders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One run.

    Attributes:
        observations: In the order in which they were made.
        diary: See :class:`Diary`, as it stood at the end.
        client_id: The program's.
        symbols: What it streams.
        began_market_ns: Market time at the beginning, ns since the epoch, UTC.
        ended_ns: When the run ended, in virtual time since its beginning.
        still: Stretches in which no bars come since nothing trades, in market time.
    """

    observations: tuple[Observation, ...]
    diary: Diary
    client_id: ClientId
    symbols: tuple[str, ...]
    began_market_ns: int
    ended_ns: int
    still: tuple[tuple[int, int], ...] = ()
