"""A strategy that cannot be made is one sentence before anything starts."""

from __future__ import annotations

import pytest

from ibelay.app.compose import strategy_of
from ibelay.app.settings import BotSection, BotSettings
from ibelay.errors import ConfigurationError


def broken() -> object:
    """Fail as a factory of a user's strategy may."""
    raise ZeroDivisionError("a bug in the factory")


def test_a_factory_that_fails_is_a_matter_of_settings() -> None:
    settings = BotSettings(bot=BotSection(strategy=f"{__name__}:broken"))
    with pytest.raises(ConfigurationError, match=r"could not be made.*a bug in the factory"):
        strategy_of(settings)
