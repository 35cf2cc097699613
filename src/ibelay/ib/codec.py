"""ib_async's codec without its life: requests to text, messages to callbacks.

Rules:
1. Requests are written by ``ib_async.Client``'s request methods, byte for byte what it
   would send, but straight to our transport: its throttle queue holds messages back and
   drops them silently on a disconnect.
2. Messages are read by ``ib_async.Decoder``'s parsers and handed to our callbacks. Only the
   messages in ``READ`` are read at all. A parser that fails raises here; ib_async would log
   it and go on, and a lost openOrder would look like an order that does not exist.
3. The time of an execution is read by us (ib_async takes a zone-less text for its host's
   local time and loses the execution when it does not know a zone's name).

Source: client notes section 4 ("Throttle queue"), F36 and F38 of the shared facts; measured
here: ``Client.send`` builds a table per call, 22 of 24 microseconds of a placeOrder.
"""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

import ib_async
from ib_async.client import Client
from ib_async.decoder import Decoder
from ib_async.util import UNSET_DOUBLE, UNSET_INTEGER

from ibelay.ib.times import EASTERN, NS_PER_S, ib_time_ns
from ibelay.wire.framing import frame

_log = logging.getLogger(__name__)

MIN_SERVER_VERSION = Client.MinClientVersion
MAX_SERVER_VERSION = Client.MaxClientVersion
HELLO = b"API\0" + frame(f"v{MIN_SERVER_VERSION}..{MAX_SERVER_VERSION}".encode())

READ = frozenset({3, 4, 5, 6, 9, 10, 11, 15, 17, 18, 49, 50, 52, 53, 55, 59, 61, 62, 101, 102})
"""orderStatus, error, openOrder, accountValue, nextValidId, contractDetails, execDetails,
managedAccounts, historicalData, bondContractDetails, currentTime, realtimeBar, the ends,
commissionReport, position, completedOrder. Ticks (1, 2) are read without ib_async."""

_EXECUTION_TIME = 15  # index of the time text in an execDetails message
_FIRST_OF_TICK = 2  # request id, tick type, then price and size or size alone


class RequestWriter(Client):
    """``ib_async.Client``'s request methods over a transport of ours.

    Args:
        write: Takes one frame; raises ``LinkError`` when it cannot be sent.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        cast("Any", super()).__init__(None)
        del self.decoder, self.conn  # never used: we read and write elsewhere
        self._write = write

    def begin(self, server_version: int, client_id: int) -> None:
        """Take over what the handshake negotiated."""
        self._serverVersion = server_version
        self.clientId = client_id

    def send(self, *fields: object, makeEmpty: bool = True) -> None:  # noqa: N803 - its name
        """Write one message of *fields* now; *makeEmpty* blanks IB's unset numbers."""
        texts = [_FIELD_TEXT.get(type(field), _other_text)(field) for field in fields]
        if not makeEmpty:
            texts = [str(f) if _is_unset(f) else t for f, t in zip(fields, texts, strict=True)]
        self._write(frame(("\0".join(texts) + "\0").encode()))


def _is_unset(field: object) -> bool:
    return field in (UNSET_DOUBLE, UNSET_INTEGER)


def _float_text(value: float) -> str:
    if value == UNSET_DOUBLE:
        return ""
    return "Infinite" if value == math.inf else str(value)


def _contract_text(contract: ib_async.Contract) -> str:
    """Return the twelve contract fields of a request."""
    return "\0".join(
        (
            str(contract.conId),
            contract.symbol,
            contract.secType,
            contract.lastTradeDateOrContractMonth,
            str(contract.strike),
            contract.right,
            contract.multiplier,
            contract.exchange,
            contract.primaryExchange,
            contract.currency,
            contract.localSymbol,
            contract.tradingClass,
        )
    )


def _other_text(field: Any) -> str:
    """Return the text of a field of a rare type; contracts may be of a subclass."""
    return _contract_text(field) if isinstance(field, ib_async.Contract) else str(field)


