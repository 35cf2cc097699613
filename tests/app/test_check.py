"""`ibelay check` against the real paper gateway: what passes, what fails, what is left behind."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from ibelay.app.check.drafts import Drafts
from ibelay.app.check.options import CheckOptions
from ibelay.app.check.report import Outcome, Row, summary
from ibelay.app.check.run import Check, run_check
from ibelay.app.clock import SystemClock
from ibelay.control.agenda import NEVER_NS
from ibelay.errors import ConfigurationError, LinkError
from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.floor import Floor
from ibelay.gateway.session.quote_bars import WantedBar
from ibelay.ib.connector import IbConnector
from ibelay.ib.link import IbLink
from ibelay.model.events import BrokerEvent, StatusSeen
from ibelay.model.ids import ClientId
from ibelay.model.order import Action, OrderType
from ibelay.ports.broker import Address, EventSink

pytestmark = pytest.mark.adversity

PATIENT_S = 30.0  # far longer than anything here takes
BRIEF_S = 2.0  # for answers that never come; far longer than those that do
OPEN = GatewayOptions(port=0, symbols=("SPY",), start="10:00", speed=20)
BEFORE_THE_OPEN = replace(OPEN, start="08:00", speed=1)
PATH = (
    "connection",
    "positions",
    "open orders",
    "price",
    "limit order placed",
    "limit order cancelled",
    "stop order placed",
    "stop order cancelled",
)
ROUND_TRIP = ("bracket opened", "bracket closed", "position restored")


@contextmanager
def gateway_process(*arguments: str) -> Iterator[int]:
    """Run `ibelay gateway`; yield its port."""
    with subprocess.Popen(
        [sys.executable, "-m", "ibelay", "gateway", "--port", "0", "--symbols", "SPY", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline().rpartition(":")[2])
        process.terminate()


@pytest.fixture(scope="module")
def trading() -> Iterator[int]:
    """The port of a gateway in the middle of a day that runs fast."""
    with gateway_process("--start", "10:00", "--speed", "20") as port:
        yield port


def check_command(port: int, *arguments: str) -> list[str]:
    """Return the command line of a check."""
    return [sys.executable, "-m", "ibelay", "check", "--paper", "--port", str(port), *arguments]


def outcomes(output: str) -> dict[str, str]:
    """Return the outcome of every step in the printed table."""
    return dict(re.findall(r"│ ([a-z -]+?) +│ (PASS|FAIL|SKIP) ", output))


def test_every_step_of_the_order_path_passes(trading: int) -> None:
    done = subprocess.run(
        check_command(trading, "--symbol", "SPY", "--quantity", "1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcomes(done.stdout) == dict.fromkeys((*PATH, "clean-up"), "PASS")
    assert re.search(r"PASS: all 9 steps in \d+ ms", done.stdout)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_bracket_is_opened_and_closed_and_the_exit_is_timed(trading: int) -> None:
    done = subprocess.run(
        check_command(trading, "--market"), capture_output=True, text=True, check=False
    )
    assert outcomes(done.stdout) == dict.fromkeys((*PATH, *ROUND_TRIP, "clean-up"), "PASS")
    assert re.search(r"bracket closed +│ PASS +│ +\d+\.\d │", done.stdout)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_gateway_that_swallows_orders_fails_the_step_by_name() -> None:
    """Steps that stand on it are skipped, and what may be left is said."""
    with gateway_process("--start", "10:00", "--fault", "swallow-orders") as port:
        done = subprocess.run(
            check_command(port, "--market", "--timeout", str(BRIEF_S)),
            capture_output=True,
            text=True,
            check=False,
        )
    found = outcomes(done.stdout)
    assert found["price"] == "PASS"
    assert found["limit order placed"] == found["clean-up"] == "FAIL"
    assert {found[name] for name in (*PATH[5:], *ROUND_TRIP)} == {"SKIP"}
    assert "FAIL (limit order placed, clean-up)" in done.stdout
    assert "read-only" in done.stdout
    assert "check:" in done.stdout
    assert (done.returncode, done.stderr) == (1, "")


def test_no_gateway_is_one_sentence_and_no_table(unused_port: int) -> None:
    with pytest.raises(LinkError, match=f"nothing listens at 127.0.0.1:{unused_port}"):
        run_check(CheckOptions(port=unused_port))


@pytest.fixture
def unused_port() -> int:
    """A port at which nothing listens."""
    import socket  # noqa: PLC0415  # only this fixture needs it

    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def test_a_live_account_is_refused_before_any_order() -> None:
    """IB's paper accounts begin with D, its live ones do not."""
    floor = _live_floor()
    async with PaperGateway(floor, host="127.0.0.1", port=0, speed=1) as gateway:
        check = Check(_options(gateway.port), IbConnector(SystemClock()), SystemClock())
        with pytest.raises(ConfigurationError, match=r"not a paper account.*live-account-i-know"):
            await check.run()
        assert check.rows == []
        assert not floor.exchange.working_orders()
        assert not floor.exchange.completed_orders()


async def test_a_live_account_is_checked_if_that_is_said_in_so_many_words() -> None:
    async with PaperGateway(_live_floor(), host="127.0.0.1", port=0, speed=1) as gateway:
        options = replace(_options(gateway.port), allow_live=True, paper=False)
        check = Check(options, IbConnector(SystemClock()), SystemClock())
        await check.run()
    assert {row.outcome for row in check.rows} == {Outcome.PASS}


