"""The guide to the chaos proxy says what the proxy understands, and its limits as they are."""

from __future__ import annotations

import re
from pathlib import Path

from ibelay.control.scenario import parse
from ibelay.model import faults
from ibelay.model.faults import PERFORMERS, Performer, words_of
from ibelay.proxy import chaos, link

TEXT = (Path(__file__).parents[2] / "docs" / "guides" / "chaos-proxy.md").read_text(
    encoding="utf-8"
)
KIB, MIB = 1 << 10, 1 << 20


def test_its_scenarios_can_be_played() -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        for step in parse(block, "the guide").steps:
            assert all(Performer.PROXY in PERFORMERS[type(command)] for command in step.do)


def test_its_commands_can_be_read_and_are_the_proxys() -> None:
    lines = re.findall(r"^ibelay chaosctl do ([^#\n]+)", TEXT, re.MULTILINE)
    assert lines
    for line in lines:
        for command in re.findall(r'"([^"]+)"', line):
            assert Performer.PROXY in PERFORMERS[type(faults.read(command))]


def test_its_tables_name_every_word_of_the_proxy() -> None:
    named = set(re.findall(r"`([a-z-]+)`", TEXT))
    assert {kind.word for kind in words_of(Performer.PROXY)} <= named


def test_its_limits_are_those_of_the_proxy() -> None:
    assert f"Connections: {chaos.MAX_LINKS} at a time" in TEXT
    assert f"{link.HIGH_BYTES // KIB} KiB" in TEXT
    assert f"{link.MAX_PENDING_BYTES // MIB} MiB" in TEXT
