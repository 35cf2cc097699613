"""The gateway's process: it plays its steps of a scenario and writes down its book.

Market time stands still until SIGUSR1, so that bot and proxy can start at leisure.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ibelay.app.clock import SystemClock
from ibelay.control.stopping import stopped_by_signals
from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.line.pacing import Pacing
from ibelay.testing.matrix.fault import load
from ibelay.testing.matrix.real.parts import (
    Began,
    Did,
    GatewayPart,
    Happened,
    Notebook,
    by_gateway,
    part_of,
    told,
)

ANNOUNCED = "gateway listens on"


async def serve(part: GatewayPart) -> None:
    """Serve until SIGTERM."""
    fault = load(Path(part.fault))
    setting = fault.setting
    floor = build_floor(
        GatewayOptions(
            symbols=setting.symbols,
            date=setting.date,
            days=setting.days,
            start=setting.start,
            seed=setting.seed,
            pacing=Pacing(setting.pacing),
        )
    )
    scenario = part_of(fault.scenario, by_gateway(part.without))
    paper = PaperGateway(
        floor,
        speed=part.speed,
        skip_nights=False,
        scenarios=(scenario,) if scenario.steps else (),
    )
    clock, loop, stop = SystemClock(), asyncio.get_running_loop(), asyncio.Event()
    with closing(Notebook(Path(part.record))) as book, stopped_by_signals(stop.set):

        def hear(events: Sequence[ExchangeEvent]) -> None:
            book.write(Happened(floor.now_ns, tuple(events)))

        def begin() -> None:
            book.write(Began(clock.wall_ns(), paper.resume()))

        floor.watch(hear)
        async with paper:
            began_ns = paper.pause()
            loop.add_signal_handler(signal.SIGUSR1, begin)
            sys.stdout.write(f"{ANNOUNCED} {paper.port}, market time {began_ns}\n")
            sys.stdout.flush()
            await stop.wait()
        for done in paper.operator.log:
            book.write(Did(*done))


if __name__ == "__main__":
    asyncio.run(serve(told(sys.argv[1], GatewayPart)))
