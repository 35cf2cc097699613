"""What befalls the bot's process, its machine and the network between.

No gateway and no proxy can do these: a simulation does, and a drill with real processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ibelay.model.faults.values import Length


@dataclass(frozen=True, slots=True)
class Kill:
    """The bot's process is killed at once; what it has written to its disk stays.

    **Source**: F10; DESIGN, section 3.
    """

    word: ClassVar[str] = "kill"


@dataclass(frozen=True, slots=True)
class PowerCut:
    """The bot's machine loses power; what was not yet synced to its disk is lost or torn.

    **Source**: DESIGN, section 6.
    """

    word: ClassVar[str] = "power-cut"


@dataclass(frozen=True, slots=True)
class Stall:
    """The bot's process stands still: a long collection, a swapped-out machine, a debugger.

    **Source**: DESIGN, section 4 (the loop's own lag).
    """

    word: ClassVar[str] = "stall"
    span: Length


@dataclass(frozen=True, slots=True)
class Unplug:
    """The network between bot and gateway carries nothing for a while: no FIN, no RST.

    **Source**: F01.
    """

    word: ClassVar[str] = "unplug"
    span: Length