_FIELD_TEXT: dict[type, Callable[[Any], str]] = {
    str: lambda text: text,
    bool: lambda flag: "1" if flag else "0",
    int: lambda value: "" if value == UNSET_INTEGER else str(value),
    float: _float_text,
    Decimal: lambda value: format(value, "f"),
    type(None): lambda _: "",
    list: lambda tags: "".join(f"{tag.tag}={tag.value};" for tag in tags),
    ib_async.Contract: _contract_text,
}


class UnreadableError(Exception):
    """A message could not be read; internal, translated by the link."""


_READING_FAILED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class RawDecoder(Decoder):
    """``ib_async.Decoder``'s parsers, handing each message to *callbacks* as IB sent it.

    Args:
        callbacks: Has a method for every message in ``READ``, named as in ib_async's
            ``Wrapper``, and ``price_tick(request_id, tick_type, price, size)`` and
            ``size_tick(request_id, tick_type, size)`` which take texts.
    """

    def __init__(self, callbacks: Any) -> None:
        super().__init__(callbacks, 0)
        parsers = {str(number): self.handlers[number] for number in sorted(READ)}
        self._parsers: dict[str, Callable[[list[str]], object]] = {
            **parsers,
            "1": lambda fields: callbacks.price_tick(*fields[_FIRST_OF_TICK:6]),
            "2": lambda fields: callbacks.size_tick(*fields[_FIRST_OF_TICK:5]),
        }
        self.handlers = {}

    def wrap(
        self, method: str, types: list[Callable[[str], Any]], skip: int = 2
    ) -> Callable[[list[str]], None]:
        """Return a parser of a flat message; unlike ib_async's it lets failures through."""
        call = getattr(self.wrapper, method, None)
        readers = [(_READERS[kind], _EMPTY[kind]) for kind in types]

        def parse(fields: list[str]) -> None:
            if call is not None:
                texts = zip(readers, fields[skip:], strict=False)
                call(*[read(text) if text else empty for (read, empty), text in texts])

        return parse

    def interpret(self, fields: list[str]) -> None:
        """Read one message.

        Raises:
            UnreadableError: The message does not have the form of its kind.
        """
        parser = self._parsers.get(fields[0]) if fields else None
        if parser is None:
            return
        try:
            parser(fields)
        except _READING_FAILED as error:
            raise UnreadableError(f"message {fields[0]} cannot be read: {error!r}") from error

    def parse(self, obj: Any) -> None:
        """Turn the texts in *obj* into the types of its fields, empty ones into defaults."""
        for name, read, default in _number_fields(cast("Any", type(obj))):
            text = getattr(obj, name)
            if text is not default:
                setattr(obj, name, read(text) if text else default)

    def execDetails(self, fields: list[str]) -> None:  # noqa: N802 - ib_async's name
        """Read an execution, its time first made a count of seconds by us."""
        fields[_EXECUTION_TIME] = str(_execution_s(fields[_EXECUTION_TIME]))
        cast("Any", super()).execDetails(fields)

    def forget(self) -> None:
        """Let go of the callbacks, so that a closed link is freed without the collector."""
        self._parsers = {}
        self.wrapper = cast("Any", None)


_READERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: int,
    float: float,
    bool: lambda text: bool(int(text)),
}
"""Of texts that are not empty."""

_EMPTY: dict[Any, object] = {str: "", int: 0, float: 0.0, bool: False}


@lru_cache(maxsize=32)
def _number_fields(kind: Any) -> tuple[tuple[str, Callable[[str], Any], object], ...]:
    """Return name, reader and default of the fields of *kind* that are no texts.

    Looked up once per class: ib_async asks per message, half the time of an openOrder.
    """
    return tuple(
        (field.name, _READERS[type(field.default)], field.default)
        for field in dataclasses.fields(kind)
        if type(field.default) in (int, float, bool)
    )


def _execution_s(text: str) -> int:
    """Return an execution's time in epoch seconds; a fill is never lost for its time.

    A text in an unknown zone is read as US/Eastern; one of unknown form becomes 0.
    """
    for attempt in (text, " ".join(text.split()[:2])):
        try:
            return ib_time_ns(attempt) // NS_PER_S
        except ValueError as error:
            _log.warning("execution time read as %s or as unknown: %s", EASTERN.key, error)
    return 0
