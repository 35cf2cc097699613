"""A strategy that cannot be made is one sentence before anything starts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ibelay.app.compose import strategy_of
from ibelay.app.settings import BotSection, BotSettings, load_settings
from ibelay.errors import ConfigurationError


def broken() -> object:
    """Fail as a factory of a user's strategy may."""
    raise ZeroDivisionError("a bug in the factory")


def test_a_factory_that_fails_is_a_matter_of_settings() -> None:
    settings = BotSettings(bot=BotSection(strategy=f"{__name__}:broken"))
    with pytest.raises(ConfigurationError, match=r"could not be made.*a bug in the factory"):
        strategy_of(settings)


def test_a_strategy_beside_its_settings_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a service that is started elsewhere, too; what else lies there replaces nothing."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    example = Path(__file__).parents[2] / "examples" / "my_strategy.py"
    (tmp_path / "beside_settings.py").write_text(example.read_text(encoding="utf-8"))
    (tmp_path / "msgspec.py").write_text("raise RuntimeError('this is not msgspec')\n")
    (tmp_path / "bot.toml").write_text('[bot]\nstrategy = "beside_settings:make"\n')
    assert strategy_of(load_settings(tmp_path / "bot.toml")).name == "rising"
