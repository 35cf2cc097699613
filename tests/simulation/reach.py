"""Writes situations.txt: which faults meet the bot in which state in a fixed campaign.

Run it when something new is reached: ``python -m tests.simulation.reach``. A test fails when a
situation of the file is no longer reached, so that a change of bot, gateway or profiles that
makes a campaign blind is seen.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ibelay.testing.simulation.campaign import campaign
from ibelay.testing.simulation.situations import Situation

SEEDS = range(1, 61)
HOURS = 1.0
PROFILE = "hostile"
LEAST = 3
PAGE = Path(__file__).with_name("situations.txt")
HEAD = "# Written by `python -m tests.simulation.reach`; what a campaign must go on reaching.\n"


def reached(jobs: int = 2) -> Counter[Situation]:
    """Return how often each situation came in the fixed campaign."""
    met: Counter[Situation] = Counter()
    for one in campaign(SEEDS, PROFILE, HOURS, jobs=jobs):
        met.update(dict(one.outcome.situations))
    return met


def known() -> set[str]:
    """Return the situations of the file."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def main() -> None:
    """Write the file anew: what came several times, so that one draw does not decide.

    What was written down before stays as long as it is reached at all.
    """
    met = {str(one): count for one, count in reached().items()}
    before = known()
    often = sorted(one for one, count in met.items() if count >= LEAST or one in before)
    PAGE.write_text(HEAD + "\n".join(often) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
