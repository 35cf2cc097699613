"""From options to a running chaos proxy: the room's own composition root."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from ibelay.control.port.listener import ControlPort
from ibelay.control.port.remote import CHAOS, HOST
from ibelay.control.scenario import load
from ibelay.control.stopping import run_server, stopped_by_signals
from ibelay.proxy.chaos import ChaosProxy
from ibelay.proxy.options import ChaosOptions

Guest = Callable[[ChaosProxy, Callable[[], None]], AbstractAsyncContextManager[object]]
"""Somebody who watches while a proxy runs; is given the proxy, and what ends the run."""


def chaos(options: ChaosOptions, wall_ns: Callable[[], int]) -> ChaosProxy:
    """Return a proxy that listens once entered.

    Args:
        options: See there.
        wall_ns: Says what time it is, ns since the epoch.

    Raises:
        ConfigurationError: The scenario cannot be read.
    """
    return ChaosProxy(
        *options.upstream,
        host=options.host,
        port=options.port,
        chance=random.Random(options.seed),  # noqa: S311  # repeatable, and no secret
        faults=options.faults,
        scenarios=() if options.scenario is None else (load(options.scenario),),
        wall_ns=wall_ns,
        paper_only=not options.live,
    )


async def serve(
    options: ChaosOptions,
    *,
    announce: Callable[[str], None],
    wall_ns: Callable[[], int],
    guest: Guest | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, or until *guest* has seen enough.

    Args:
        options: See there.
        announce: Told the ports, a line each, once they are bound.
        wall_ns: Says what time it is, ns since the epoch.
        guest: Who watches, entered once the proxy listens.

    Raises:
        ConfigurationError: The scenario cannot be read or a port not be bound.
    """
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(stopped_by_signals(stop.set))
        proxy = await stack.enter_async_context(chaos(options, wall_ns))
        control = await _control(options, proxy, stack)
        host, port = options.upstream
        announce(f"chaos proxy listening on {options.host}:{proxy.port}, gateway {host}:{port}")
        if control is not None:
            announce(control)
        if guest is not None:
            await stack.enter_async_context(guest(proxy, stop.set))
        await stop.wait()


async def _control(options: ChaosOptions, proxy: ChaosProxy, stack: AsyncExitStack) -> str | None:
    """Open the control port, if there is to be one; return what to announce."""
    if options.control_port is None:
        return None
    port = await stack.enter_async_context(
        ControlPort(
            proxy,
            host=HOST,
            port=options.control_port,
            token_file=options.control_token_file,
            kind=CHAOS.word,
        )
    )
    return f"control port {HOST}:{port.port}, token in {port.token_file}"


def run(options: ChaosOptions, *, wall_ns: Callable[[], int], guest: Guest | None = None) -> None:
    """Serve, announcing on standard output; see ``serve``."""
    run_server(serve(options, announce=_print, wall_ns=wall_ns, guest=guest))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
