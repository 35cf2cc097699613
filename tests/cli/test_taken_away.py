"""``ibelay chaos``, ``chaosctl`` and ``simulate`` without what only POSIX has (``taken_away``).

None of this is a run on Windows. It shows that these commands do not count on what is missing
there; docs/evidence/other-systems.md says what stays unproven.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.test_chaos import port_in
from tests.proxy.test_chaos import HELLO

pytestmark = [
    pytest.mark.adversity,
    pytest.mark.skipif(sys.platform != "linux", reason="takes from Linux what it has"),
]
TAKEN = Path(__file__).with_name("taken_away")
STRICT = ("-X", "warn_default_encoding", "-W", "error::EncodingWarning")
PATIENT_S = 60
INTERRUPTED = 130
LONG = ("--seeds", "8", "--hours", "400", "--jobs", "2")


def environment() -> dict[str, str]:
    """Return the environment of a process that is poorer, and writes cp1252."""
    path = os.pathsep.join([str(TAKEN), *filter(None, sys.path)])
    return {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "cp1252"}


@pytest.fixture(autouse=True)
def at_a_terminal() -> Iterator[None]:
    """SIGINT as a terminal gives it; background jobs of a shell are born ignoring it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command until the end of the test."""
    with subprocess.Popen(
        [sys.executable, *STRICT, "-m", "ibelay", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="cp1252",
        env=environment(),
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def line_of(process: subprocess.Popen[str]) -> str:
    """Return the next line a process says."""
    assert process.stdout is not None
    return process.stdout.readline() or process.communicate()[1]


def ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    """Send a signal; return the exit code and all that is said after it."""
    process.send_signal(number)
    said, complained = process.communicate(timeout=PATIENT_S)
    return process.returncode, said, complained


def test_what_is_taken_away_is_gone() -> None:
    asked = (
        "import asyncio, os, select, signal, socket, time; "
        "loop = asyncio.SelectorEventLoop(); print(type(loop._selector).__name__, "
        "hasattr(os, 'fork'), hasattr(signal, 'pthread_sigmask'), hasattr(socket, 'AF_UNIX'), "
        "loop._clock_resolution); loop.close()"
    )
    said = subprocess.check_output([sys.executable, "-c", asked], env=environment(), text=True)
    assert said.split() == ["SelectSelector", "False", "False", "False", "0.015625"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_proxy_stands_between_is_commanded_and_ends(
    tmp_path: Path, number: signal.Signals
) -> None:
    token = tmp_path / "token"

    def said(*arguments: str) -> str:
        with running("chaosctl", *arguments, *by) as asking:
            answer, complained = asking.communicate(timeout=PATIENT_S)
        assert (asking.returncode, complained) == (0, "")
        return answer

    with running("gateway", "--port", "0", "--symbols", "SPY") as gateway:
        upstream = port_in(line_of(gateway))
        options = ["--listen", "0", "--upstream", upstream, "--fault", "latency 50ms"]
        control = ["--control-port", "0", "--control-token-file", str(token)]
        with running("chaos", *options, *control) as chaos:
            door = ("127.0.0.1", int(port_in(line_of(chaos))))
            by = ["--port", port_in(line_of(chaos)), "--token-file", str(token)]
            with socket.create_connection(door) as one:
                one.sendall(HELLO)
                assert one.recv(100)[4:7] == b"178"
                assert json.loads(said("status"))["clients"] == [None]
                assert said("do", "clear", "rst") == "clear: done\nrst: done\n"
                with pytest.raises(ConnectionResetError):
                    one.recv(100)
            said("do", "refuse")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(door)
            said("do", "accept")
            socket.create_connection(door).close()
            assert ended(chaos, number) == (0, "", "")
        assert ended(gateway, number)[0] == 0


def test_a_drill_to_which_nobody_comes_ends_with_ctrl_c() -> None:
    with running("chaos", "--listen", "0", "--upstream", "127.0.0.1:9", "--drill") as chaos:
        line_of(chaos)
        assert "waiting for a client" in line_of(chaos)
        code, said, complained = ended(chaos, signal.SIGINT)
    assert (code, complained) == (1, "")
    assert "UNTRIED" in said


def test_seeds_are_run_by_two_processes() -> None:
    with running("simulate", "--seeds", "2", "--hours", "0.05", "--jobs", "2") as simulate:
        said, complained = simulate.communicate(timeout=PATIENT_S)
    assert (simulate.returncode, complained) == (0, "")
    assert "every invariant held" in said


def busy_children(parent: int) -> list[int]:
    """Return which children have worked for a second: by then their parent waits for them."""
    found = []
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split():
        fields = Path(f"/proc/{child}/stat").read_text("utf-8").rpartition(")")[2].split()
        if int(fields[11]) > os.sysconf("SC_CLK_TCK"):
            found.append(int(child))
    return found


def test_ctrl_c_ends_a_campaign_before_its_runs_are_over() -> None:
    """Its waiting for a lock hears nothing; a run of these lasts for many minutes."""
    with running("simulate", *LONG) as simulate:
        while len(busy_children(simulate.pid)) < 2:
            assert simulate.poll() is None
        code, said, _complained = ended(simulate, signal.SIGINT)
    assert code == INTERRUPTED
    assert said.splitlines() == ["interrupted after 0 of 8, of which none failed"]


def test_files_are_written_and_letters_shown_that_cp1252_has_not(tmp_path: Path) -> None:
    """``STRICT`` lets no file be opened without its encoding."""
    scenario = tmp_path / "\u03a3.toml"
    scenario.write_text('[[step]]\nat = "+1s"\ndo = "rst"\n', encoding="utf-8")
    report = tmp_path / "\u03a3.md"
    options = ["--upstream", "127.0.0.1:9", "--scenario", str(scenario), "--report", str(report)]
    with running("chaos", "--listen", "0", "--drill", *options) as chaos:
        line_of(chaos)
        line_of(chaos)
        code, said, complained = ended(chaos, signal.SIGINT)
    assert (code, complained) == (1, "")
    assert "\\u03a3.json" in "".join(said.split())
    assert "UNTRIED" in report.read_text(encoding="utf-8")
