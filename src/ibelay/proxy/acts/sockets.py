"""Acts of toxics: what stands is kept in ``Toxics``, what ends by itself is planned."""

from __future__ import annotations

from ibelay.control.acts import upstream
from ibelay.control.stage import END, Stage
from ibelay.model.faults import Clear, Timeout, write
from ibelay.proxy.acts.shell import ChaosShell
from ibelay.proxy.toxics.standing import Toxic


def stand(shell: ChaosShell, toxic: Toxic) -> None:
    """Let a toxic stand, as long as it says."""
    shell.toxics.put(toxic)
    if toxic.lasting is not None:
        shell.later(toxic.lasting, END + write(toxic), lambda: shell.toxics.end(toxic))


def timeout(shell: ChaosShell, fault: Timeout) -> str:
    """Let nothing pass on the connections that stand, and close them later."""
    stage = Stage(shell)
    sessions = stage.sessions(fault.client)

    def end() -> None:
        for session in sessions:
            shell.close(session)

    for session in sessions:
        session.vanish()
    stage.surely(fault.span, "timeout", end)
    return f"{len(sessions)} connections carry nothing"


def clear(shell: ChaosShell, fault: Clear) -> None:
    """End what stands, toxics too."""
    shell.toxics.clear()
    shell.roll_backs.clear()
    upstream.clear(Stage(shell), fault)
