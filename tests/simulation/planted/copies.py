"""A copy of the code with one mistake in it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.simulation.planted.faults import Planted

SOURCE = Path(__file__).resolve().parents[3] / "src" / "ibelay"


def plant(fault: Planted, folder: Path) -> Path:
    """Copy the code into *folder* with *fault* in it; return what has to be on the path.

    Raises:
        ValueError: The text that the fault replaces does not stand there exactly once.
    """
    text = (SOURCE / fault.file).read_text()
    if text.count(fault.old) != 1:
        raise ValueError(
            f"planted fault {fault.name!r} finds its text {text.count(fault.old)} times in "
            f"{fault.file}, expected once: the code has changed, so plant it anew"
        )
    # With their times and compiled files, so that only what is changed is compiled again.
    shutil.copytree(SOURCE, folder / "ibelay")
    (folder / "ibelay" / fault.file).write_text(text.replace(fault.old, fault.new))
    return folder
