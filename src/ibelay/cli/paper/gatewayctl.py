"""``ibelay gatewayctl``: commands to a paper gateway that runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from ibelay.cli import asking
from ibelay.cli.examples import register

if TYPE_CHECKING:
    from ibelay.control.port.remote import Remote

Port = Annotated[int, Parameter(name=["--port", "-p"])]
TokenFile = Annotated[Path | None, Parameter(show_default=False)]
DEFAULT_PORT = 4070

gatewayctl = App(
    name="gatewayctl",
    help="Look at a running paper gateway and make things go wrong in it.",
    help_epilogue='Example: `ibelay gatewayctl do "reset 30s"`',
)


def status(*, port: Port = DEFAULT_PORT, token_file: TokenFile = None) -> int:
    """Show market time, clients, working orders and the faults that stand.

    Examples:
        `ibelay gatewayctl status`

    Args:
        port: The gateway's control port.
        token_file: Its token; the file it makes in the state folder if not given.
    """
    return asking.show(_remote(port, token_file), "status")


def show(what: str, *, port: Port = DEFAULT_PORT, token_file: TokenFile = None) -> int:
    """Show one side of the gateway whole, as JSON.

    Examples:
        `ibelay gatewayctl show book`

    Args:
        what: One of `status`, `clock`, `book`, `account`, `clients`, `faults`, `vocabulary`.
        port: The gateway's control port.
        token_file: Its token; the file it makes in the state folder if not given.
    """
    return asking.show(_remote(port, token_file), what)


def do(*commands: str, port: Port = DEFAULT_PORT, token_file: TokenFile = None) -> int:
    """Do one command or several, in their order; see the guide for all there are.

    Examples:
        `ibelay gatewayctl do "drop execDetails 2 client=7"`

        `ibelay gatewayctl do "fill SPY" rst`

    Args:
        commands: Commands, each in quotes if it has spaces.
        port: The gateway's control port.
        token_file: Its token; the file it makes in the state folder if not given.
    """
    return _do(commands, port, token_file)


def pause(*, port: Port = DEFAULT_PORT, token_file: TokenFile = None) -> int:
    """Stop market time.

    Examples:
        `ibelay gatewayctl pause`

    Args:
        port: The gateway's control port.
        token_file: Its token; the file it makes in the state folder if not given.
    """
    return _do(["pause"], port, token_file)


def resume(*, port: Port = DEFAULT_PORT, token_file: TokenFile = None) -> int:
    """Let market time run on.

    Examples:
        `ibelay gatewayctl resume`

    Args:
        port: The gateway's control port.
        token_file: Its token; the file it makes in the state folder if not given.
    """
    return _do(["resume"], port, token_file)


def step(by: str, *, port: Port = DEFAULT_PORT, token_file: TokenFile = None) -> int:
    """Move market time on, paused or not.

    Examples:
        `ibelay gatewayctl step 90s`

    Args:
        by: How far, such as `90s`, `5m` or `1h`.
        port: The gateway's control port.
        token_file: Its token; the file it makes in the state folder if not given.
    """
    return _do([f"step {by}"], port, token_file)


def speed(times: str, *, port: Port = DEFAULT_PORT, token_file: TokenFile = None) -> int:
    """Change how fast market time runs.

    Examples:
        `ibelay gatewayctl speed 60`

    Args:
        times: Market seconds per real second, 0.001 to 1000.
        port: The gateway's control port.
        token_file: Its token; the file it makes in the state folder if not given.
    """
    return _do([f"speed {times}"], port, token_file)


def price(symbol: str, to: str, *, port: Port = DEFAULT_PORT, token_file: TokenFile = None) -> int:
    """Let the market of a symbol jump to a price and go on from there.

    Examples:
        `ibelay gatewayctl price SPY 601.25`

    Args:
        symbol: What is traded.
        to: The price to jump to.
        port: The gateway's control port.
        token_file: Its token; the file it makes in the state folder if not given.
    """
    return _do([f"set-price {symbol} {to}"], port, token_file)


def _do(commands: Sequence[str], port: int, token_file: Path | None) -> int:
    return asking.do(_remote(port, token_file), commands, "reset 30s")


def _remote(port: int, token_file: Path | None) -> Remote:
    from ibelay.control.port.remote import Remote  # noqa: PLC0415  # commands load lazily

    return Remote(port, token_file)


register(gatewayctl, status)
register(gatewayctl, show)
register(gatewayctl, do)
register(gatewayctl, pause)
register(gatewayctl, resume)
register(gatewayctl, step)
register(gatewayctl, speed)
register(gatewayctl, price)
