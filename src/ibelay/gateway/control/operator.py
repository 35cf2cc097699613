"""The operator: does what a command says, and says what was done.

Rules:
1. Every word that the vocabulary gives to the gateway has its act here; others are refused.
2. A command that cannot be done changes nothing and is one clear sentence.
3. What was done is remembered, the last ``MAX_LOG`` commands, with market time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from ibelay.control.controlled import MAX_LOG, Done
from ibelay.errors import ConfigurationError
from ibelay.gateway.control.acts import book, clock, gate, line, upstream
from ibelay.gateway.control.stage import Shell, Stage
from ibelay.model import faults
from ibelay.model.faults import Command, Performer, refusal

Act = Callable[[Stage, Any], str | None]

ACTS: dict[type[Command], Act] = {
    faults.Delay: line.counted,
    faults.Drop: line.counted,
    faults.Duplicate: line.counted,
    faults.Reorder: line.counted,
    faults.Truncate: line.counted,
    faults.LoseAck: line.counted,
    faults.SwallowOrders: line.counted,
    faults.RejectNext: line.counted,
    faults.Freeze: line.freeze,
    faults.Thaw: line.thaw,
    faults.HalfOpen: line.half_open,
    faults.Pacing: line.pacing,
    faults.Rst: gate.rst,
    faults.Fin: gate.fin,
    faults.Refuse: gate.refuse,
    faults.Accept: gate.accept,
    faults.Down: gate.down,
    faults.Mute: gate.mute,
    faults.NoAccounts: gate.no_accounts,
    faults.ClientIdInUse: gate.client_id_in_use,
    faults.PortChanged: gate.port_changed,
    faults.Restart: gate.restart,
    faults.Reset: upstream.reset,
    faults.FarmDown: upstream.farm,
    faults.Competing: upstream.competing,
    faults.Notice: upstream.notice,
    faults.Clear: upstream.clear,
    faults.Midnight: book.midnight,
    faults.SetPrice: book.set_price,
    faults.Fill: book.fill,
    faults.Partial: book.partial,
    faults.Reject: book.reject,
    faults.Cancel: book.cancel,
    faults.ManualTrade: book.manual_trade,
    faults.Correct: book.correct,
    faults.SecondPermId: book.second_perm_id,
    faults.IdRollback: book.id_rollback,
    faults.Split: book.split,
    faults.Pause: clock.pause,
    faults.Resume: clock.resume,
    faults.Step: clock.step,
    faults.SetSpeed: clock.speed,
}


class Operator:
    """Commands one gateway.

    Args:
        shell: The gateway.
    """

    def __init__(self, shell: Shell) -> None:
        self._stage = Stage(shell)
        self.log: deque[Done] = deque(maxlen=MAX_LOG)

    def do(self, command: Command) -> str:
        """Do what *command* says; return what was done, in words.

        Raises:
            ConfigurationError: It cannot be done here, or not as things stand.
        """
        act = ACTS.get(type(command))
        if act is None:
            raise ConfigurationError(refusal(command, Performer.GATEWAY))
        said = act(self._stage, command)
        written = faults.write(command)
        done = f"{written}: {said}" if said else f"{written}: done"
        self.log.append(Done(self._stage.floor.now_ns, written, done))
        return done
