"""Who does which word: the paper gateway, the chaos proxy, or a simulation.

Rules:
1. A word that no table row names is done by the gateway and by the proxy.
2. A simulation hands a word to its gateway or to its proxy where one of them does it.
3. Who is asked for a word of others refuses it with one sentence that says who does it.
"""

from __future__ import annotations

from enum import StrEnum

from ibelay.model.faults.text import VOCABULARY, Command, write
from ibelay.model.faults.words import book, clock, line, process, socket, upstream


class Performer(StrEnum):
    """Who makes things go wrong."""

    GATEWAY = "the paper gateway"
    PROXY = "the chaos proxy"
    SIMULATION = "a simulation or a drill with real processes"


_BOTH = (Performer.GATEWAY, Performer.PROXY)
_ONLY: dict[type[Command], tuple[Performer, ...]] = {
    book.SetPrice: (Performer.GATEWAY,),
    book.Fill: (Performer.GATEWAY,),
    book.Partial: (Performer.GATEWAY,),
    book.Reject: (Performer.GATEWAY,),
    book.Cancel: (Performer.GATEWAY,),
    book.ManualTrade: (Performer.GATEWAY,),
    book.ForeignTrade: (Performer.GATEWAY,),
    book.Advise: (Performer.GATEWAY,),
    book.NetOut: (Performer.GATEWAY,),
    line.RejectData: (Performer.GATEWAY,),
    book.Correct: (Performer.GATEWAY,),
    book.Split: (Performer.GATEWAY,),
    upstream.Midnight: (Performer.GATEWAY,),
    clock.Pause: (Performer.GATEWAY,),
    clock.Resume: (Performer.GATEWAY,),
    clock.Step: (Performer.GATEWAY,),
    clock.SetSpeed: (Performer.GATEWAY,),
    socket.Latency: (Performer.PROXY,),
    socket.Bandwidth: (Performer.PROXY,),
    socket.Slicer: (Performer.PROXY,),
    socket.Limit: (Performer.PROXY,),
    socket.SlowClose: (Performer.PROXY,),
    socket.Timeout: (Performer.PROXY,),
    process.Kill: (Performer.SIMULATION,),
    process.PowerCut: (Performer.SIMULATION,),
    process.Stall: (Performer.SIMULATION,),
    process.Unplug: (Performer.SIMULATION,),
}
PERFORMERS: dict[type[Command], tuple[Performer, ...]] = {
    kind: _ONLY.get(kind, _BOTH) for kind in VOCABULARY.values()
}


def words_of(performer: Performer) -> list[type[Command]]:
    """Return what *performer* does, in the order of the vocabulary."""
    return [kind for kind, performers in PERFORMERS.items() if performer in performers]


def refusal(command: Command, asked: Performer) -> str:
    """Return the sentence with which *asked* refuses a word of others."""
    others = " and ".join(PERFORMERS[type(command)])
    return f"{asked} cannot do {write(command)!r}: {others} can"
