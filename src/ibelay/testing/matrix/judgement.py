"""The judgement of one run: each expectation, what was measured, and whether it is met. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ibelay.testing.matrix.checks import CHECKS, Expected
from ibelay.testing.matrix.evidence import Evidence
from ibelay.testing.matrix.figures.measured import Figures, measure


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation beside what was measured."""

    expected: Expected
    measured: str
    met: bool

    def __str__(self) -> str:
        word = "met" if self.met else "NOT MET"
        says = CHECKS[self.expected.name].says.format(self.expected.written)
        return f"{says}: {self.measured} ({word})"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of one run."""

    figures: Figures
    findings: tuple[Finding, ...]

    @property
    def unmet(self) -> tuple[str, ...]:
        """The names of the checks that were not met."""
        return tuple(one.expected.name for one in self.findings if not one.met)


def judge(expected: Iterable[Expected], evidence: Evidence) -> Judgement:
    """Return what came of a run of which this was *expected*."""
    figures = measure(evidence)
    return Judgement(figures, tuple(_find(one, figures) for one in expected))


def _find(expected: Expected, figures: Figures) -> Finding:
    check = CHECKS[expected.name]
    figure = check.figure(figures)
    return Finding(expected, check.shown(figure), check.met(figure, expected.value))
