"""The one place where a command's errors become a sentence and an exit code.

Exit codes: 0 done · 1 a check or a demo failed · 2 wrong arguments · 69 nothing listens ·
70 a bug of ours · 74 the system refused a file or a socket · 78 configuration ·
130 interrupted. Heavy rooms are imported inside the commands, so that ``ibelay --help``
answers at once.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, UnknownCommandError, UnusedCliTokensError

from ibelay import __version__
from ibelay.cli import bots, check, demo, store
from ibelay.cli.examples import register
from ibelay.cli.paper import gateway, gatewayctl
from ibelay.cli.trouble import chaos, chaosctl, simulate
from ibelay.errors import IbelayError, LinkError, OperatorError

_AVAILABLE = " Available commands: "
USAGE, UNAVAILABLE, INTERNAL, SYSTEM, CONFIGURATION, INTERRUPTED = 2, 69, 70, 74, 78, 130

app = App(
    name="ibelay",
    version=__version__,
    help="The resilience layer for trading bots on Interactive Brokers.",
    help_epilogue="Example: `ibelay demo` shows a bot survive a cut line and a kill.",
    help_format="markdown",
)
register(app, demo.demo)
register(app, bots.up)
register(app, bots.status)
register(app, gateway.gateway)
register(app, check.check)
register(app, simulate.simulate)
app.command(gatewayctl.gatewayctl)
register(app, chaos.chaos)
app.command(chaosctl.chaosctl)
app.command(bots.safe_mode)
app.command(bots.worklist)
app.command(store.store)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    _escape_what_cannot_be_shown()
    try:
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _say(_usage(error), USAGE)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (IbelayError, OSError) as error:
        return _explain(error)
    except BaseExceptionGroup as group:
        wrapped = _only(group)
        if wrapped is None:
            raise
        return _explain(wrapped)
    return int(code or 0)


def _escape_what_cannot_be_shown() -> None:
    """Let no letter end a command: into a file or a pipe Windows writes cp1252, not UTF-8."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _explain(error: IbelayError | OSError) -> int:
    """Say what happened and return the exit code that goes with it."""
    match error:
        case LinkError():
            return _say(str(error), UNAVAILABLE)
        case OperatorError():
            return _say(str(error), CONFIGURATION)
        case IbelayError():
            return _say(str(error), INTERNAL)
        case _:
            return _say(f"the system refused ({error}); check the path, rights and space", SYSTEM)


def _only(group: BaseExceptionGroup[BaseException]) -> IbelayError | OSError | None:
    """Return the error of ours a task group wraps, if it wraps nothing else."""
    inner: BaseException = group
    while isinstance(inner, BaseExceptionGroup) and len(inner.exceptions) == 1:
        inner = inner.exceptions[0]
    return inner if isinstance(inner, IbelayError | OSError) else None


def _usage(error: CycloptsError) -> str:
    """Return what is wrong with the arguments, and where the right ones are shown."""
    command = " ".join(["ibelay", *(error.command_chain or ())])
    if isinstance(error, UnusedCliTokensError):
        said = f"nothing was expected at {' '.join(error.unused_tokens or ())!r}"
    elif isinstance(error, UnknownCommandError):
        known = ", ".join(name for name in error.app or () if not name.startswith("-"))
        said = f"{str(error).partition(_AVAILABLE)[0]}{_AVAILABLE}{known}"  # it names but a few
    else:
        said = " ".join(str(error).split()).rstrip(".")
    return f"{said}; see `{command} --help`"


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"ibelay: {' '.join(sentence.split())}\n")
    return code
