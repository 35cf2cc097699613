"""From options to a running gateway: the room's own composition root."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import datetime

from ibelay.control.port.listener import ControlPort
from ibelay.control.scenario import Scenario, daily, load
from ibelay.control.stopping import run_server, stopped_by_signals
from ibelay.gateway.control.front import Front
from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.market.api import Market
from ibelay.gateway.market.hours import NEW_YORK, SECOND_NS
from ibelay.gateway.market.moved import MovedMarket
from ibelay.gateway.market.opening import begin_ns, open_market
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.floor import Floor
from ibelay.model.faults import Reset

_NAMES_SHOWN = 8


def build_floor(options: GatewayOptions) -> Floor:
    """Return market, exchange and board as *options* say, at the time to begin.

    Raises:
        ConfigurationError: The data is missing, or the time to begin is outside the day.
    """
    return floor_on(open_market(options.market_choice), options)


def floor_on(prices: Market, options: GatewayOptions) -> Floor:
    """Return exchange and board on *prices*, whatever market *options* name.

    Raises:
        ConfigurationError: The time to begin is outside the data.
    """
    market = MovedMarket(prices)
    exchange = Exchange(
        account=options.account,
        cash=options.cash,
        instruments=market.universe,
        open_ns=market.open_ns,
        close_ns=market.close_ns,
    )
    return Floor(
        account=options.account,
        market=market,
        exchange=exchange,
        start_ns=begin_ns(market, options.start_of_day_s()),
        pacing=options.pacing,
        entitlement=options.entitlement,
        read_only=options.read_only,
    )


def gateway(options: GatewayOptions) -> PaperGateway:
    """Return a gateway that listens once entered.

    Raises:
        ConfigurationError: See ``build_floor``.
    """
    floor = build_floor(options)
    return PaperGateway(
        floor,
        host=options.host,
        port=options.port,
        speed=options.speed,
        skip_nights=options.skip_nights,
        faults=options.faults,
        scenarios=tuple(_scenarios(options)),
    )


def _scenarios(options: GatewayOptions) -> Iterator[Scenario]:
    if options.reset_at is not None:
        yield daily("IB's nightly reset", options.reset_at, Reset())
    if options.scenario is not None:
        yield load(options.scenario)


async def serve(options: GatewayOptions, *, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        options: See there.
        announce: Told the ports, a line each, and what is played, once they are bound.

    Raises:
        ConfigurationError: The data is missing or the port cannot be bound.
    """
    stop = asyncio.Event()
    paper = gateway(options)  # may take a while, in which a Ctrl-C is to end it
    async with AsyncExitStack() as stack:
        stack.enter_context(stopped_by_signals(stop.set))
        listening = await stack.enter_async_context(paper)
        control = await _control(options, listening, stack)
        announce(f"paper gateway listening on {options.host}:{listening.port}")
        if control is not None:
            announce(control)
        announce(played(options, listening.floor))
        await stop.wait()


def played(options: GatewayOptions, floor: Floor) -> str:
    """Return one line about what a client finds: account, contracts, market time."""
    found = (one.contract for one in floor.market.instruments)
    names = [one.local_symbol or one.symbol for one in found]
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    now = datetime.fromtimestamp(floor.now_ns // SECOND_NS, NEW_YORK)
    return (
        f"account {options.account}; market of {shown}; "
        f"it is {now:%Y-%m-%d %H:%M:%S} in New York, at {options.speed:g}x"
    )


async def _control(
    options: GatewayOptions, paper: PaperGateway, stack: AsyncExitStack
) -> str | None:
    """Open the control port, if there is to be one; return what to announce."""
    if options.control_port is None:
        return None
    port = await stack.enter_async_context(
        ControlPort(
            Front(paper),
            host=options.host,
            port=options.control_port,
            token_file=options.control_token_file,
        )
    )
    return f"control port {options.host}:{port.port}, token in {port.token_file}"


def run(options: GatewayOptions) -> None:
    """Serve until SIGTERM or SIGINT, announcing on standard output."""
    run_server(serve(options, announce=_print))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
