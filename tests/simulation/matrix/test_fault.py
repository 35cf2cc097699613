"""Fault files: what they may say, and what is said about a mistake in one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ibelay.errors import ConfigurationError
from ibelay.model.faults import Freeze
from ibelay.testing.matrix.fault import load, read
from ibelay.testing.matrix.plan import Enter, MoveStop

FAULT = """
name = "F01 The line dies"

[[step]]
at = "+60s"
do = "freeze 5m"

[fault]
id = "F01"
reported = "It died."
sources = ["somebody#1"]
others = ["they do nothing"]
owed = "It is noticed."
requirement = ["C3", "P2"]

[fault.setting]
lasts = "4m"
symbols = ["SPY", "QQQ"]

[[fault.act]]
at = "+30s"
do = ["enter SPY 100 stop=5 target=none", "move-stop SPY 7.5"]

[fault.expect]
suspect_within = "7s"
position = { SPY = 100, QQQ = 0 }
never_told = [103]
"""


def test_a_fault_is_read_as_it_is_written() -> None:
    fault = read(FAULT, "test")
    assert (fault.id, fault.title) == ("F01", "The line dies")
    assert isinstance(fault.scenario.steps[0].do[0], Freeze)
    assert [one.act for one in fault.plan] == [
        Enter("SPY", Decimal(100), stop=Decimal(5), target=None),
        MoveStop("SPY", Decimal("7.5")),
    ]
    assert fault.setting.lasts_ns == 240 * 10**9
    assert [(one.name, one.value) for one in fault.expect] == [
        ("suspect_within", 7 * 10**9),
        ("position", {"SPY": Decimal(100)}),
        ("never_told", frozenset({103})),
    ]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('id = "F01"', 'id = "F51"', "expected F01 to F50"),
        ('owed = "It is noticed."', 'owed = ""', "say in words what owed is"),
        ('["C3", "P2"]', '["C3", "soon"]', "requirement 'soon': expected one such as C3"),
        ('lasts = "4m"', 'begin = "4m"', "say at least how long it lasts"),
        ('lasts = "4m"', 'lasts = "4m"\nspeed = 3', "has 'speed': expected only"),
        ("suspect_within", "suspect_soon", "check 'suspect_soon' is not known"),
        ('"7s"', "7", "suspect_within = 7 cannot be read: expected a time"),
        ("position = {", "position = 3 #", "position = 3 cannot be read: expected a table"),
        ("[103]", "103", "never_told = 103 cannot be read: expected a list of codes"),
        ("enter SPY 100", "entre SPY 100", "act 'entre' is not known: expected enter"),
        ("enter SPY 100", "enter SPY", "cannot be read: write enter SYMBOL QUANTITY"),
        ("freeze 5m", "freeze 5 minutes", "step 1"),
        ("[fault]", "[fault.more]", "'more': expected only"),
    ],
)
def test_what_is_wrong_is_one_sentence(before: str, after: str, sentence: str) -> None:
    assert before in FAULT
    with pytest.raises(ConfigurationError, match=sentence.replace("[", r"\[")):
        read(FAULT.replace(before, after, 1), "f01.toml")


def test_a_scenario_alone_is_no_fault() -> None:
    with pytest.raises(ConfigurationError, match=r"has no \[fault\]"):
        read(FAULT.partition("[fault]")[0], "f01.toml")


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="name a TOML file that exists"):
        load(tmp_path / "f01.toml")
