"""The half-hour as a scenario, whole or its beginning.

Rules:
1. The times of the file are not compressed: a bot's own timers are what is tried, and they
   count real seconds. A shorter drill plays fewer acts, a longer one has calm at its end.
2. An act is played only if there is time to recover from it before the drill ends.
"""

from __future__ import annotations

from importlib import resources

from ibelay.control.scenario import At, Scenario, parse
from ibelay.errors import ConfigurationError
from ibelay.proxy.drill.thresholds import SECOND_NS

FILE = "half_hour.toml"
MINUTES = 30.0
MIN_MINUTES, MAX_MINUTES = 0.1, 24 * 60.0
RECOVERY_NS = 60 * SECOND_NS


def half_hour() -> Scenario:
    """Return the scenario that comes with ibelay."""
    text = resources.files(__package__).joinpath(FILE).read_text("utf-8")
    return parse(text, FILE)


def span_ns(minutes: float) -> int:
    """Return *minutes* in nanoseconds.

    Raises:
        ConfigurationError: A drill cannot last so long, or so short.
    """
    if not MIN_MINUTES <= minutes <= MAX_MINUTES:
        raise ConfigurationError(
            f"a drill of {minutes:g} minutes cannot be: expected {MIN_MINUTES:g} to "
            f"{MAX_MINUTES:g}, and {MINUTES:g} for the whole of it"
        )
    return int(minutes * 60 * SECOND_NS)


def beginning(scenario: Scenario, length_ns: int) -> Scenario:
    """Return what of *scenario* can be played and recovered from within *length_ns*."""
    steps = tuple(
        step
        for step in scenario.steps
        if not isinstance(step.when, At)
        or step.when.of_day
        or step.when.ns + RECOVERY_NS <= length_ns
    )
    return Scenario(scenario.name, steps)
