"""What ``gatewayctl`` and ``chaosctl`` do alike: show a side, and do commands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ibelay.errors import ConfigurationError

if TYPE_CHECKING:
    from ibelay.control.port.remote import Remote


def show(remote: Remote, side: str) -> int:
    """Print one side of what runs there, as JSON; return the exit code."""
    print(json.dumps(remote.look(f"/{side}"), indent=2))  # noqa: T201  # for a person
    return 0


def do(remote: Remote, commands: Sequence[str], example: str) -> int:
    """Do *commands* there and print what was done; return the exit code.

    Args:
        remote: Who does them.
        commands: In their order.
        example: One that can be done there, for who wrote none.

    Raises:
        ConfigurationError: There is none.
    """
    if not commands:
        raise ConfigurationError(f'nothing to do: write a command, such as "{example}"')
    for line in remote.do(commands):
        print(line)  # noqa: T201  # for a person
    return 0
