"""Why a socket cannot be had is said in the system's words, also in those of Winsock."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from ibelay.control.listening import reason


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.EADDRINUSE, "said anew of ('127.0.0.1', 4003)"), "Address already in use"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (TimeoutError("timed out"), "timed out"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="the words of POSIX")
def test_where_it_was_is_left_to_who_says_it(error: OSError, why: str) -> None:
    assert reason(error) == why


def test_a_number_that_is_winsocks_has_its_own_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its C library knows only "Unknown error" for such numbers."""
    table = {10048: "The network address is in use.", 10061: "Connection refused."}
    monkeypatch.setattr(socket, "errorTab", table, raising=False)
    assert (
        reason(OSError(10048, "error while attempting to bind")) == "The network address is in use"
    )
    assert reason(OSError(10061, "")) == "Connection refused"