async def test_a_lost_link_is_followed_by_a_clean_up_over_a_new_one() -> None:
    floor = build_floor(OPEN)
    async with PaperGateway(floor, host="127.0.0.1", port=0, speed=1) as gateway:
        check = Check(_options(gateway.port), CutAtFirstAnswer(), SystemClock())
        await check.run()
        left = floor.exchange.working_orders()
    found = {row.name: row.outcome for row in check.rows}
    assert Outcome.FAIL in found.values()
    assert found["clean-up"] is Outcome.PASS
    assert not left


async def test_a_market_that_does_not_trade_leaves_no_order_behind() -> None:
    """Before the open the bracket waits; the check does not, and takes it back."""
    floor = build_floor(BEFORE_THE_OPEN)
    async with PaperGateway(floor, host="127.0.0.1", port=0, speed=1) as gateway:
        options = replace(_options(gateway.port), market=True, timeout_s=BRIEF_S)
        check = Check(options, IbConnector(SystemClock()), SystemClock())
        await check.run()
        left = floor.exchange.working_orders()
    found = {row.name: row for row in check.rows}
    assert found["bracket opened"].outcome is Outcome.FAIL
    assert "market is open" in found["bracket opened"].detail
    assert found["clean-up"].outcome is Outcome.PASS
    assert not left


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_check_takes_back_what_it_placed(number: signal.Signals) -> None:
    floor = build_floor(BEFORE_THE_OPEN)
    bracket = Bracket(floor.exchange)
    floor.join(ClientId(999), bracket)
    async with PaperGateway(floor, host="127.0.0.1", port=0, speed=1) as gateway:
        process = await asyncio.create_subprocess_exec(
            *check_command(gateway.port, "--market", "--timeout", str(PATIENT_S)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(PATIENT_S):
            await bracket.working.wait()
            process.send_signal(number)
            output, complaints = await process.communicate()
        left = floor.exchange.working_orders()
    found = outcomes(output.decode())
    assert (found["bracket opened"], found["clean-up"]) == ("FAIL", "PASS")
    assert (process.returncode, complaints) == (130, b"")
    assert not left


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"symbol": " "}, "symbol is empty"),
        ({"quantity": 0}, "quantity 0"),
        ({"port": 0}, "port 0"),
        ({"client_id": -1}, "client id -1"),
        ({"timeout_s": 0.0}, "timeout of 0 s"),
        ({"timeout_s": float("nan")}, "timeout of nan s"),
        ({"paper": False}, "real money"),
    ],
)
def test_an_option_that_cannot_work_is_refused(
    change: dict[str, str | int | float | bool], complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        CheckOptions(**change)  # type: ignore[arg-type]  # one wrong value each


def test_orders_are_on_the_tick_far_from_the_market_and_named_after_the_check() -> None:
    drafts = Drafts(17, 3)
    price = Decimal("458.333")
    limit, stop = drafts.limit(price), drafts.stop(price)
    assert (limit.limit_price, stop.stop_price) == (Decimal("366.67"), Decimal("550.00"))
    entry, target, protection = drafts.bracket(price)
    assert entry.order_type is OrderType.MARKET
    assert target.parent_ref == protection.parent_ref == entry.order_ref
    closing = drafts.closing(Decimal(-2))
    assert (closing.action, closing.quantity) == (Action.BUY, Decimal(2))
    references = [one.order_ref for one in (limit, stop, entry, target, protection, closing)]
    assert len(set(references)) == len(references)
    assert all(reference.startswith("check:17:") for reference in references)


def test_a_check_that_did_not_finish_has_not_passed() -> None:
    """The summary never says PASS of nothing."""
    assert summary([]).startswith("FAIL")
    assert summary([Row(name="price", outcome=Outcome.SKIP)]).startswith("FAIL (not finished)")


class Bracket:
    """A listener on the floor: ``working`` is set once three orders of a check work."""

    def __init__(self, exchange: Exchange) -> None:
        self.working = asyncio.Event()
        self._exchange = exchange

    def on_exchange(self, event: ExchangeEvent) -> None:
        if len(self._exchange.working_orders()) == 3:
            self.working.set()

    def on_event(self, *_event: object) -> None:
        """Prices are not asked for."""

    def on_ticks(self, *_ticks: object) -> None:
        """Prices are not asked for."""

    def bars_wanted(self) -> frozenset[WantedBar]:
        """No bars are asked for."""
        return frozenset()

    def on_bar(self, *_bar: object) -> None:
        """Bars are not asked for."""

    def on_time(self, _now_ns: int) -> None:
        """Time is not asked for."""

    def due_ns(self) -> int:
        """Nothing is due."""
        return NEVER_NS


class CutAtFirstAnswer:
    """The real connector; its first link is torn down at the first status of an order."""

    def __init__(self) -> None:
        self._real = IbConnector(SystemClock())
        self._links: list[IbLink] = []

    async def open(self, address: Address, sink: EventSink, *, timeout_s: float) -> IbLink:
        first = not self._links

        def hear(event: BrokerEvent) -> None:
            if first and isinstance(event, StatusSeen):
                self._links[0].abort()
            sink(event)

        link = await self._real.open(address, hear, timeout_s=timeout_s)
        self._links.append(link)
        return link


def _options(port: int) -> CheckOptions:
    return CheckOptions(port=port, timeout_s=PATIENT_S)


def _live_floor() -> Floor:
    """Return a floor whose account looks like a live one; the options do not allow that."""
    paper = build_floor(OPEN)
    account = "U7654321"
    exchange = Exchange(
        account=account,
        cash=OPEN.cash,
        instruments=paper.market.instruments,
        open_ns=paper.market.open_ns,
        close_ns=paper.market.close_ns,
    )
    return Floor(account=account, market=paper.market, exchange=exchange, start_ns=paper.now_ns)
