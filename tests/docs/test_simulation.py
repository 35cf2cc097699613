"""The guide to simulation: its code runs, its plan is one, its events are those there are."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.reference import commands

from ibelay.testing.simulation.bad_days import script
from ibelay.testing.simulation.bad_days.plan import Event
from ibelay.testing.simulation.bad_days.profiles import PROFILES

TEXT = (Path(__file__).parents[2] / "docs" / "guides" / "simulation.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [line for kind, text in BLOCKS if not kind for line in text.splitlines()]


def block(kind: str) -> str:
    """Return the one block of a kind."""
    (text,) = (str(text) for each, text in BLOCKS if each == kind)
    return text


def test_the_code_runs() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", block("python")], check=True, timeout=60)


def test_the_plan_can_be_played() -> None:
    plan = script.read(block("text"))
    assert plan.profile in PROFILES
    assert len(plan.steps) == 2


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_and_their_options_are_there(line: str) -> None:
    program, command, *words = shlex.split(line)
    assert program == "ibelay"
    arguments = commands()[f"ibelay {command}"].app.assemble_argument_collection()
    known = {name for argument in arguments for name in (*argument.names, *argument.negatives)}
    assert {word for word in words if word.startswith("--")} <= known


def test_every_profile_and_every_event_is_explained() -> None:
    assert re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE) == list(PROFILES)
    assert [event for event in Event if f"`{event}`" not in TEXT] == []
