"""What an operator may choose of a proxy: dangers only in so many words."""

from __future__ import annotations

import pytest

from ibelay.errors import ConfigurationError
from ibelay.proxy.options import LIVE_PORTS, ChaosOptions, address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4002", ("127.0.0.1", 4002)),
        ("10.0.0.5:7497", ("10.0.0.5", 7497)),
        ("gateway.lan:4002", ("gateway.lan", 4002)),
        ("[::1]:4002", ("::1", 4002)),
    ],
)
def test_addresses_are_read_as_people_write_them(text: str, expected: tuple[str, int]) -> None:
    assert address(text) == expected


@pytest.mark.parametrize("text", ["", "host", "a:b", "::1:4002", "1.2.3.4:123456", "http://x:1"])
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected HOST:PORT"):
        address(text)


@pytest.mark.parametrize("port", sorted(LIVE_PORTS))
def test_a_live_port_needs_a_word_more(port: int) -> None:
    with pytest.raises(ConfigurationError, match="live accounts"):
        ChaosOptions(upstream=("127.0.0.1", port))
    assert ChaosOptions(upstream=("127.0.0.1", port), live=True).port == 4003


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST", "127.0.0.2", "::1", "::"])
def test_a_proxy_is_not_its_own_gateway(host: str) -> None:
    with pytest.raises(ConfigurationError, match="where its gateway is"):
        ChaosOptions(upstream=(host, 4003), port=4003)


def test_other_machines_need_a_word_more() -> None:
    with pytest.raises(ConfigurationError, match="other machines"):
        ChaosOptions(upstream=("10.0.0.5", 4002), host="10.0.0.1")
    options = ChaosOptions(upstream=("10.0.0.5", 4002), host="::", beyond_loopback=True)
    assert options.host == "::"
