"""What every recording is made of once it is read: quotes and trades in order of time."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from ibelay.errors import ConfigurationError

MAX_ROWS = 5_000_000


class QuoteRow(NamedTuple):
    """The top of book from *at_ns* on; None where there is no such side."""

    at_ns: int
    bid: Decimal | None
    bid_size: Decimal
    ask: Decimal | None
    ask_size: Decimal


class TradeRow(NamedTuple):
    """A trade of others."""

    at_ns: int
    price: Decimal
    size: Decimal


Row = QuoteRow | TradeRow


def check_count(rows: int) -> None:
    """Refuse a recording that would not fit.

    Raises:
        ConfigurationError: There are more rows than ``MAX_ROWS``, about 1 GB of memory.
    """
    if rows > MAX_ROWS:
        raise ConfigurationError(
            f"the recording has more than {MAX_ROWS:,} rows: choose fewer days or symbols, "
            "or a coarser resolution"
        )
