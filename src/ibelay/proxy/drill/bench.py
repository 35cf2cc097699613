"""The bench: everybody who watches, and what they share."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.proxy.drill.findings import Docket
from ibelay.proxy.drill.links.lines import Lines
from ibelay.proxy.drill.links.manners import Manners
from ibelay.proxy.drill.links.pace import Pace
from ibelay.proxy.drill.links.recovery import Recovery
from ibelay.proxy.drill.links.streams import Streams
from ibelay.proxy.drill.thresholds import Thresholds
from ibelay.proxy.drill.trading.book import Book
from ibelay.proxy.drill.trading.fills import Fills
from ibelay.proxy.drill.trading.holdings import Holdings
from ibelay.proxy.drill.trading.instruments import Instruments
from ibelay.proxy.drill.trading.protection import Protection
from ibelay.proxy.drill.trading.sending import Sending


@dataclass(slots=True)
class Bench:
    """All watchers, and what they share.

    Attributes:
        began_ns: Time of the first fact; None before it.
        now_ns: Time of the last one.
        acts: When which fault began.
    """

    thresholds: Thresholds
    docket: Docket
    lines: Lines
    book: Book
    streams: Streams
    holdings: Holdings
    recovery: Recovery
    manners: Manners
    pace: Pace
    sending: Sending
    fills: Fills
    protection: Protection
    acts: list[tuple[int, str]]
    began_ns: int | None = None
    now_ns: int = 0


def bench_of(limits: Thresholds) -> Bench:
    """Return a bench that has seen nothing."""
    docket, instruments, lines = Docket(), Instruments(), Lines()
    book, holdings = Book(instruments), Holdings(instruments)
    streams = Streams(limits, instruments, docket)
    return Bench(
        thresholds=limits,
        docket=docket,
        lines=lines,
        book=book,
        streams=streams,
        holdings=holdings,
        recovery=Recovery(limits, lines, book, streams, docket),
        manners=Manners(limits, docket),
        pace=Pace(limits, docket),
        sending=Sending(limits, book, docket),
        fills=Fills(limits, docket),
        protection=Protection(limits, book, holdings, docket),
        acts=[],
    )
