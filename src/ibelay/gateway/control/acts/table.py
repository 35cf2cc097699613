"""The table of what only a gateway does: a word and its act."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ibelay.control.acts.table import SHARED
from ibelay.control.operator import Acts
from ibelay.control.stage import Stage
from ibelay.gateway.control.acts import book, clock
from ibelay.gateway.control.stage import GatewayShell
from ibelay.model import faults
from ibelay.model.faults import Command

OWN: dict[type[Command], Callable[[GatewayShell, Any], str | None]] = {
    faults.Midnight: book.midnight,
    faults.SetPrice: book.set_price,
    faults.Fill: book.fill,
    faults.Partial: book.partial,
    faults.Reject: book.reject,
    faults.Cancel: book.cancel,
    faults.ManualTrade: book.manual_trade,
    faults.ForeignTrade: book.foreign_trade,
    faults.Advise: book.advise,
    faults.NetOut: book.net_out,
    faults.RejectData: book.reject_data,
    faults.Correct: book.correct,
    faults.SecondPermId: book.second_perm_id,
    faults.IdRollback: book.id_rollback,
    faults.Split: book.split,
    faults.Pause: clock.pause,
    faults.Resume: clock.resume,
    faults.Step: clock.step,
    faults.SetSpeed: clock.speed,
}


def acts_of(shell: GatewayShell) -> Acts:
    """Return every act of a gateway."""
    stage = Stage(shell)
    shared = {kind: partial(act, stage) for kind, act in SHARED.items()}
    return {**shared, **{kind: partial(act, shell) for kind, act in OWN.items()}}
