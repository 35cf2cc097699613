"""Everything in examples/ runs as it stands; scenarios are in tests/gateway/test_scenario.py."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ibelay.gateway.options import GatewayOptions
from ibelay.testing.gateway import RunningGateway

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
TESTS = sorted(EXAMPLES.glob("test_*.py"))
SIMULATED = {"my_script.py", "my_strategy.py"}  # by tests/simulation/test_own.py
PROGRAMS = {"dropin_bot.py"} | SIMULATED


def test_every_example_is_run_by_a_test() -> None:
    programs = {path.name for path in EXAMPLES.glob("*.py")} - {path.name for path in TESTS}
    assert TESTS
    assert programs == PROGRAMS, "add what is new to PROGRAMS, and a test that runs it"


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_an_example_passes_as_a_test(path: Path, tmp_path: Path) -> None:
    passes(path.read_text(encoding="utf-8"), tmp_path)


def test_the_test_in_the_readme_passes(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n([^`]*def test_[^`]*)```", readme)
    passes(source, tmp_path)


def passes(source: str, tmp_path: Path) -> None:
    """Run a file of tests as somebody does who has no settings of ours."""
    (tmp_path / "test_it.py").write_text(source, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.adversity
def test_the_drop_in_bot_buys_and_keeps_its_stop(tmp_path: Path) -> None:
    options = GatewayOptions(port=0, symbols=("SPY",), start="09:31", speed=10)
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with (
        RunningGateway(options) as gateway,
        subprocess.Popen(
            [sys.executable, str(EXAMPLES / "dropin_bot.py"), str(gateway.port)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment,
        ) as bot,
    ):
        assert bot.stdout is not None
        said = next(line for line in bot.stdout if line.startswith("bid "))
        bot.kill()
        (stop,) = gateway.working_orders()
        assert gateway.positions()["SPY"].quantity == 10
    assert "connected True" in said
    assert stop.request.order_type == "STP"
