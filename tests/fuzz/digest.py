"""All bytes a gateway says to one client, as a number: the same for the same seed.

    python -m tests.fuzz.digest SEED

Prints the SHA-256 of what a client hears that asks for everything, in an order chosen by
SEED, while ten minutes of market time go by.
"""

from __future__ import annotations

import hashlib
import sys
from random import Random

from tests.fuzz import corpus
from tests.fuzz.mutation import framed

from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.client import Session
from ibelay.gateway.session.line.pacing import Pacing

STEPS = 300
SECOND_NS = 1_000_000_000


def digest(seed: int) -> tuple[str, int]:
    """Return the SHA-256 of everything said, in hexadecimal, and how many bytes it was."""
    chance = Random(seed)  # noqa: S311 - nothing here is secret
    symbols = ("SPY", "IBM", "ES:FUT", "EUR.USD:CASH")
    options = GatewayOptions(symbols=symbols, start="09:29", pacing=Pacing.OFF, seed=seed)
    floor = build_floor(options)
    now_ns, session, said = floor.now_ns, Session(floor), hashlib.sha256()
    session.receive(b"API\0" + framed(b"v100..178"), now_ns)
    session.receive(framed(b"71\x002\x001\x00\x00"), now_ns)
    messages, size, order_id = corpus.messages(), 0, 0
    for _ in range(STEPS):
        fields = list(chance.choice(messages))
        if fields[0] == "3":  # ids only go up, or nothing but 103 would be heard
            order_id += 1
            fields[1] = str(order_id)
        elif fields[0] not in {"4", "58"} and chance.randrange(2):
            fields = ["49", "1"]
        session.receive(framed("".join(f"{field}\0" for field in fields).encode()), now_ns)
        now_ns += chance.randrange(4 * SECOND_NS)
        floor.advance(now_ns)
        heard = session.take()
        said.update(heard)
        size += len(heard)
    return said.hexdigest(), size


def main() -> None:
    """Print the number of the seed named on the command line."""
    print(*digest(int(sys.argv[1])))  # noqa: T201 - this is its output


if __name__ == "__main__":
    main()
