"""From options to a running gateway: the room's own composition root."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from ibelay.errors import ConfigurationError
from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.market import lean, synthetic
from ibelay.gateway.market.api import Market
from ibelay.gateway.market.hours import SECOND_NS, trading_day
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.floor import Floor

LEAD_NS = 120 * SECOND_NS
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def build_floor(options: GatewayOptions) -> Floor:
    """Return market, exchange and board as *options* say, at the time to begin.

    Raises:
        ConfigurationError: The data is missing, or the time to begin is outside the day.
    """
    market = _market(options)
    exchange = Exchange(
        account=options.account,
        cash=options.cash,
        instruments=market.instruments,
        open_ns=market.open_ns,
        close_ns=market.close_ns,
    )
    return Floor(
        account=options.account,
        market=market,
        exchange=exchange,
        start_ns=_start_ns(options, market),
        faults=options.faults,
    )


def gateway(options: GatewayOptions) -> PaperGateway:
    """Return a gateway that listens once entered.

    Raises:
        ConfigurationError: See ``build_floor``.
    """
    floor = build_floor(options)
    return PaperGateway(floor, host=options.host, port=options.port, speed=options.speed)


async def serve(options: GatewayOptions, *, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        options: See there.
        announce: Told one line once the port is bound.

    Raises:
        ConfigurationError: The data is missing or the port cannot be bound.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with gateway(options) as listening:
        _on_stop_signal(loop, stop.set)
        announce(f"paper gateway listening on {options.host}:{listening.port}")
        await stop.wait()


def run(options: GatewayOptions) -> None:
    """Serve until SIGTERM or SIGINT, announcing on standard output."""
    asyncio.run(serve(options, announce=_print))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _on_stop_signal(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Call *stop* on either signal, also where loops cannot watch signals (Windows)."""
    for number in _STOP_SIGNALS:
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:
            signal.signal(number, lambda _number, _frame: loop.call_soon_threadsafe(stop))


def _market(options: GatewayOptions) -> Market:
    kind, _colon, path = options.market.partition(":")
    if kind == "lean":
        return lean(Path(path), options.date, options.symbols)
    return synthetic(options.seed, options.symbols, options.date)


def _start_ns(options: GatewayOptions, market: Market) -> int:
    seconds = options.start_of_day_s()
    if seconds is None:
        return market.open_ns - LEAD_NS
    start_ns = trading_day(options.date).midnight_ns + seconds * SECOND_NS
    if not market.start_ns <= start_ns < market.end_ns:
        raise ConfigurationError(
            f"start {options.start} is outside the day's data: expected 04:00 to 20:00, New York"
        )
    return start_ns
