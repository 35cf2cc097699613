"""The table of what gateway and proxy do alike: a word and its act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ibelay.control.acts import gate, line, upstream
from ibelay.control.stage import AnyStage
from ibelay.model import faults
from ibelay.model.faults import Command

Act = Callable[[AnyStage, Any], str | None]

SHARED: dict[type[Command], Act] = {
    faults.Delay: line.counted,
    faults.Drop: line.counted,
    faults.Duplicate: line.counted,
    faults.Reorder: line.counted,
    faults.Truncate: line.counted,
    faults.Rewrite: line.counted,
    faults.Retime: line.counted,
    faults.LoseAck: line.counted,
    faults.SwallowOrders: line.counted,
    faults.RejectNext: line.counted,
    faults.Dialog: line.dialog,
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
    faults.StopStreams: upstream.stop_streams,
    faults.Competing: upstream.competing,
    faults.Notice: upstream.notice,
    faults.Clear: upstream.clear,
}
