"""The reference pages say what the commands and the settings are."""

from __future__ import annotations

import pytest
from tests.cli.reference import PAGES, cli_page, commands, sections, settings_page

REWRITE = "run `python -m tests.cli.reference` to write it again"


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    assert (PAGES / "cli.md").read_text(encoding="utf-8") == cli_page(), REWRITE


def test_the_page_of_settings_is_what_the_settings_say() -> None:
    assert (PAGES / "settings.md").read_text(encoding="utf-8") == settings_page(), REWRITE


@pytest.mark.parametrize("name", commands())
def test_every_option_is_explained(name: str) -> None:
    """A new option without a line in the docstring fails here."""
    for argument in commands()[name].app.assemble_argument_collection(parse_docstring=True):
        assert argument.parameter.help, argument.names


@pytest.mark.parametrize("name", sections())
def test_every_setting_is_explained(name: str) -> None:
    for key, field in sections()[name].model_fields.items():
        assert field.description, key
