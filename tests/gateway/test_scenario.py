"""Scenario files played by a gateway: it happens when they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from ib_async import LimitOrder, MarketOrder
from tests.gateway.conftest import SPY, Connect, Start

from ibelay.control.scenario import At, load
from ibelay.gateway.market.hours import trading_day

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "scenarios").glob("*.toml"))
HOUR_NS = 3600 * 10**9
TEN_NS = trading_day("2025-06-02").midnight_ns + 10 * HOUR_NS


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
