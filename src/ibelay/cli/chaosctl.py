"""``ibelay chaosctl``: commands to a chaos proxy that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from ibelay.cli.examples import register

Port = Annotated[int, Parameter(name=["--port", "-p"])]
TokenFile = Annotated[Path | None, Parameter(show_default=False)]
DEFAULT_PORT = 4071

chaosctl = App(
    name="chaosctl",
    help="Look at a running chaos proxy and make things go wrong in it.",
    help_epilogue='Example: `ibelay chaosctl do "latency 80ms"`',
)


def status(*, port: Port = DEFAULT_PORT, token_file: TokenFile = None) -> int:
    """Show clients, the gateway behind and the faults that stand.

    Examples:
        `ibelay chaosctl status`

    Args:
        port: The proxy's control port.
        token_file: Its token; the file it makes in the state folder if not given.
    """
    return show("status", port=port, token_file=token_file)


def show(what: str, *, port: Port = DEFAULT_PORT, token_file: TokenFile = None) -> int:
    """Show one side of the proxy whole, as JSON.

    Examples:
        `ibelay chaosctl show faults`

    Args:
        what: One of `status`, `clients`, `faults`, `vocabulary`.
        port: The proxy's control port.
        token_file: Its token; the file it makes in the state folder if not given.
    """
    from ibelay.control.port.remote import CHAOS, Remote  # noqa: PLC0415  # commands load lazily

    print(json.dumps(Remote(port, token_file, CHAOS).look(f"/{what}"), indent=2))  # noqa: T201  # for a person
    return 0


def do(*commands: str, port: Port = DEFAULT_PORT, token_file: TokenFile = None) -> int:
    """Do one command or several, in their order; see the guide for all there are.

    Examples:
        `ibelay chaosctl do "lose-ack" "latency 200ms lasting=30s"`

        `ibelay chaosctl do clear`

    Args:
        commands: Commands, each in quotes if it has spaces.
        port: The proxy's control port.
        token_file: Its token; the file it makes in the state folder if not given.
    """
    from ibelay.control.port.remote import CHAOS, Remote  # noqa: PLC0415  # commands load lazily
    from ibelay.errors import ConfigurationError  # noqa: PLC0415  # the same

    if not commands:
        raise ConfigurationError('nothing to do: write a command, such as "latency 80ms"')
    for line in Remote(port, token_file, CHAOS).do(commands):
        print(line)  # noqa: T201  # for a person
    return 0


register(chaosctl, status)
register(chaosctl, show)
register(chaosctl, do)
