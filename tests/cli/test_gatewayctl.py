"""``ibelay gatewayctl`` against a gateway in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibelay.cli.main import CONFIGURATION, UNAVAILABLE, main
from ibelay.cli.paper.gatewayctl import DEFAULT_PORT
from ibelay.control.port import remote

pytestmark = pytest.mark.adversity


@pytest.fixture
def control(tmp_path: Path) -> Iterator[list[str]]:
    """Run a gateway; give the arguments by which it is reached."""
    token = tmp_path / "token"
    options = ["--port", "0", "--control-port", "0", "--control-token-file", str(token)]
    with subprocess.Popen(
        [sys.executable, "-m", "ibelay", "gateway", "--symbols", "SPY", *options],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("paper gateway listening")
        line = process.stdout.readline()
        assert line.startswith("control port 127.0.0.1:")
        port = line.split(":", 1)[1].split(",")[0]
        yield ["--port", port, "--token-file", str(token)]
        process.terminate()


def test_a_running_gateway_is_looked_at_and_commanded(
    control: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str, code: int = 0) -> str:
        assert main(["gatewayctl", *arguments, *control]) == code
        out, err = capsys.readouterr()
        return out + err

    assert said("pause") == "pause: done\n"
    assert said("step", "90s") == "step 90s: done\n"
    assert said("speed", "60") == "speed 60: done\n"
    assert said("do", "drop execDetails 2", "mute") == (
        "drop execDetails count=2: done\nmute: done\n"
    )
    assert "SPY moves by" in said("price", "SPY", "500")
    assert said("resume") == "resume: done\n"
    assert json.loads(said("status"))["faults"] == ["drop execDetails count=2", "mute"]
    assert json.loads(said("show", "book"))["working"] == []
    assert "did you mean freeze?" in said("do", "frees", code=CONFIGURATION)
    assert "nothing to do" in said("do", code=CONFIGURATION)


def test_no_gateway_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["gatewayctl", "status", "--port", "1", "--token-file", str(tmp_path / "token")]
    assert main(arguments) == UNAVAILABLE
    assert "no gateway answers at 127.0.0.1:1" in capsys.readouterr().err


def test_the_command_and_the_room_agree_on_the_usual_port() -> None:
    assert DEFAULT_PORT == remote.DEFAULT_PORT
