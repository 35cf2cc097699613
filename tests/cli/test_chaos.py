"""``ibelay chaos`` in its own process before a gateway in its own, and ``ibelay chaosctl``."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.proxy.test_chaos import HELLO

from ibelay.cli.main import CONFIGURATION, UNAVAILABLE, main
from ibelay.cli.trouble.chaosctl import DEFAULT_PORT
from ibelay.control.port import remote

pytestmark = pytest.mark.adversity
UPSTREAM = ["--upstream", "127.0.0.1:4002"]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run a command until the end of the test; give the process and its first lines."""
    with subprocess.Popen(
        [sys.executable, "-m", "ibelay", *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, [process.stdout.readline(), process.stdout.readline()]
        finally:
            process.kill()


def port_in(line: str) -> str:
    """Return the first port a line names."""
    return line.split(":", 1)[1].split(",", maxsplit=1)[0].strip()


def test_it_stands_between_is_commanded_and_ends_with_ctrl_c(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import socket  # noqa: PLC0415  # a client of bytes

    token = tmp_path / "token"

    def said(*arguments: str, code: int = 0) -> str:
        assert main(["chaosctl", *arguments]) == code
        out, err = capsys.readouterr()
        return out + err

    with running("gateway", "--port", "0", "--symbols", "SPY") as (_gateway, first):
        upstream = port_in(first[0])
        options = ["--listen", "0", "--upstream", upstream, "--fault", "latency 5ms"]
        control = ["--control-port", "0", "--control-token-file", str(token)]
        with running("chaos", *options, *control) as (chaos, lines):
            assert lines[0].endswith(f"gateway 127.0.0.1:{upstream}\n")
            by = ["--port", port_in(lines[1]), "--token-file", str(token)]
            with socket.create_connection(
                ("127.0.0.1", int(port_in(lines[0]).split(",")[0]))
            ) as one:
                one.sendall(HELLO)
                assert one.recv(100)[4:7] == b"178"
                assert json.loads(said("status", *by))["clients"] == [None]
            assert said("do", "lose-ack", "clear", *by) == "lose-ack: done\nclear: done\n"
            assert "the chaos proxy cannot do 'pause'" in said(
                "do", "pause", *by, code=CONFIGURATION
            )
            assert "latency" in json.loads(said("show", "vocabulary", *by))
            assert "nothing to do" in said("do", *by, code=CONFIGURATION)
            chaos.send_signal(signal.SIGINT)
            assert chaos.wait(20) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--upstream", "127.0.0.1:4001"], "add --yes-this-is-a-live-account"),
        (["--upstream", "7496"], "port 7496 is IB's for live accounts"),
        ([*UPSTREAM, "--listen", "0.0.0.0:4003"], "add --yes-others-may-connect"),
        ([*UPSTREAM, "--listen", "4002"], "cannot listen on 4002, where its gateway is"),
        (["--upstream", "nowhere"], "is no address: expected HOST:PORT"),
        (["--upstream", "127.0.0.1:99999"], "upstream port 99999 does not exist"),
        ([*UPSTREAM, "--listen", "99999"], "port 99999 does not exist"),
        ([*UPSTREAM, "--control-token-file", "token"], "add --control-port, or leave it out"),
        ([*UPSTREAM, "--fault", "frees"], "did you mean freeze?"),
        ([*UPSTREAM, "--fault", "fill SPY", "--listen", "0"], "the paper gateway can"),
        ([*UPSTREAM, "--scenario", "missing.toml"], "cannot be read"),
    ],
)
def test_what_must_not_be_is_refused_in_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chaos", *arguments]) == CONFIGURATION
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_no_proxy_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token = ["--token-file", str(tmp_path / "token")]
    assert main(["chaosctl", "status", "--port", "1", *token]) == UNAVAILABLE
    assert "no chaos proxy answers at 127.0.0.1:1" in capsys.readouterr().err
    assert DEFAULT_PORT == remote.DEFAULT_CHAOS_PORT
