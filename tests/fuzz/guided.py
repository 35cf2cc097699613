"""Fuzzing that follows coverage: what reaches a new branch of the gateway is bent further.

    python -m tests.fuzz.guided --seconds 600 --corpus FOLDER

Needs ``requirements/fuzz.txt``. An input is a connection: its first byte says what the client
shook hands with, the rest is its messages, parted by a byte that is in no text; or, where the
first byte says so, the bytes of the connection as they are. The floor is built anew now and
then, so that what grows for ever is found by the limit on memory, and what takes ten seconds
by the limit on time.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ibelay.gateway.session.floor import Floor

MODULES = ["ibelay.wire", "ibelay.gateway.session", "ibelay.gateway.exchange"]
VERSIONS = (157, 163, 176, 178)
RAW = 7
PART = b"\xff"
STEP_NS = 10_000_000
FLOOR_FOR = 2_000
MOST_BYTES = 4096
MOST_MEMORY_MIB = 1024
MOST_SECONDS = 10
WORDS = ("SPY", "SMART", "756733", "BAG", "STP LMT", "TRAIL", "20250602 10:00:00", "0", "1", "-1")


class Target:
    """Takes inputs, one connection each."""

    def __init__(self) -> None:
        # Late, so that what is fuzzed is imported under instrumentation.
        from tests.fuzz import campaign, mutation  # noqa: PLC0415  # see above

        from ibelay.gateway import main, options  # noqa: PLC0415  # see above
        from ibelay.gateway.session import client  # noqa: PLC0415  # see above
        from ibelay.gateway.session.line.pacing import Pacing  # noqa: PLC0415  # see above

        settings = options.GatewayOptions(symbols=("SPY", "IBM"), start="10:00", pacing=Pacing.OFF)
        self._build: Callable[[], Floor] = lambda: main.build_floor(settings)
        self._session = client.Session
        self._frame, self._numbers = mutation.framed, campaign.numbers
        self._inputs = 0
        self._floor = self._build()

    def __call__(self, data: bytes) -> None:
        """Let a client send *data*, and check what it is answered."""
        self._inputs += 1
        if self._inputs % FLOOR_FOR == 0:
            self._floor = self._build()
        floor, session = self._floor, self._session(self._floor)
        now_ns = floor.now_ns + STEP_NS
        for piece in self._pieces(data):
            session.receive(piece, now_ns, now_ns)
            for _number in self._numbers(session.take(now_ns)):
                pass  # each is checked as it is cut
        session.leave()
        floor.publish(floor.exchange.cancel_all(floor.now_ns))

    def _pieces(self, data: bytes) -> list[bytes]:
        way = data[0] % (RAW + 1) if data else 0
        if way == RAW:
            return [data[1:]] if len(data) > 1 else []
        hello = b"API\0" + self._frame(b"v100..%d" % VERSIONS[way % len(VERSIONS)])
        start = self._frame(b"71\x002\x00%d\x00\x00" % (way // len(VERSIONS)))
        return [hello, start, *(self._frame(one) for one in data[1:].split(PART) if one)]


def write_seeds(folder: Path) -> None:
    """Put a valid connection for each request of the corpus into *folder*."""
    from tests.fuzz import corpus  # noqa: PLC0415  # as above

    folder.mkdir(parents=True, exist_ok=True)
    messages = ["".join(f"{field}\0" for field in one).encode() for one in corpus.messages()]
    for number, message in enumerate(messages):
        way = bytes([number % RAW])
        (folder / f"seed-{number:03}").write_bytes(way + message)
        after = PART.join(messages[number : number + 4])
        (folder / f"story-{number:03}").write_bytes(way + after)


def write_words(path: Path) -> None:
    """Write the words that messages are made of, as libFuzzer reads them."""
    from tests.fuzz import mutation  # noqa: PLC0415  # as above

    words = [word for word in (*WORDS, *mutation.NASTY) if 0 < len(word) < 40 and word.isascii()]
    escaped = ["".join(f"\\x{ord(letter):02x}" for letter in word) for word in words]
    path.write_text("".join(f'"{word}"\n' for word in escaped), encoding="ascii")


def main() -> None:
    """Fuzz until the time is up; end with an error at the first thing that breaks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, default=Path("build/fuzz"))
    asked = parser.parse_args()
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=MODULES):
        target = Target()
    seeds, words = asked.corpus / "inputs", asked.corpus / "words"
    write_seeds(seeds)
    write_words(words)
    limits = {
        "max_total_time": asked.seconds,
        "max_len": MOST_BYTES,
        "rss_limit_mb": MOST_MEMORY_MIB,
        "timeout": MOST_SECONDS,
        "dict": words,
        "artifact_prefix": f"{asked.corpus}/",
        "print_final_stats": 1,
    }
    options = [f"-{name}={value}" for name, value in limits.items()]
    atheris.Setup([sys.argv[0], *options, str(seeds)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
