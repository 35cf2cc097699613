"""Acts on lines: what counts is left to ``Troubles``, what lasts is begun and ended here."""

from __future__ import annotations

from ibelay.control.line.troubles import Counted
from ibelay.control.stage import AnyStage as Stage
from ibelay.errors import ConfigurationError
from ibelay.model.faults import Dialog, Freeze, HalfOpen, Message, Pacing, Performer, Thaw


def counted(stage: Stage, fault: Counted) -> None:
    """Let a fault happen as often as it says.

    Raises:
        ConfigurationError: It is about what clients send, which a gateway only receives, or puts
            a message behind one that goes the other way.
    """
    messages = [getattr(fault, name, None) for name in ("message", "behind")]
    kinds = [one for one in messages if isinstance(one, Message)]
    asked = [one.name for one in kinds if one.from_client]
    if asked and stage.shell.performer is Performer.GATEWAY:
        raise ConfigurationError(
            f"{asked[0]} is said by clients: the chaos proxy can lose it on its way, "
            "the paper gateway only with swallow-orders"
        )
    if asked and len(asked) < len(kinds):
        raise ConfigurationError(
            f"{kinds[0].name} cannot be put behind {kinds[1].name}: they go opposite ways, "
            "expected two messages of clients or two of the gateway"
        )
    stage.troubles.add(fault)


def freeze(stage: Stage, fault: Freeze) -> None:
    """Stop reading and writing; thaw after the span, if there is one."""
    stage.troubles.freeze(fault.client)
    if fault.span is not None:
        stage.later(fault.span, "freeze", lambda: stage.troubles.thaw(fault.client))


def thaw(stage: Stage, fault: Thaw) -> None:
    """Read and write again."""
    stage.troubles.thaw(fault.client)


def half_open(stage: Stage, fault: HalfOpen) -> None:
    """Let the line go dead; the gateway finds out after a while, the client never."""
    for session in stage.sessions(fault.client):
        session.vanish()
        stage.surely(fault.reap, "half-open", session.leave)


def pacing(stage: Stage, fault: Pacing) -> None:
    """Count a breach that never happened."""
    for session in stage.sessions(fault.client):
        session.charge()


def dialog(stage: Stage, fault: Dialog) -> None:
    """Let orders wait for a person, and take them once the person has clicked."""

    def end() -> None:
        stage.troubles.dialog = False
        for session in stage.sessions(None):
            session.upstream_is_back()

    stage.troubles.dialog = True
    stage.later(fault.span, "dialog", end)
