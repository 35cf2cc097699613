"""``ibelay chaos --drill`` in its own process, between a gateway in its own and a script."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from ib_async import IB
from tests.cli.test_chaos import port_in, running

from ibelay.cli.main import CONFIGURATION, main

pytestmark = pytest.mark.adversity
UPSTREAM = ["--upstream", "127.0.0.1:4002"]


async def test_a_drill_waits_for_a_bot_and_writes_what_it_saw(tmp_path: Path) -> None:
    scenario = tmp_path / "cut.toml"
    scenario.write_text('[[step]]\nat = "+200ms"\ndo = "rst"\n')
    report = tmp_path / "drill.md"
    with running("gateway", "--port", "0", "--symbols", "SPY") as (_gateway, first):
        options = ["--listen", "0", "--upstream", port_in(first[0])]
        options += ["--drill", "--scenario", str(scenario), "--report", str(report)]
        with running("chaos", *options, "--minutes", "1.1") as (chaos, lines):
            assert "waiting for a client" in lines[1]
            bot, cut = IB(), []
            bot.disconnectedEvent += lambda: cut.append(True)
            await bot.connectAsync("127.0.0.1", int(port_in(lines[0]).split(",")[0]), 3)
            await bot.disconnectedEvent
            chaos.send_signal(signal.SIGINT)
            assert chaos.stdout is not None
            said = chaos.stdout.read()
            assert chaos.wait(20) == 0
    assert "a client is here" in said
    assert "PASS" in said
    values = json.loads(report.with_suffix(".json").read_text())
    assert [act["command"] for act in values["acts"]] == ["calm", "rst", "clear"]
    assert [one["kind"] for one in values["outages"]] == ["cut"]
    assert report.read_text().startswith("# PASS after ")


def test_a_drill_to_which_nobody_comes_is_not_passed(tmp_path: Path) -> None:
    options = ["--listen", "0", "--upstream", "127.0.0.1:9", "--drill"]
    with running("chaos", *options) as (chaos, _lines):
        chaos.send_signal(signal.SIGINT)
        assert chaos.stdout is not None
        assert "UNTRIED" in chaos.stdout.read()
        assert chaos.wait(20) == 1


def test_a_drill_does_not_wait_for_ever() -> None:
    """A bot that ended at its start would keep CI waiting."""
    options = ["--listen", "0", "--upstream", "127.0.0.1:9", "--drill", "--wait", "0.005"]
    with running("chaos", *options) as (chaos, _lines):
        assert chaos.wait(20) == 1
        assert chaos.stdout is not None
        said = " ".join(chaos.stdout.read().split())
    assert "no client was answered within 0.005 minutes" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--minutes", "3"], "--minutes belongs to a drill: add --drill"),
        (["--report", "x.md"], "--report belongs to a drill: add --drill"),
        (["--wait", "3"], "--wait belongs to a drill: add --drill"),
        (["--drill", "--wait", "nan"], "--wait nan is out of range"),
        (["--drill", "--minutes", "0"], "a drill of 0 minutes cannot be"),
        (["--drill", "--scenario", "nowhere.toml"], "name a TOML file that exists"),
        (["--drill", "--report", "nowhere/x.md"], "expected a file in a folder that exists"),
    ],
)
def test_what_cannot_be_drilled_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chaos", *UPSTREAM, *arguments]) == CONFIGURATION
    assert sentence in capsys.readouterr().err
