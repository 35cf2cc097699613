"""Plans on paper: what is written can be read again, and nonsense is refused in a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibelay.errors import ConfigurationError
from ibelay.testing.simulation.bad_days import script
from ibelay.testing.simulation.bad_days.profiles import HOUR_NS, PROFILES, draw
from ibelay.testing.simulation.setting import Kind, Subject

SUBJECTS = st.builds(
    Subject,
    kind=st.sampled_from(Kind),
    own=st.sampled_from(["", "mybot:make", "bots.mine:Bot.make"]),
    symbols=st.sampled_from([("SPY",), ("AAPL",), ("SPY", "QQQ", "BRK B")]),
)


@given(st.integers(0, 10**9), st.sampled_from(sorted(PROFILES)), SUBJECTS)
def test_a_plan_is_read_as_it_was_written(seed: int, profile: str, subject: Subject) -> None:
    plan = draw(seed, PROFILES[profile], HOUR_NS, subject)
    assert script.read(script.write(plan)) == plan


def test_remarks_and_empty_lines_say_nothing() -> None:
    text = "# broke I4\n\nseed 7\nprofile calm\nspan 60s\n\n  +1.000000s: kill\n"
    assert script.read(text).seed == 7
    assert len(script.read(text).steps) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "profile calm\nspan 60s\n",
        "seed x\nprofile calm\nspan 60s\n",
        "seed 1\nprofile calm\nspan 60\n",
        "seed 1\nspan 60s\n+1.000000s: kill\n",
        "seed 1\nprofile calm\nspan 60s\nkill\n",
        "seed 1\nprofile calm\nspan 60s\nbot c3po\n",
        "seed 1\nprofile calm\nspan 60s\nbot dropin\nstrategy mybot:make\n",
        "seed 1\nprofile calm\nspan 60s\nscript mybot:main\n",
        "seed 1\nprofile calm\nspan 60s\n+1.000000s: explode\n",
    ],
)
def test_what_is_no_plan_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"expected|known|mean"):
        script.read(text)
