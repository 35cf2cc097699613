"""What rest costs: CPU seconds a minute of a bot that waits, and of the gateway it waits on.

    python -m benchmarks.bench_idle [--seconds 30]

The bot is the real one (``timed_bot``), READY, holding and streaming nothing; the paper gateway is
a process of its own with SPY's made-up market at its real speed. What a rest costs is what a
simulated hour costs at least: the last figure is that of a whole simulated world at rest (P9).
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # as in the supervisor
from benchmarks.side_by_side import paper_gateway
from benchmarks.timed_bot import OnDemand, running, settings_of

from ibelay.testing.simulation.setting import Setting
from ibelay.testing.simulation.world import World

_HOURS = 1.0


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _real(port: int, seconds: float) -> tuple[float, float]:
    """Return CPU seconds a minute of bot and gateway."""
    bot = psutil.Process()
    (gateway,) = bot.children()
    with tempfile.TemporaryDirectory() as folder:
        async with running(settings_of(Path(folder), port)):
            await asyncio.sleep(5)  # what a start leaves to be done
            before = [_cpu_s(bot), _cpu_s(gateway)]
            await asyncio.sleep(seconds)
            after = [_cpu_s(bot), _cpu_s(gateway)]
    ours, its = ((then - at) * 60 / seconds for at, then in zip(before, after, strict=True))
    return ours, its


def _simulated() -> float:
    """Return CPU seconds of one simulated hour at rest."""
    process = psutil.Process()
    with World(1, Setting(strategy=OnDemand)) as world:
        world.run_for(60)
        before = _cpu_s(process)
        world.run_for(_HOURS * 3600)
        return (_cpu_s(process) - before) / _HOURS


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    with paper_gateway() as port:
        bot, gateway = asyncio.run(_real(port, options.seconds))
    print(f"bot at rest      {bot:8.3f} CPU s a minute")
    print(f"gateway at rest  {gateway:8.3f} CPU s a minute")
    simulated = _simulated()
    print(
        f"simulated hour   {simulated:8.3f} CPU s  ({1 / simulated:.1f} hours a second; target 7)"
    )


if __name__ == "__main__":
    main()
