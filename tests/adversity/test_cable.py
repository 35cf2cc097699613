"""A cable between network namespaces does what cables do, and is gone afterwards."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ibelay.testing.matrix.real import cable
from ibelay.testing.matrix.real.cable import Cable

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(60)]

NUMBER = 30
_REACH = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 9), timeout=1.5)
except ConnectionRefusedError:
    print("answered")
except OSError:
    print("silent")
"""


def reached(laid: Cable) -> str:
    """Return what somebody at the other end hears of our port 9, where nobody listens."""
    asked = [*laid.within, sys.executable, "-c", _REACH, laid.host]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module", autouse=True)
def _allowed() -> None:
    if needed := cable.missing():
        pytest.skip(needed)


def test_a_cable_that_is_out_carries_nothing() -> None:
    with Cable(NUMBER) as laid:
        assert reached(laid) == "answered"
        laid.pull()
        assert reached(laid) == "silent"
        laid.plug()
        assert reached(laid) == "answered"


def test_a_machine_that_has_moved_is_reached_and_reaches() -> None:
    with Cable(NUMBER) as laid:
        laid.move()
        assert reached(laid) == "answered"
        laid.answer()
        assert reached(laid) == "answered"


def test_nothing_is_left_of_a_cable() -> None:
    with Cable(NUMBER) as laid:
        name = laid.within[-1]
    listed = subprocess.run(
        ["ip", "netns", "list"],  # noqa: S607  # wherever the system has it
        capture_output=True,
        text=True,
        check=True,
    )
    assert name not in listed.stdout


def test_a_cable_without_addresses_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 30"):
        Cable(NUMBER + 1)
