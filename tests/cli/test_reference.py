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


def test_every_row_of_a_table_is_one_line_and_names_each_option_once() -> None:
    rows = [line for line in cli_page().splitlines() if line.startswith("| ")]
    assert [row for row in rows if not row.endswith(" |")] == []
    called = [row.split(" | ")[0].strip("| ").split(", ") for row in rows]
    assert [names for names in called if len(names) != len(set(names))] == []
