"""Acts on lines: what counts is left to ``Troubles``, what lasts is begun and ended here."""

from __future__ import annotations

from ibelay.errors import ConfigurationError
from ibelay.gateway.control.stage import Stage
from ibelay.gateway.session.line.troubles import Counted
from ibelay.model.faults import Freeze, HalfOpen, Message, Pacing, Thaw


def counted(stage: Stage, fault: Counted) -> None:
    """Let a fault happen as often as it says.

    Raises:
        ConfigurationError: It is about what clients send, which a gateway only receives.
    """
    messages = [getattr(fault, name, None) for name in ("message", "behind")]
    asked = [one.name for one in messages if isinstance(one, Message) and one.from_client]
    if asked:
        raise ConfigurationError(
            f"{asked[0]} is said by clients: the chaos proxy can lose it on its way, "
            "the paper gateway only with swallow-orders"
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
        stage.later(fault.reap, "half-open", session.leave)


def pacing(stage: Stage, fault: Pacing) -> None:
    """Count a breach that never happened."""
    for session in stage.sessions(fault.client):
        session.charge()
