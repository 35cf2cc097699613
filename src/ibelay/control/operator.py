"""The operator: does what a command says, and says what was done.

Rules:
1. Every word that the vocabulary gives to a performer has its act; others are refused.
2. A command that cannot be done changes nothing and is one clear sentence.
3. What was done is remembered, the last ``MAX_LOG`` commands, with the performer's time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from ibelay.control.controlled import MAX_LOG, Done
from ibelay.errors import ConfigurationError
from ibelay.model import faults
from ibelay.model.faults import Command, Performer

Acts = Mapping[type[Command], Callable[[Any], str | None]]


class Operator:
    """Commands one gateway or proxy.

    Args:
        performer: What it is.
        acts: What it does for each word.
        now_ns: What time it is there.
    """

    def __init__(self, performer: Performer, acts: Acts, now_ns: Callable[[], int]) -> None:
        self._performer = performer
        self._acts = acts
        self._now_ns = now_ns
        self.log: deque[Done] = deque(maxlen=MAX_LOG)

    def do(self, command: Command) -> str:
        """Do what *command* says; return what was done, in words.

        Raises:
            ConfigurationError: It cannot be done here, or not as things stand.
        """
        act = self._acts.get(type(command))
        if act is None:
            raise ConfigurationError(faults.refusal(command, self._performer))
        said = act(command)
        written = faults.write(command)
        done = f"{written}: {said}" if said else f"{written}: done"
        self.log.append(Done(self._now_ns(), written, done))
        return done
