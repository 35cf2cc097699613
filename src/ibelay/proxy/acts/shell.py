"""What commands need of a proxy beyond what gateway and proxy have in common."""

from __future__ import annotations

from typing import Protocol

from ibelay.control.stage import Shell
from ibelay.model.ids import ClientId
from ibelay.proxy.conversation.conversation import Conversation
from ibelay.proxy.toxics.standing import Toxics


class ChaosShell(Shell[Conversation], Protocol):
    """The proxy around the conversations."""

    @property
    def toxics(self) -> Toxics:
        """The toxics that stand."""
        ...

    @property
    def roll_backs(self) -> dict[ClientId, int]:
        """By how much the next nextValidId of a client goes back."""
        ...
