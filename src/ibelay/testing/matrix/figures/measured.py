"""All figures of one run, and how they are said."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.testing.matrix.evidence import Evidence
from ibelay.testing.matrix.figures.book import BookFigures, book_figures
from ibelay.testing.matrix.figures.heard import HeardFigures, heard_figures
from ibelay.testing.matrix.figures.link import LinkFigures, link_figures
from ibelay.testing.matrix.figures.sent import SentFigures, sent_figures
from ibelay.testing.matrix.figures.troubles import Trouble, troubles


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run measured."""

    troubles: tuple[Trouble, ...]
    link: LinkFigures
    book: BookFigures
    sent: SentFigures
    heard: HeardFigures


def measure(evidence: Evidence) -> Figures:
    """Return the figures of one run."""
    found = troubles(evidence.observations, evidence.ended_ns)
    return Figures(
        troubles=found,
        link=link_figures(evidence, found),
        book=book_figures(evidence),
        sent=sent_figures(evidence, found),
        heard=heard_figures(evidence, found),
    )


def seconds(ns: int | None) -> str:
    """Return a time as people read it: ``6.0 s``, or ``never``."""
    return "never" if ns is None else f"{ns / 1e9:.1f} s"
