"""Strategies that bring their process down, or its disk, for tests of what follows.

Each factory is named in a bot's settings. The supervisor makes a strategy too, to find wrong
settings before it starts a process, so the trouble is for the bot's process alone.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
from pathlib import Path

from tests.adversity.churn import Churn

from ibelay.errors import ConfigurationError

CRASHES = 5
CRASH_CODE = 41
DISK_BYTES = 300_000


def crashing() -> Churn:
    """End the process at its first five starts; trade from the sixth on."""
    if _in_the_bot():
        count = Path(os.environ["TROUBLED_FOLDER"], "starts")
        starts = int(count.read_text()) + 1 if count.exists() else 1
        count.write_text(str(starts))
        if starts <= CRASHES:
            os._exit(CRASH_CODE)
    return Churn()


def misconfigured() -> Churn:
    """Find a mistake that only the bot's process can see."""
    if _in_the_bot():
        raise ConfigurationError("the strategy's data file is of another year; expected this one")
    return Churn()


def full_disk() -> Churn:
    """Trade until the store has grown to ``DISK_BYTES``; no further byte can be written."""
    if _in_the_bot():
        resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, DISK_BYTES))
    return Churn()


def _in_the_bot() -> bool:
    return multiprocessing.parent_process() is not None
