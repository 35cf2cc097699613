"""Version negotiation (IB_FACTS section 6b)."""

from __future__ import annotations

import pytest

from ibelay.errors import WireError
from ibelay.wire.handshake import ClientHello, encode_reply, negotiate, parse_hello


@pytest.mark.parametrize(
    ("client", "payload", "version"),
    [
        ("ib_async 2.1", b"v157..178", 178),
        ("ib_insync 0.9.86", b"v157..176", 176),
        ("ibapi 10.51", b"v100..226", 178),
        ("@stoqey/ib", b"v100..193", 178),
        ("with options", b"v157..178 +PACEAPI", 178),
        ("one version", b"v177", 177),
        ("ibapi 9.81 of PyPI", b"v100..157", 157),
    ],
)
def test_each_client_gets_the_highest_version_both_know(
    client: str, payload: bytes, version: int
) -> None:
    assert negotiate(parse_hello(payload)) == version, client


@pytest.mark.parametrize("hello", [ClientHello(100, 156), ClientHello(213, 226)])
def test_ranges_that_do_not_overlap_are_refused(hello: ClientHello) -> None:
    with pytest.raises(WireError, match="157 to 178"):
        negotiate(hello)


@pytest.mark.parametrize("payload", [b"", b"157..178", b"v..", b"v99999..1", b"v1" + b"x" * 2000])
def test_what_is_no_version_range_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError, match="expected a version range"):
        parse_hello(payload)


def test_the_reply_has_exactly_two_fields() -> None:
    reply = encode_reply(178, "20131008 09:30:00 US/Eastern")
    assert reply[4:].split(b"\0") == [b"178", b"20131008 09:30:00 US/Eastern", b""]
