"""Hostile clients against one floor: nothing is raised, nobody else notices.

``IBELAY_FUZZ`` says how many inputs; ``make fuzz`` gives 200,000.
"""

from __future__ import annotations

import os

import pytest
from tests.fuzz import corpus
from tests.fuzz.campaign import Campaign

from ibelay.wire.decode.message import SERVED

INPUTS = int(os.environ.get("IBELAY_FUZZ", "20000"))
SEEDS = (1, 2)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_input_breaks_a_session_or_its_neighbours(seed: int) -> None:
    report = Campaign(seed).run(INPUTS // len(SEEDS))
    assert report.inputs == INPUTS // len(SEEDS)
    assert report.witnessed >= report.inputs // 1000
    assert len(report.answers) >= 50, f"only {sorted(report.answers)} were answered with"


def test_a_campaign_is_a_function_of_its_seed() -> None:
    first, again = Campaign(7).run(1500), Campaign(7).run(1500)
    assert first == again


def test_the_corpus_has_every_request_there_is() -> None:
    asked = {int(message[0]) for message in corpus.messages()}
    assert set(SERVED) - asked == set()
