"""Taps: what passes through the bot's socket and journal becomes observations.

All bytes that anybody writes go into the trace of the run, whoever they are from.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice

from ibelay.gateway.market.api import Market
from ibelay.journal.records import AnyRecord
from ibelay.model.ids import ClientId
from ibelay.ports.journal import Entry, Journal
from ibelay.runtime.bot import Bot
from ibelay.testing.simulation.observed import Appended, Asked, Durable, Observation, Told
from ibelay.testing.virtual.clock import BOOTED_NS
from ibelay.testing.virtual.stream import End
from ibelay.wire.decode.message import decode

SERVER_VERSION = 178
_GREETING = b"API\0"
_FRAME_MAX = 16 << 20
# What goes by hundreds a minute and says nothing about orders that other messages do not:
# time, ticks, bars, the account's values, commissions, and the day's orders that are over.
_UNTOLD = frozenset(b"49 1 2 45 46 50 58 81 6 7 8 59 73 101".split())
_EXECUTION = b"11"
_UNASKED = frozenset({b"49"})
_LENGTH = struct.Struct(">I")
_NUMBER_MAX = 4  # digits of a message's number, and the NUL after it
_HASHED_BYTES = 1 << 16

See = Callable[[Observation], None]

_MOVES_NS = 20_000_000_000
"""A market without a quote or a print for so long stands still."""


def bars_heard(bot: Bot, market: Market, now_ns: int) -> dict[str, int]:
    """Return when the strategy was last given a bar (virtual ns) of what it streams and moves.

    Args:
        bot: Whose strategy it is.
        market: What moves.
        now_ns: Market time.
    """
    moving = {
        one.contract.symbol
        for one in market.instruments
        for _event in islice(market.events_of(one.contract.con_id, now_ns - _MOVES_NS, now_ns), 1)
    }
    return {
        symbol: max(0, (stream.given_mono_ns or 0) - BOOTED_NS)
        for symbol, stream in bot.streams.by_symbol.items()
        if symbol in moving
    }


class Wiretap:
    """All connections of a network, and those of one host in particular.

    Args:
        host: What is observed of its connections.
        client_id: Whose they are.
        now_ns: Virtual time.
        see: Takes the observations.
    """

    def __init__(self, host: str, client_id: ClientId, now_ns: Callable[[], int], see: See) -> None:
        self._host = host
        self._client_id = client_id
        self._now_ns = now_ns
        self._see = see
        self._taps: dict[End, SocketTap] = {}
        self._hash = hashlib.sha256()
        self._unhashed = bytearray()

    @property
    def digest(self) -> str:
        """What has been written until now, by whom and when, as a hash."""
        self._hash_all()
        return self._hash.hexdigest()

    def wrote(self, end: End, data: bytes) -> None:
        """Take what the program at *end* has written."""
        host = end.local[0]
        self._unhashed += b"%d %b\n%b" % (self._now_ns(), host.encode(), data)
        if len(self._unhashed) >= _HASHED_BYTES:
            self._hash_all()
        if host == self._host:
            (self._taps.get(end) or self._begin(end)).wrote(data)

    def read(self, end: End, data: bytes) -> None:
        """Take what the program at *end* is about to be given."""
        if end.local[0] == self._host:
            (self._taps.get(end) or self._begin(end)).read(data)

    def _hash_all(self) -> None:
        self._hash.update(self._unhashed)
        self._unhashed.clear()

    def _begin(self, end: End) -> SocketTap:
        self._taps = {known: one for known, one in self._taps.items() if not known.is_closing()}
        tap = self._taps[end] = SocketTap(self._client_id, self._now_ns, self._see)
        return tap


class SocketTap:
    """One connection of the bot.

    Every snapshot tells all executions of the day again; each is observed once a connection.

    Args:
        client_id: Whose connection it is.
        now_ns: Virtual time.
        see: Takes the observations.
    """

    def __init__(self, client_id: ClientId, now_ns: Callable[[], int], see: See) -> None:
        self._client_id = client_id
        self._now_ns = now_ns
        self._see = see
        self._out, self._in = _Frames(_UNASKED), _Frames(_UNTOLD)
        self._greeting = b""
        self._greeted = self._versions_told = False
        self._executions: set[bytes] = set()

    def wrote(self, data: bytes) -> None:
        """Look at what the bot has written."""
        if not self._greeted:
            self._greeting += data
            self._greeted = len(self._greeting) >= len(_GREETING)
            data = self._greeting[len(_GREETING) :]
        for payload in self._out.cut(data):
            if self._versions_told:
                self._see(Asked(self._now_ns(), self._client_id, decode(payload, SERVER_VERSION)))
            self._versions_told = True  # the range of versions is no request

    def read(self, data: bytes) -> None:
        """Look at what the bot is about to be given."""
        for payload in self._in.cut(data):
            self._hear(payload)

    def _hear(self, payload: bytes) -> None:
        number, _nul, rest = payload.partition(b"\0")
        if number != _EXECUTION or not self._told_before(rest):
            fields = tuple(payload.decode(errors="replace").split("\0")[:-1])
            self._see(Told(self._now_ns(), fields))

    def _told_before(self, execution: bytes) -> bool:
        """Return whether *execution*, whoever asked for it, was told on this connection."""
        _request, _nul, itself = execution.partition(b"\0")
        known = itself in self._executions
        self._executions.add(itself)
        return known


class _Frames:
    """Cuts one direction of a connection into messages, of which most are passed over.

    Args:
        passed_over: Numbers of messages that nobody wants.
    """

    def __init__(self, passed_over: frozenset[bytes]) -> None:
        self._passed_over = passed_over
        self._rest = b""
        self._garbled = False

    def cut(self, data: bytes) -> list[bytes]:
        """Return the messages that are complete with *data* and wanted."""
        if self._garbled:
            return []
        if self._rest:
            data = self._rest + data
        found, start, beyond = list[bytes](), 0, len(data)
        while (begin := start + _LENGTH.size) <= beyond:
            (size,) = _LENGTH.unpack_from(data, start)
            if not 0 < size <= _FRAME_MAX:
                self._garbled = True  # whoever reads it will say so
                break
            end = begin + size
            if end > beyond:
                break
            nul = data.find(0, begin, begin + _NUMBER_MAX)
            if data[begin : nul if nul > 0 else begin + _NUMBER_MAX] not in self._passed_over:
                found.append(data[begin:end])
            start = end
        self._rest = b"" if self._garbled else data[start:]
        return found


class ObservedJournal:
    """A journal, and what is given to it.

    Args:
        journal: The real one.
        now_ns: Virtual time.
        see: Takes the observations.
    """

    def __init__(self, journal: Journal, now_ns: Callable[[], int], see: See) -> None:
        self._journal = journal
        self._now_ns = now_ns
        self._see = see

    def append(self, records: Sequence[AnyRecord]) -> Future[int]:
        """Append, and say when it is durable."""
        kept = tuple(records)
        if kept:
            self._see(Appended(self._now_ns(), kept))
        durable = self._journal.append(kept)
        if kept:
            durable.add_done_callback(lambda done: self._durable(done, kept))
        return durable

    def replay(self, after: int = 0) -> Iterator[Entry]:
        """Yield every durable entry above *after*."""
        return self._journal.replay(after)

    def close(self) -> None:
        """Close it."""
        self._journal.close()

    def _durable(self, done: Future[int], records: tuple[AnyRecord, ...]) -> None:
        if done.exception() is None:
            self._see(Durable(self._now_ns(), done.result() - len(records) + 1, records))
