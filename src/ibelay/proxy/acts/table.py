"""The table of what only a proxy does, or does otherwise: a word and its act."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ibelay.control.acts.table import SHARED
from ibelay.control.operator import Acts
from ibelay.control.stage import Stage
from ibelay.model import faults
from ibelay.model.faults import Command
from ibelay.proxy.acts import orders, sockets
from ibelay.proxy.acts.shell import ChaosShell

OWN: dict[type[Command], Callable[[ChaosShell, Any], str | None]] = {
    faults.Latency: sockets.stand,
    faults.Bandwidth: sockets.stand,
    faults.Slicer: sockets.stand,
    faults.Limit: sockets.stand,
    faults.SlowClose: sockets.stand,
    faults.Timeout: sockets.timeout,
    faults.Clear: sockets.clear,
    faults.SecondPermId: orders.second_perm_id,
    faults.IdRollback: orders.id_rollback,
}


def acts_of(shell: ChaosShell) -> Acts:
    """Return every act of a proxy."""
    stage = Stage(shell)
    shared = {kind: partial(act, stage) for kind, act in SHARED.items()}
    return {**shared, **{kind: partial(act, shell) for kind, act in OWN.items()}}
