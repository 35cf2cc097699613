"""The guide to the paper gateway says what the gateway understands."""

from __future__ import annotations

import re

from tests.docs.faults_table import GUIDE, written

from ibelay.control.scenario import EVENTS, parse
from ibelay.model import faults

TEXT = GUIDE.read_text(encoding="utf-8")


def test_its_table_is_the_vocabulary() -> None:
    assert written() == TEXT, "run `python -m tests.docs.faults_table` to write it again"


def test_its_scenarios_can_be_played() -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        assert parse(block, "the guide").steps


def test_its_commands_can_be_read() -> None:
    lines = re.findall(r"^ibelay gatewayctl do (.+)$", TEXT, re.MULTILINE)
    assert lines
    for line in lines:
        for command in re.findall(r'"([^"]+)"', line):
            faults.read(command)


def test_it_names_every_event_a_step_can_wait_for() -> None:
    assert all(f"`{event}`" in TEXT for event in EVENTS)
