"""A campaign of hostile clients against one floor, with a witness that must not notice.

    python -m tests.fuzz.campaign [--inputs 200000] [--seed 1]

Every input is one message or one piece of bytes. After each the session must have answered
in frames a client can cut, or have closed; nothing may be raised. A well-behaved client on
the same floor asks for the time now and then and must hear it.
"""

from __future__ import annotations

import argparse
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from tests.fuzz import corpus, mutation

from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.client import Session
from ibelay.gateway.session.line.pacing import Pacing

STEP_NS = 10_000_000
PER_SESSION = 60
WITNESS_EVERY = 500
MOST_BYTES = 20 << 20


@dataclass(slots=True)
class Report:
    """What a campaign saw."""

    inputs: int = 0
    sessions: int = 0
    closed_by_gateway: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    witnessed: int = 0


def numbers(said: bytes) -> Iterator[str]:
    """Yield the numbers of the messages in *said*, which a client must be able to cut."""
    offset = 0
    while offset < len(said):
        (size,) = struct.unpack_from(">I", said, offset)
        payload = said[offset + 4 : offset + 4 + size]
        assert len(payload) == size, "an answer ends within a frame"
        number = payload.partition(b"\0")[0].decode("ascii")
        assert number.isdigit(), f"an answer begins with {payload[:20]!r}"
        yield number
        offset += 4 + size


class Campaign:
    """One seed, one run, always the same."""

    def __init__(self, seed: int) -> None:
        self.report = Report()
        self._chance = Random(seed)  # noqa: S311 - nothing here is secret
        self._seeds = corpus.messages()
        options = GatewayOptions(symbols=("SPY", "IBM"), start="10:00", pacing=Pacing.OFF)
        self._floor = build_floor(options)
        self._now_ns = self._floor.now_ns
        self._witness = self._started(b"API\0" + mutation.framed(b"v100..178"), client_id=999)

    def run(self, inputs: int) -> Report:
        """Send *inputs* inputs."""
        while self.report.inputs < inputs:
            self._client(min(PER_SESSION, inputs - self.report.inputs))
        return self.report

    def _started(self, hello: bytes, client_id: int) -> Session:
        session = Session(self._floor)
        session.receive(hello, self._now_ns)
        start = f"71\x002\x00{client_id}\x00\x00".encode()
        session.receive(mutation.framed(start), self._now_ns)
        return session

    def _client(self, inputs: int) -> None:
        chance, self.report.sessions = self._chance, self.report.sessions + 1
        session = self._started(mutation.hello(chance), client_id=chance.randrange(40))
        for _ in range(inputs):
            data = mutation.bent(chance.choice(self._seeds), chance)
            if chance.randrange(200) == 0:
                data = mutation.noise(chance)
            self._send(session, data)
            if session.closed:
                self.report.closed_by_gateway += 1
                break
        session.leave()
        self._floor.exchange.cancel_all(self._now_ns)

    def _send(self, session: Session, data: bytes) -> None:
        """Send *data* in one piece or two, as a network may."""
        self.report.inputs += 1
        self._now_ns += STEP_NS
        cut = self._chance.randrange(len(data)) if self._chance.randrange(10) == 0 else 0
        for piece in (data[:cut], data[cut:]):
            if piece:
                session.receive(piece, self._now_ns, self._now_ns)
        said = session.take(self._now_ns)
        assert len(said) <= MOST_BYTES, f"{len(said)} bytes of answers to one input"
        self.report.answers.update(numbers(said))
        if self.report.inputs % WITNESS_EVERY == 0:
            self._look()

    def _look(self) -> None:
        self._witness.take(self._now_ns)
        self._witness.receive(mutation.framed(b"49\x001\x00"), self._now_ns, self._now_ns)
        said = self._witness.take(self._now_ns)
        assert b"49\x001\x00" in said, "the witness was not answered"
        self.report.witnessed += 1


def main() -> None:
    """Run a campaign and print what it saw."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    report = Campaign(asked.seed).run(asked.inputs)
    print(  # noqa: T201 - this is its output
        f"{report.inputs} inputs in {report.sessions} sessions, {report.closed_by_gateway} closed "
        f"by the gateway, {sum(report.answers.values())} answers of {len(report.answers)} kinds, "
        f"{report.witnessed} looks of the witness"
    )


if __name__ == "__main__":
    main()
