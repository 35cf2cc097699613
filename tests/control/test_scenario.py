"""Scenario files: what they may say, and when their times of day come."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ibelay.control.player import next_time_of_day
from ibelay.control.scenario import At, On, load, parse
from ibelay.errors import ConfigurationError
from ibelay.model import faults

HOUR_NS = 3600 * 10**9
MIDNIGHT_NS = int(datetime(2025, 6, 2, 4, tzinfo=UTC).timestamp()) * 10**9  # in New York


def test_a_scenario_is_read_as_it_is_written() -> None:
    scenario = parse(
        """
        name = "both kinds"
        [[step]]
        at = "+30s"
        do = "reset 30s"
        [[step]]
        at = "09:45"
        times = "always"
        do = ["rst", "refuse 20s"]
        [[step]]
        on = "fill SPY"
        after = "200ms"
        times = 2
        do = "freeze 5s"
        """,
        "test",
    )
    assert scenario.name == "both kinds"
    assert [step.when for step in scenario.steps] == [
        At(30 * 10**9, of_day=False),
        At(int(9.75 * HOUR_NS), of_day=True),
        On("fill", "SPY", 200 * 10**6),
    ]
    assert [step.times for step in scenario.steps] == [1, None, 2]
    assert scenario.steps[1].do == (faults.Rst(), faults.Refuse(faults.Span(20 * 10**9)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = ", "is no TOML: "),
        ('title = "x"', "has 'title': expected name, [[step]] and perhaps [fault]"),
        ("", "has no steps: begin one with [[step]]"),
        ("step = [1]", "step 1: not a table"),
        ('[[step]]\ndo = "rst"', "line 1, step 1: expected either at or on"),
        ('\n[[step]]\nat = "+1s"\ndo = "rst"\nwhen = 1', "line 2, step 1: 'when' is not known"),
        ('[[step]]\nat = "soon"\ndo = "rst"', "at = 'soon' is no time, expected +30s"),
        ('[[step]]\nat = "25:00"\ndo = "rst"', "at = '25:00' is no time"),
        ('[[step]]\nat = "+wall:1s"\ndo = "rst"', "write it without wall:"),
        ('[[step]]\nat = "+1s"\nafter = "1s"\ndo = "rst"', "after goes with on"),
        ('[[step]]\nat = "+1s"\ntimes = 2\ndo = "rst"', "times goes with on or a time of day"),
        ('[[step]]\non = "boom SPY"\ndo = "rst"', "on = 'boom SPY' is no event"),
        ('[[step]]\non = "fill  $$"\ndo = "rst"', "is not a symbol"),
        ('[[step]]\non = "fill"\ntimes = 0\ndo = "rst"', "times = 0 is none"),
        ('[[step]]\nat = "+1s"', "expected do = a command, or a list"),
        (
            '[[step]]\nat = "+1s"\ndo = "rst"\n[[step]]\nat = "+2s"\ndo = "frees"',
            "test, line 4, step 2: command 'frees' is not known: did you mean freeze?",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(sentence)) as told:
        parse(text, "test")
    assert "\n" not in str(told.value)


def test_what_a_judge_reads_does_not_disturb_who_plays() -> None:
    text = '[[step]]\nat = "+30s"\ndo = "rst"\n[fault]\nid = "F02"\n[fault.expect]\nlost = 0'
    assert parse(text, "test").steps == parse(text.partition("[fault]")[0], "test").steps


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="is not text"):
        load(tmp_path / "binary.toml")


def test_a_time_of_day_that_is_past_is_tomorrow() -> None:
    noon = MIDNIGHT_NS + 12 * HOUR_NS
    assert next_time_of_day(noon, 13 * HOUR_NS) == noon + HOUR_NS
    assert next_time_of_day(noon, 12 * HOUR_NS) == noon + 24 * HOUR_NS
