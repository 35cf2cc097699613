"""Acts on sockets and on the door."""

from __future__ import annotations

from ibelay.control.stage import AnyStage as Stage
from ibelay.model.faults import (
    Accept,
    ClientIdInUse,
    Down,
    Fin,
    Mute,
    NoAccounts,
    PortChanged,
    Refuse,
    Restart,
    Rst,
)

CODE_PORT_CHANGED = 1300


def rst(stage: Stage, fault: Rst) -> None:
    """Reset connections."""
    for session in stage.sessions(fault.client):
        stage.shell.reset(session)


def fin(stage: Stage, fault: Fin) -> None:
    """Close connections in good order."""
    for session in stage.sessions(fault.client):
        stage.shell.close(session)


def refuse(stage: Stage, fault: Refuse) -> None:
    """Listen no more, for a while or until told."""
    stage.shell.shut()
    if fault.span is not None:
        stage.later(fault.span, "refuse", stage.shell.reopen)


def accept(stage: Stage, _fault: Accept) -> None:
    """Listen again."""
    stage.shell.reopen()


def down(stage: Stage, fault: Down) -> str:
    """Close every connection and listen no more, for a while or until told."""
    sessions = stage.sessions(None)
    for session in sessions:
        stage.shell.close(session)
    stage.shell.shut()
    if fault.span is not None:
        stage.later(fault.span, "down", stage.shell.reopen)
    return f"{len(sessions)} connections closed"


def mute(stage: Stage, fault: Mute) -> None:
    """Answer no handshake."""

    def end() -> None:
        stage.troubles.muted = False

    stage.troubles.muted = True
    if fault.span is not None:
        stage.later(fault.span, "mute", end)


def no_accounts(stage: Stage, fault: NoAccounts) -> None:
    """Name no account to clients that come."""

    def end() -> None:
        stage.troubles.no_accounts = False

    stage.troubles.no_accounts = True
    if fault.span is not None:
        stage.later(fault.span, "no-accounts", end)


def client_id_in_use(stage: Stage, fault: ClientIdInUse) -> None:
    """Refuse a client id."""
    stage.troubles.refused_ids.add(fault.client)
    if fault.span is not None:
        name = f"client-id-in-use {fault.client}"
        stage.later(fault.span, name, lambda: stage.troubles.refused_ids.discard(fault.client))


def port_changed(stage: Stage, fault: PortChanged) -> str:
    """Move to another port and drop every connection."""
    port = stage.shell.move_to(fault.port)
    stage.say(
        CODE_PORT_CHANGED,
        "Socket port has been reset and this connection is being dropped. "
        f"Please reconnect on the new port - {port}",
    )
    for session in stage.sessions(None):
        stage.shell.close(session)
    return f"listening on port {port}"


def restart(stage: Stage, fault: Restart) -> str:
    """Restart as every night: what was not transmitted is lost, ids may come again."""
    sessions = stage.sessions(None)
    ids = {session.client_id for session in sessions if session.client_id is not None}
    for session in sessions:
        stage.shell.reset(session)
    stage.shell.shut()
    lost = stage.shell.start_afresh(ids, fault.roll_back)
    stage.later(fault.span, "restart", stage.shell.reopen)
    return f"{len(sessions)} connections reset, {lost}"
