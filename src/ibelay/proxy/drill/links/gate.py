"""Whether the gateway can be reached at all, as far as faults are told.

Rules:
1. Without any word of a fault nothing is known: then the gateway is back when it answers.
2. A fault of the door or of the line keeps a client out until it ends.
"""

from __future__ import annotations

from ibelay.model.faults import (
    Accept,
    Clear,
    ClientIdInUse,
    Command,
    Down,
    Freeze,
    HalfOpen,
    Mute,
    NoAccounts,
    PortChanged,
    Refuse,
    Restart,
    Thaw,
    Timeout,
    Unplug,
)
from ibelay.proxy.drill.facts import Began, Ended

MAX_FAULTS = 200
_KEEPS_OUT = (
    ClientIdInUse,
    Down,
    Freeze,
    HalfOpen,
    Mute,
    NoAccounts,
    PortChanged,
    Refuse,
    Restart,
    Timeout,
    Unplug,
)
_ENDS: tuple[tuple[type[Command], tuple[type[Command], ...]], ...] = (
    (Accept, (Refuse, Down)),
    (Thaw, (Freeze,)),
)


class Gate:
    """The faults that keep clients out."""

    def __init__(self) -> None:
        self._faults: list[Command] = []
        self._told = False

    @property
    def open(self) -> bool | None:
        """Whether a client can get in; None if nobody says."""
        return not self._faults if self._told else None

    def see(self, fact: Began | Ended) -> None:
        """Take in a fault that began or ended."""
        self._told = True
        command = fact.command
        if isinstance(command, Clear):
            self._faults.clear()
        elif isinstance(fact, Ended):
            if command in self._faults:
                self._faults.remove(command)
        elif isinstance(command, _KEEPS_OUT):
            self._faults = [*self._faults[-MAX_FAULTS:], command]
        for ending, ended in _ENDS:
            if isinstance(command, ending):
                self._faults = [one for one in self._faults if not isinstance(one, ended)]
