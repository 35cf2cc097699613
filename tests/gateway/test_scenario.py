"""Scenario files: what they may say, and that it happens when they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ib_async import LimitOrder, MarketOrder
from tests.gateway.conftest import SPY, Connect, Start

from ibelay.errors import ConfigurationError
from ibelay.gateway.control.player import next_time_of_day
from ibelay.gateway.control.scenario import At, On, load, parse
from ibelay.gateway.market.hours import trading_day
from ibelay.model import faults

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "scenarios").glob("*.toml"))
HOUR_NS = 3600 * 10**9
TEN_NS = trading_day("2025-06-02").midnight_ns + 10 * HOUR_NS


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
        ('title = "x"', "has 'title': expected name and [[step]] alone"),
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


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="is not text"):
        load(tmp_path / "binary.toml")


def test_a_time_of_day_that_is_past_is_tomorrow() -> None:
    midnight = trading_day("2025-06-02").midnight_ns
    noon = midnight + 12 * HOUR_NS
    assert next_time_of_day(noon, 13 * HOUR_NS) == noon + HOUR_NS
    assert next_time_of_day(noon, 12 * HOUR_NS) == noon + 24 * HOUR_NS


async def test_steps_happen_at_their_market_time_and_on_their_event(
    start: Start, connect: Connect, tmp_path: Path
) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text(
        '[[step]]\nat = "+60s"\ndo = "notice 2110 later"\n'
        '[[step]]\nat = "10:00:30"\ndo = ["notice 2103 first", "fill AAPL"]\n'
        '[[step]]\non = "fill SPY"\ndo = "notice 2105 filled"\n'
        '[[step]]\non = "order"\ntimes = 2\ndo = "notice 2157 ordered"\n'
        '[[step]]\non = "cancel SPY"\nafter = "10s"\ndo = "notice 2100 cancelled"\n'
    )
    paper = await start(scenario=file)
    paper.pause()
    client = await connect(paper)
    client.codes.clear()
    trade = client.ib.placeOrder(SPY, MarketOrder("BUY", 1))
    resting = [client.ib.placeOrder(SPY, LimitOrder("BUY", 1, 1.0)) for _ in range(2)]
    await client.until(lambda: trade.isDone() and all(t.orderStatus.permId for t in resting))
    client.ib.cancelOrder(resting[0].order)
    await client.until(resting[0].isDone)
    await paper.reached(paper.step(120 * 10**9))
    await client.until(lambda: (-1, 2110) in client.codes)
    said = [code for _id, code in client.codes if code > 2000]
    assert (sorted(said[:3]), said[3:]) == ([2105, 2157, 2157], [2100, 2103, 2110])
    log = {done.command: done.at_ns - TEN_NS for done in paper.operator.log}
    assert log["notice 2103 first"] == 30 * 10**9
    assert 60 <= log["notice 2110 later"] / 10**9 < 61


async def test_the_nightly_reset_comes_every_day_at_its_time(start: Start) -> None:
    paper = await start(reset_at="10:05", start="10:00")
    paper.pause()
    await paper.reached(paper.step(301 * 10**9))
    assert [done.command for done in paper.operator.log] == ["reset"]
    assert paper.operator.log[0].at_ns == TEN_NS + 300 * 10**9


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
async def test_every_example_runs_to_its_end_and_the_same_each_time(
    start: Start, path: Path
) -> None:
    logs = []
    for _run in range(2):
        paper = await start(scenario=path, start="09:29:00")
        paper.pause()
        await paper.reached(paper.step(2 * HOUR_NS))
        logs.append([(done.at_ns, done.command) for done in paper.operator.log])
    assert logs[0] == logs[1] != []
    assert len(logs[0]) >= sum(
        len(step.do) for step in load(path).steps if isinstance(step.when, At)
    )
