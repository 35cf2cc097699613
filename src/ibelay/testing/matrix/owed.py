"""What ibelay's bot does not meet yet: a table of debts, one row a fault.

Rules:
1. A row names every check that is not met, and no other: a debt that is paid in part is written
   anew, and one that is paid is struck out, or the tests fail.
2. No expectation is softened to make a row go away.
3. ``invariant`` is the name of the invariant that the run breaks, if it breaks one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One debt.

    Attributes:
        checks: Names of the expectations that are not met.
        requirement: The ids it is owed by.
        why: What happens today, in a sentence.
        invariant: See rule 3.
    """

    checks: tuple[str, ...]
    requirement: tuple[str, ...]
    why: str
    invariant: str = ""


OWED: dict[str, Owed] = {}
