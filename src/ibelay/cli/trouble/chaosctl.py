"""``ibelay chaosctl``: commands to a chaos proxy that runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from ibelay.cli import asking
from ibelay.cli.examples import register

if TYPE_CHECKING:
    from ibelay.control.port.remote import Remote

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
    return asking.show(_remote(port, token_file), what)


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
    return asking.do(_remote(port, token_file), commands, "latency 80ms")


def _remote(port: int, token_file: Path | None) -> Remote:
    from ibelay.control.port.remote import CHAOS, Remote  # noqa: PLC0415  # commands load lazily

    return Remote(port, token_file, CHAOS)


register(chaosctl, status)
register(chaosctl, show)
register(chaosctl, do)
