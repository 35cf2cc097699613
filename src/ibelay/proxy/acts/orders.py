"""Acts on what clients are told of their orders; the book itself knows nothing of them."""

from __future__ import annotations

from ibelay.errors import ConfigurationError
from ibelay.model.faults import IdRollback, SecondPermId
from ibelay.proxy.acts.shell import ChaosShell
from ibelay.proxy.conversation.twins import twin_of


def second_perm_id(shell: ChaosShell, fault: SecondPermId) -> str:
    """Let an order appear a second time, to everybody who hears of it."""
    for session in shell.sessions():
        known = session.find(fault.order)
        if known is not None:
            for one in shell.sessions():
                one.double(known.perm_id)
            return f"order #{known.perm_id} appears again as #{twin_of(known.perm_id)}"
    raise ConfigurationError(
        "no such order has been told of through the proxy: let a bot place one, or ask for its "
        "open orders, first"
    )


def id_rollback(shell: ChaosShell, fault: IdRollback) -> str:
    """Let the next nextValidId of a client be lower than the gateway says."""
    shell.roll_backs[fault.client] = fault.by
    return f"the next nextValidId of client {fault.client} goes back by {fault.by}"
