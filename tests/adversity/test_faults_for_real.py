"""A dozen faults of the matrix over real sockets, judged by the same judge.

The gateway plays the scenario file itself, at twenty times the speed of a clock; bot, proxy and
gateway talk through the machine's own sockets. What is judged is what no clock decides: orders,
fills, positions, books. Times are judged in virtual time alone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from decimal import Decimal

import pytest

from ibelay.app.clock import SystemClock
from ibelay.gateway.exchange.events import ExchangeEvent
from ibelay.gateway.main import gateway
from ibelay.gateway.options import GatewayOptions
from ibelay.ib.connector import IbConnector
from ibelay.journal.ledger import Ledger
from ibelay.machines.backoff import SECOND_NS, Schedule
from ibelay.model.faults import read
from ibelay.model.ids import ClientId
from ibelay.ports.broker import Address
from ibelay.proxy.chaos import ChaosProxy
from ibelay.runtime.bot import Bot
from ibelay.runtime.config import BotConfig, SessionConfig
from ibelay.store.memory import MemoryJournal
from ibelay.testing.matrix.actors.scripted import Scripted, ScriptedState
from ibelay.testing.matrix.evidence import Diary, Evidence
from ibelay.testing.matrix.fault import FILES, Fault, load
from ibelay.testing.matrix.judgement import judge
from ibelay.testing.simulation.observed import Asked, Broke, Observation, Truth
from ibelay.wire.decode.message import decode

pytestmark = [pytest.mark.adversity, pytest.mark.timeout(120)]

SPEED = 20
CLIENT_ID = ClientId(1)
JUDGED = {
    "orders_at_broker",
    "orders_at_most",
    "duplicates",
    "working",
    "working_twice",
    "lost_fills",
    "told_wrongly",
    "position",
    "believes",
    "books_equal",
    "protected",
    "order_ids_reused",
    "cancels",
    "open_orders",
}
REAL = ("F02", "F06", "F09", "F10", "F20", "F21", "F22", "F24", "F25", "F35", "F36", "F38")


def fault_of(number: str) -> Fault:
    """Return one fault of the matrix."""
    return load(next(FILES.glob(f"{number.lower()}_*.toml")))


async def played(number: str) -> Evidence:
    """Play a scenario for real, with a bot that is quick about everything."""
    fault = fault_of(number)
    setting, seen, diary = fault.setting, list[Observation](), Diary()
    options = GatewayOptions(
        port=0,
        symbols=setting.symbols,
        date=setting.date,
        start=setting.start,
        seed=setting.seed,
        speed=SPEED,
        scenario=next(FILES.glob(f"{number.lower()}_*.toml")),
    )
    clock, journal, ledger = SystemClock(), MemoryJournal(), Ledger()
    chance = random.Random(7)  # noqa: S311  # jitter
    async with gateway(options) as server, asyncio.TaskGroup() as tasks:
        floor = server.floor
        began_ns = floor.now_ns

        def now_ns() -> int:
            return floor.now_ns - began_ns

        def hear(events: Sequence[ExchangeEvent]) -> None:
            seen.extend(Truth(now_ns(), event) for event in events)

        def tell(_ns: int, way: str, who: ClientId | None, payload: bytes, _passes: bool) -> None:
            if way == "to-gateway" and who is not None:
                seen.append(Asked(now_ns(), who, decode(payload, 178)))

        floor.watch(hear)
        async with ChaosProxy("127.0.0.1", server.port, chance=chance) as proxy:
            proxy.on_message.append(tell)
            address = Address(host="127.0.0.1", port=proxy.port, client_id=CLIENT_ID)
            quick = Schedule(base_ns=SECOND_NS // 50, cap_ns=SECOND_NS // 10)
            bot = Bot(
                BotConfig(
                    name="real",
                    session=SessionConfig(address=address, schedule=quick),
                    reconcile_interval_s=1.0,
                ),
                strategy=Scripted(
                    fault.plan,
                    setting.symbols,
                    began_market_ns=began_ns,
                    diary=diary,
                    now_ns=now_ns,
                ),
                ledger=ledger,
                journal=journal,
                connector=IbConnector(clock),
                clock=clock,
                chance=chance,
            )
            life = tasks.create_task(bot.run())
            while now_ns() < setting.lasts_ns:  # noqa: ASYNC110  # the market's clock is waited for
                await asyncio.sleep(0.1)
            _write_down(bot, diary)
            bot.stop("the scenario is over")
            await life
        seen += [
            Broke(done.at_ns - began_ns, read(done.command), "") for done in server.operator.log
        ]
    return Evidence(
        observations=tuple(sorted(seen, key=lambda one: one.at_ns)),
        diary=diary,
        client_id=CLIENT_ID,
        symbols=setting.symbols,
        began_market_ns=began_ns,
        ended_ns=setting.lasts_ns,
    )


def _write_down(bot: Bot, diary: Diary) -> None:
    """Note what the bot knows at the end."""
    ledger = bot.books.ledger
    diary.executions = {str(key) for key in ledger.executions}
    held = {one.contract.symbol: one.quantity for one in ledger.positions.values()}
    diary.believes = {symbol: quantity for symbol, quantity in held.items() if quantity}
    diary.open_orders = len(list(ledger.open_orders()))
    state = bot.trader.memory.state
    assert isinstance(state, ScriptedState)
    diary.fills = {symbol: Decimal(told) for symbol, told in state.fills.items()}


@pytest.mark.parametrize("number", REAL)
async def test_a_user_gets_what_is_owed_over_real_sockets(number: str) -> None:
    fault = fault_of(number)
    evidence = await played(number)
    done = sum(isinstance(one, Broke) for one in evidence.observations)
    assert done == sum(len(step.do) for step in fault.scenario.steps), "not everything happened"
    expected = [one for one in fault.expect if one.name in JUDGED]
    assert expected
    judgement = judge(expected, evidence)
    assert [str(one) for one in judgement.findings if not one.met] == []
