"""How fast market time can run: the floor with one client, on made-up and recorded days (P10).

Market seconds per second of work, and the longest that one call, a minute of market time,
keeps everybody waiting. Recordings are played where they are found (IBELAY_MARKET_DATA).
Run: ``python -m benchmarks.bench_replay [hours]``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.floor import Floor
from ibelay.gateway.session.quote_bars import Shown, WantedBar
from ibelay.model.ids import ClientId, ConId

TARGET = 1000
HOUR_NS = 3600 * 1_000_000_000
DATA = Path(os.environ.get("IBELAY_MARKET_DATA", Path(__file__).parents[2] / "shared/market-data"))
clock = time.perf_counter


class Ear:
    """A client that hears everything and wants all bars of *con_ids*."""

    def __init__(self, con_ids: Iterable[ConId]) -> None:
        self._bars = [(con_id, shown) for con_id in con_ids for shown in Shown]
        self.heard = 0

    def bars_wanted(self) -> Iterable[WantedBar]:
        """See ``Listener``."""
        return self._bars

    def on_ticks(self, _con_id: ConId, ticks: Sequence[Any]) -> None:
        """Count ticks."""
        self.heard += len(ticks)

    def __getattr__(self, _name: str) -> Any:
        """Hear all else without a thought."""
        return self._hear

    def _hear(self, *_anything: object) -> None:
        self.heard += 1


def markets() -> dict[str, GatewayOptions]:
    """Return what is played, by name."""
    lean = f"lean:{DATA / 'lean'}"
    found = {
        "4 stocks, made up": GatewayOptions(start="09:30"),
        "ES and EUR.USD, made up": GatewayOptions(
            symbols=("ES:FUT", "EUR.USD:CASH"), start="09:30"
        ),
    }
    if (DATA / "lean").is_dir():
        day, other_day = "2013-10-08", "2014-06-05"
        found |= {
            "4 stocks by the second": GatewayOptions(market=lean, date=day, start="09:30"),
            "5 futures by the minute": GatewayOptions(
                market=lean, date=day, symbols=("ES:FUT",), start="09:30"
            ),
            "a chain by the minute": GatewayOptions(
                market=lean, date=other_day, symbols=("TWX", "TWX:OPT"), start="09:30"
            ),
        }
    else:
        print(f"no recordings at {DATA}: only made-up markets are measured")
    return found


def run(floor: Floor, hours: float) -> tuple[float, float, int]:
    """Play *hours*; return market seconds per second, the longest call in ms, what was heard."""
    ear = Ear(one.contract.con_id for one in floor.market.instruments[:4])
    floor.join(ClientId(1), ear)
    begin_ns = floor.now_ns
    end_ns = min(floor.market.end_ns, begin_ns + int(hours * HOUR_NS))
    longest, began = 0.0, clock()
    while floor.now_ns < end_ns:
        before = clock()
        floor.advance(end_ns)
        longest = max(longest, clock() - before)
    return (end_ns - begin_ns) / 1e9 / (clock() - began), longest * 1e3, ear.heard


def main() -> None:
    """Print one line per market."""
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    for name, options in markets().items():
        began = clock()
        floor = build_floor(options)
        loaded = clock() - began
        speed, longest, heard = run(floor, hours)
        print(
            f"{name:26} {speed:8,.0f}x (target {TARGET:,}x)   longest call {longest:6.1f} ms   "
            f"heard {heard:9,}   loaded in {loaded:4.1f} s"
        )


if __name__ == "__main__":
    main()
