"""Acts behind the gateway: IB's servers, farms, other sessions, messages.

Texts are IB's, since clients read them.

**Source**: shared IB facts, section 1a.
"""

from __future__ import annotations

from typing import NamedTuple

from ibelay.control.stage import END
from ibelay.control.stage import AnyStage as Stage
from ibelay.errors import ConfigurationError
from ibelay.model.faults import Clear, Competing, FarmDown, Notice, Reset, StopStreams

CODE_COMPETING = 10197
NO_DATA_COMPETING = "No market data during competing live session"
LOST = "Connectivity between IB and Trader Workstation has been lost."
RESTORED = "Connectivity between IB and Trader Workstation has been restored - "
DATA_LOST = RESTORED + "data lost."
DATA_KEPT = RESTORED + "data maintained. All data farms are connected: usfarm; ushmds; secdefil."
MAX_BURST = 50


class _Farm(NamedTuple):
    """What is said of a farm: two codes, and its name between two words."""

    broken: int
    ok: int
    kind: str
    name: str


_FARMS = {
    "market": _Farm(2103, 2104, "Market data farm", "usfarm"),
    "historical": _Farm(2105, 2106, "HMDS data farm", "ushmds"),
    "definitions": _Farm(2157, 2158, "Sec-def data farm", "secdefil"),
}


def reset(stage: Stage, fault: Reset) -> None:
    """Lose IB's servers, say so again and again, and get them back."""
    if stage.troubles.upstream is not None:
        raise ConfigurationError("a reset is under way already: wait for its end, or clear")
    stage.troubles.lose_upstream(fault)
    stage.troubles.stop_data("reset")
    _say_lost(stage, fault)
    stage.later(fault.span, "reset", lambda: _restore(stage, fault))


def farm(stage: Stage, fault: FarmDown) -> None:
    """Break a farm for a while."""
    one = _FARMS[fault.farm]
    reason = f"farm {fault.farm}"

    def end() -> None:
        stage.troubles.resume_data(reason)
        stage.say(one.ok, f"{one.kind} connection is OK:{one.name}")

    stage.say(one.broken, f"{one.kind} connection is broken:{one.name}")
    if fault.farm == "market":
        stage.troubles.stop_data(reason)
    if fault.kill:
        for session in stage.sessions(None):
            session.lose_streams()
    stage.later(fault.span, reason, end)


def stop_streams(stage: Stage, fault: StopStreams) -> None:
    """Let streams fall silent without a word."""
    for session in stage.sessions(fault.client):
        session.lose_streams()


def competing(stage: Stage, fault: Competing) -> None:
    """Take the market data away for a while."""
    if not 1 <= fault.burst <= MAX_BURST:
        raise ConfigurationError(
            f"competing cannot use {fault.burst} as burst: expected from 1 to {MAX_BURST}"
        )
    for session in stage.sessions(None):
        for _time in range(fault.burst):
            session.refuse_streams(CODE_COMPETING, NO_DATA_COMPETING)
    stage.troubles.stop_data("competing")
    stage.later(fault.span, "competing", lambda: stage.troubles.resume_data("competing"))


def notice(stage: Stage, fault: Notice) -> None:
    """Say anything."""
    stage.say(fault.code, fault.text, about=fault.id, client=fault.client)


def clear(stage: Stage, _fault: Clear) -> None:
    """End what stands and forget what was to follow."""
    stage.shell.forget(END)
    upstream_was_lost = stage.troubles.upstream is not None
    stage.troubles.clear()
    stage.shell.reopen()
    if upstream_was_lost:
        _tell_restored(stage, data_lost=False)


def _say_lost(stage: Stage, fault: Reset) -> None:
    """Say 1100, and again, until it is over."""
    if stage.troubles.upstream is not fault:
        return
    stage.say(1100, LOST)
    if fault.every.ns:
        stage.later(fault.every, "1100", lambda: _say_lost(stage, fault))


def _restore(stage: Stage, fault: Reset) -> None:
    stage.troubles.lose_upstream(None)
    stage.troubles.resume_data("reset")
    _tell_restored(stage, data_lost=fault.data_lost)


def _tell_restored(stage: Stage, *, data_lost: bool) -> None:
    for session in stage.sessions(None):
        if data_lost:
            session.lose_streams()
        session.say(-1, *((1101, DATA_LOST) if data_lost else (1102, DATA_KEPT)))
        for one in _FARMS.values():
            session.say(-1, one.ok, f"{one.kind} connection is OK:{one.name}")
        session.upstream_is_back()
