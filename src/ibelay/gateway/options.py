"""What an operator can choose of a paper gateway.

The account is always a paper account: its code begins with DU, as IB's do, so that nothing
that asks "is this live?" can be misled by this gateway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date as calendar_date
from decimal import Decimal
from pathlib import Path

from ibelay.errors import ConfigurationError
from ibelay.gateway.clock import checked_speed
from ibelay.gateway.market.opening import MarketChoice, check_form
from ibelay.gateway.session.entitlement import Entitlement
from ibelay.gateway.session.line.pacing import Pacing
from ibelay.model.faults import Command

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ACCOUNT = re.compile(r"DU[0-9]{5,9}")
_START = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOptions:
    """Settings of one paper gateway.

    Attributes:
        host: Loopback address to listen on; the TWS protocol has no password.
        port: TCP port; 0 picks a free one.
        market: ``synthetic``, ``lean:PATH`` with a folder of LEAN-format data, ``csv:PATH`` or
            ``parquet:PATH`` with a table (see ``market.opening``).
        date: First trading day, YYYY-MM-DD; a table has its own.
        days: How many trading days; a table has its own.
        symbols: What is traded; None for the usual four, of a table everything in it.
        seed: Chooses the synthetic prices.
        resolution: ``tick``, ``second`` or ``minute`` of a LEAN folder; None for the finest.
        speed: Market seconds per second, 0.001 to 1000.
        skip_nights: Whether market time jumps over stretches in which nothing trades.
        start: New York time to begin at, HH:MM or HH:MM:SS; two minutes before the open
            if not given.
        account: Paper account code, DU and digits.
        cash: Starting cash in dollars.
        faults: What goes wrong on purpose from the beginning.
        scenario: TOML file of what goes wrong later, see ``ibelay.control.scenario``.
        reset_at: New York time, HH:MM or HH:MM:SS, at which IB's servers reset every day.
        control_port: Port for commands; 0 picks a free one, None for no control port.
        control_token_file: Where its token is kept; None for the usual place.
        pacing: What is done with a client that sends more than 50 messages a second.
        entitlement: Which market data the account has subscribed to.
        read_only: Clients may look and not touch: orders are refused with 321.
    """

    host: str = "127.0.0.1"
    port: int = 4002
    market: str = "synthetic"
    date: str = "2025-06-02"
    days: int = 1
    symbols: tuple[str, ...] | None = None
    seed: int = 1
    resolution: str | None = None
    speed: float = 1.0
    skip_nights: bool = True
    start: str | None = None
    account: str = "DU1234567"
    cash: Decimal = Decimal(1_000_000)
    faults: tuple[Command, ...] = ()
    scenario: Path | None = None
    reset_at: str | None = None
    control_port: int | None = None
    control_token_file: Path | None = None
    pacing: Pacing = Pacing.PACE
    entitlement: Entitlement = Entitlement.LIVE
    read_only: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot work, in one sentence each.

        Raises:
            ConfigurationError: A setting is out of range or cannot be read.
        """
        for complaint in (self._network(), self._market(), self._account()):
            if complaint:
                raise ConfigurationError(complaint)

    @property
    def market_choice(self) -> MarketChoice:
        """Which market is wanted."""
        return MarketChoice(
            form=self.market,
            date=self.date,
            days=self.days,
            symbols=self.symbols,
            seed=self.seed,
            resolution=self.resolution,
        )

    def start_of_day_s(self) -> int | None:
        """Return *start* in seconds since midnight in New York, None if not given."""
        match = _START.fullmatch(self.start) if self.start else None
        if match is None:
            return None
        return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)

    def _network(self) -> str:
        if self.host not in LOOPBACK:
            known = ", ".join(sorted(LOOPBACK))
            return (
                f"host {self.host!r} is not a loopback address: expected one of {known}; "
                "the TWS protocol has no password"
            )
        if not 0 <= self.port <= 65535:
            return f"port {self.port} does not exist: expected 0 to 65535"
        if self.control_port is not None and not 0 <= self.control_port <= 65535:
            return f"control port {self.control_port} does not exist: expected 0 to 65535"
        return ""

    def _market(self) -> str:
        check_form(self.market, self.resolution)
        checked_speed(self.speed)
        if self.start is not None and not _START.fullmatch(self.start):
            return f"start {self.start!r} is not a time: expected HH:MM or HH:MM:SS, New York time"
        try:
            calendar_date.fromisoformat(self.date)
        except ValueError:
            return f"date {self.date!r} is not a day: expected YYYY-MM-DD"
        return (
            "" if self.symbols != () else "no symbol to trade: expected at least one, such as SPY"
        )

    def _account(self) -> str:
        if not _ACCOUNT.fullmatch(self.account):
            return f"account {self.account!r} is not a paper account: expected DU and 5 to 9 digits"
        if not (self.cash.is_finite() and self.cash > 0):
            return f"cash {self.cash} cannot be used: expected a positive amount of dollars"
        return ""
