"""Records to bytes and back: one JSON object a record, its ``kind`` first.

Rules:
1. Nothing is written that could not be read back as the same value: :func:`encode` decodes
   its own output and compares (2 us a record), because a row that only fails at the next
   start would turn a slip in the caller into an unreadable store.
2. Decoding is strict: an unknown ``kind`` or a field of another type is refused, never
   guessed. A field this version does not know is ignored: a record type never changes its
   meaning (``records``, rule 2), so such a field can only be an addition of a later version.
"""

from __future__ import annotations

import msgspec

from ibelay.errors import InvariantError, StoreUnreadableError
from ibelay.journal.records import AnyRecord, Record

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)
_INT64 = range(-(2**63), 2**63)


def kind(record: Record) -> str:
    """Return the record's tag, its name on disk: ``intent`` for IntentRecorded."""
    return str(record.__struct_config__.tag)


def encode(record: AnyRecord) -> bytes:
    """Return *record* as UTF-8 JSON that decodes to the same value.

    Raises:
        InvariantError: A field holds a value its type does not allow, so that the record
            could not be read back; nothing was written.
    """
    try:
        body = _ENCODER.encode(record)
        same = _DECODER.decode(body) == record and record.at_ns in _INT64
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        raise InvariantError(
            f"a {type(record).__name__} cannot be journaled, it would not read back: {error}; "
            "nothing was written"
        ) from error
    if not same:
        raise InvariantError(
            f"a {type(record).__name__} cannot be journaled, it would read back as another "
            f"value: {record!r}; nothing was written"
        )
    return body


def decode(seq: int, body: bytes) -> AnyRecord:
    """Return the record that row *seq* holds.

    Args:
        seq: The row's number, for the message only.
        body: What :func:`encode` returned.

    Raises:
        StoreUnreadableError: The body is not JSON, its kind is unknown to this version, or
            a field is missing or of another type; names *seq*.
    """
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreUnreadableError(
            f"journal row {seq} is not a record this version of ibelay knows: {error}"
        ) from error
