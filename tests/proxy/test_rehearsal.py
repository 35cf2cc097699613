"""A drill between real sockets: what observers are told, and what comes of it."""

from __future__ import annotations

import asyncio

import pytest
from ib_async import MarketOrder
from tests.gateway.conftest import SPY
from tests.proxy.conftest import Between, Join, Reach, do, started, until

from ibelay.control.scenario import parse
from ibelay.gateway.server import PaperGateway
from ibelay.model.faults import Command, write
from ibelay.proxy.chaos import ChaosProxy
from ibelay.proxy.drill.findings import Heading
from ibelay.proxy.drill.report import Verdict
from ibelay.proxy.drill.thresholds import SECOND_NS
from ibelay.proxy.rehearsal import Plan, Rehearsal


class Looking:
    """Keeps what an observer is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int, str]] = []
        self.messages: list[tuple[int, str, str, bool]] = []

    def opened(self, at_ns: int, line: int) -> None:
        """Keep it."""
        assert at_ns > 0
        self.lines.append(("opened", line, ""))

    def closed(self, at_ns: int, line: int, by: str) -> None:
        """Keep it."""
        assert at_ns > 0
        self.lines.append(("closed", line, by))

    def message(
        self, at_ns: int, line: int, way: str, payload: bytes, version: int, *, passed: bool
    ) -> None:
        """Keep it."""
        assert version == 178
        assert at_ns > 0
        self.messages.append((line, way, payload.partition(b"\0")[0].decode(), passed))

    def done(self, at_ns: int, command: Command) -> None:
        """Keep it."""
        assert at_ns > 0
        self.lines.append(("done", 0, write(command)))


@pytest.fixture
async def looking(proxy: ChaosProxy) -> Looking:
    """Somebody who looks on."""
    one = Looking()
    proxy.observers.append(one)
    return one


async def test_each_connection_is_told_by_number_with_its_messages(
    proxy: ChaosProxy, looking: Looking, reach: Reach
) -> None:
    first = await started(await reach(proxy), 1)
    await until(lambda: (1, "to-client", "9", True) in looking.messages)
    second = await started(await reach(proxy), 2)
    await until(lambda: (2, "to-client", "9", True) in looking.messages)
    assert (1, "to-gateway", "71", True) in looking.messages
    first.writer.close()
    await until(lambda: ("closed", 1, "client") in looking.lines)
    second.writer.transport.abort()
    await until(lambda: ("closed", 2, "client") in looking.lines)
    assert [one for one in looking.lines if one[0] == "opened"] == [
        ("opened", 1, ""),
        ("opened", 2, ""),
    ]


@pytest.mark.parametrize("command", ["rst", "fin", "down", "restart 1s"])
async def test_what_a_fault_ends_is_told_as_its_doing(
    proxy: ChaosProxy, looking: Looking, reach: Reach, command: str
) -> None:
    await started(await reach(proxy), 1)
    await until(lambda: (1, "to-client", "9", True) in looking.messages)
    do(proxy, command)
    await until(lambda: ("closed", 1, "fault") in looking.lines)
    assert len([one for one in looking.lines if one[0] == "done"]) == 1


async def test_a_gateway_that_ends_a_connection_is_told_as_such(
    proxy: ChaosProxy, looking: Looking, reach: Reach, paper: PaperGateway
) -> None:
    await started(await reach(proxy), 1)
    await until(lambda: (1, "to-client", "9", True) in looking.messages)
    second = await reach(proxy)
    await started(second, 1)
    await until(lambda: ("closed", 2, "gateway") in looking.lines)
    assert (2, "to-client", "4", True) in looking.messages


async def test_a_client_that_hangs_up_a_frozen_line_is_told_at_once(
    proxy: ChaosProxy, looking: Looking, reach: Reach
) -> None:
    client = await started(await reach(proxy), 1)
    await until(lambda: (1, "to-client", "9", True) in looking.messages)
    do(proxy, "freeze")
    client.writer.close()
    await until(lambda: ("closed", 1, "client") in looking.lines)


async def test_a_message_that_is_lost_is_told_as_lost(
    proxy: ChaosProxy, looking: Looking, join: Join
) -> None:
    client = await join(proxy)
    do(proxy, "drop execDetails 1", "swallow-orders 1")
    client.ib.placeOrder(SPY, MarketOrder("BUY", 1))
    trade = client.ib.placeOrder(SPY, MarketOrder("BUY", 1))
    await client.until(trade.isDone)
    assert [one[3] for one in looking.messages if one[1:3] == ("to-gateway", "3")] == [False, True]
    assert (1, "to-client", "11", False) in looking.messages


async def test_a_drill_says_what_a_script_forgot_after_a_cut(between: Between, join: Join) -> None:
    rehearsal = Rehearsal()
    proxy = await between()
    rehearsal.watch(proxy)
    scenario = parse('[[step]]\nat = "+0s"\ndo = "rst"', "a cut")
    client = await join(proxy)
    begun = asyncio.Event()
    drill = asyncio.create_task(  # noqa: TID251  # awaited below
        rehearsal.play(proxy, Plan(scenario, 600 * SECOND_NS, begun.set))
    )
    await begun.wait()
    await until(lambda: not client.ib.isConnected())
    await join(proxy)
    rehearsal.stop.set()
    report = await drill
    assert report.judged(Heading.RECOVERY).verdict is Verdict.PASS
    (outage,) = report.outages
    assert (outage.kind, outage.client_id, outage.attempts) == ("cut", 1, 1)
    assert [act.command for act in report.acts] == ["calm", "rst", "clear"]


async def test_a_drill_without_a_client_ends_when_it_is_stopped(proxy: ChaosProxy) -> None:
    rehearsal = Rehearsal()
    rehearsal.watch(proxy)
    rehearsal.stop.set()
    plan = Plan(parse('[[step]]\nat = "+1s"\ndo = "rst"', "x"), 1)
    report = await rehearsal.play(proxy, plan)
    assert report.verdict is Verdict.UNTRIED


async def test_a_drill_waits_for_a_client_as_long_as_it_is_told(proxy: ChaosProxy) -> None:
    rehearsal, missed = Rehearsal(), asyncio.Event()
    rehearsal.watch(proxy)
    scenario = parse('[[step]]\nat = "+1s"\ndo = "rst"', "x")
    plan = Plan(scenario, 600 * SECOND_NS, wait_ns=SECOND_NS // 100, on_nobody=missed.set)
    report = await rehearsal.play(proxy, plan)
    assert missed.is_set()
    assert report.exit_code == 1


async def test_a_drill_ends_when_its_time_is_up(proxy: ChaosProxy, join: Join) -> None:
    """Nothing was tried by then, which is no praise."""
    rehearsal = Rehearsal()
    rehearsal.watch(proxy)
    await join(proxy)
    scenario = parse('[[step]]\nat = "+1h"\ndo = "rst"', "later")
    report = await rehearsal.play(proxy, Plan(scenario, SECOND_NS // 10))
    assert report.judged(Heading.RATE).verdict is Verdict.PASS
    assert report.verdict is Verdict.UNTRIED
    assert report.exit_code == 1


@pytest.mark.parametrize("early", [True, False])
async def test_a_drill_that_attends_has_a_report_whoever_ends_it(
    proxy: ChaosProxy, join: Join, early: bool
) -> None:
    rehearsal, ended = Rehearsal(), asyncio.Event()
    length_ns = 600 * SECOND_NS if early else SECOND_NS // 10
    scenario = parse('[[step]]\nat = "+1h"\ndo = "rst"', "later")
    async with rehearsal.attend(Plan(scenario, length_ns), proxy, ended.set):
        await join(proxy)
        if not early:
            await ended.wait()
    assert ended.is_set()
    assert rehearsal.report is not None
    assert rehearsal.report.figures.connections == 1
