"""Which program a world's process runs."""

from __future__ import annotations

from dataclasses import replace

from ibelay.dropin.keeper import KeeperConfig
from ibelay.ports.broker import Address
from ibelay.runtime.config import BotConfig, SessionConfig
from ibelay.testing.simulation.programs.drop_in import drop_in
from ibelay.testing.simulation.programs.program import MakeProgram
from ibelay.testing.simulation.programs.runtime import runtime
from ibelay.testing.simulation.setting import BOT_NAME, Kind, Setting


def program(setting: Setting, address: Address) -> MakeProgram:
    """Return what makes the program that *setting* asks for.

    Args:
        setting: Says which, and how it keeps its connection.
        address: Where it connects.
    """
    if setting.kind is Kind.DROP_IN:
        keeper = KeeperConfig(schedule=setting.schedule, heartbeat=setting.heartbeat)
        return drop_in(address, keeper, setting.script)
    if (own := setting.bot) is not None:
        session = replace(own.session, address=address)
        config = replace(own, name=BOT_NAME, account="", session=session)
        return runtime(config, setting.strategy)
    session = SessionConfig(address=address, schedule=setting.schedule, heartbeat=setting.heartbeat)
    config = BotConfig(
        name=BOT_NAME,
        session=session,
        policy=setting.policy,
        max_quantity=setting.max_quantity,
    )
    return runtime(config, setting.strategy)
