"""The one place where a command's errors become a sentence and an exit code.

Exit codes: 0 done · 1 a check or a demo failed · 2 wrong arguments · 69 nothing listens ·
78 configuration · 130 interrupted. Heavy rooms are imported inside the commands, so that
``ibelay --help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from ibelay import __version__
from ibelay.cli import bots, check, demo, gateway
from ibelay.errors import IbelayError, LinkError, OperatorError

USAGE, UNAVAILABLE, CONFIGURATION, INTERNAL, INTERRUPTED = 2, 69, 78, 70, 130

app = App(
    name="ibelay",
    version=__version__,
    help="The resilience layer for trading bots on Interactive Brokers.\n\n"
    "Example: `ibelay demo` shows a bot survive a cut line and a kill.",
    help_format="markdown",
)
app.command(demo.demo)
app.command(bots.up)
app.command(bots.status)
app.command(bots.safe_mode)
app.command(bots.worklist)
app.command(gateway.gateway)
app.command(check.check)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    try:
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _say(f"{_one_line(str(error))} (see `ibelay --help`)", USAGE)
    except LinkError as error:
        return _say(str(error), UNAVAILABLE)
    except OperatorError as error:
        return _say(str(error), CONFIGURATION)
    except IbelayError as error:
        return _say(str(error), INTERNAL)
    except KeyboardInterrupt:
        return INTERRUPTED
    return int(code or 0)


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"ibelay: {sentence}\n")
    return code


def _one_line(text: str) -> str:
    return " ".join(text.split())
