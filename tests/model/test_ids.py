"""References that identify an order for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.model import ids


@given(st.integers(1_600_000_000, 4_000_000_000), st.integers(1, 86_400))
def test_a_new_store_never_reuses_the_epochs_of_the_one_it_replaces(
    wall_s: int, later_s: int
) -> None:
    """As long as a bot does not restart more than once a second."""
    earlier = ids.first_epoch(wall_s * 1_000_000_000)
    restarts = later_s - 1
    assert ids.first_epoch((wall_s + later_s) * 1_000_000_000) > earlier + restarts


def test_a_reference_has_room_for_the_longest_name_and_a_century() -> None:
    unit = ids.unit_ref("abcdefghijkl", 4_000_000_000, 999_999)
    assert len(ids.order_ref(unit, 99)) <= ids.ORDER_REF_MAX


@pytest.mark.parametrize("name", ["", "9lives", "two words", "a" * 13, "comma,", "ünicode"])
def test_a_name_that_cannot_prefix_a_reference_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="bot name"):
        ids.bot_name(name)


def test_ours_is_what_begins_with_the_name_and_a_colon() -> None:
    assert ids.is_ours("ps60:3:17.0", "ps60")
    assert not ids.is_ours("ps60b:3:17.0", "ps60")
    assert not ids.is_ours("", "ps60")


def test_a_correction_is_the_same_execution() -> None:
    assert ids.execution_key("0000e0d5.6576fd38.01.01") == ids.execution_key(
        "0000e0d5.6576fd38.01.02"
    )


@pytest.mark.parametrize(
    ("exec_id", "known", "later"),
    [
        ("0000e0d5.6576fd38.01.02", "0000e0d5.6576fd38.01.01", True),
        ("0000e0d5.6576fd38.01.01", "0000e0d5.6576fd38.01.02", False),
        ("0000e0d5.6576fd38.01.01", "0000e0d5.6576fd38.01.01", False),
        ("0000e0d5.6576fd38.01.10", "0000e0d5.6576fd38.01.09", True),
        ("0000e0d5.6576fd38.01.100", "0000e0d5.6576fd38.01.99", True),
        ("0000e0d5.6576fd38.02.02", "0000e0d5.6576fd38.01.01", False),
        ("whole", "whole", False),
    ],
)
def test_a_correction_supersedes_only_what_it_corrects(
    exec_id: str, known: str, later: bool
) -> None:
    """The last segment counts up; everything before it names the fill."""
    assert ids.supersedes(exec_id, known) is later
