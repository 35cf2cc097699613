"""Whose a file is, and which line of the user's an error came from."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibelay.app import theirs
from ibelay.app.theirs import is_of, line_of

MODULE = "import json\n\ndef read():\n    return json.loads('no number')\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the user's: a module, and a package without an ``__init__.py``."""
    (tmp_path / "mine_alone.py").write_text(MODULE)
    (tmp_path / "mine_together").mkdir()
    (tmp_path / "mine_together" / "bot.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_what_is_not_the_users_is_not_taken_for_it(here: Path) -> None:
    name = "mine_alone:make"
    importlib.import_module("mine_alone")
    assert is_of(name, str(here / "mine_alone.py"))
    assert is_of(name, str(here / "beside.py"))
    assert not is_of(name, str(here / "venv" / "lib" / "site-packages" / "pandas.py"))
    assert not is_of(name, threading.__file__)
    assert not is_of(name, theirs.__file__)
    assert not is_of("never_imported:make", str(here / "mine_alone.py"))


def test_a_python_that_lies_below_the_users_folder_stays_pythons(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pyenv and uv keep theirs in the home of whoever has a strategy there."""
    monkeypatch.setattr(theirs, "_PYTHONS", (here / ".pyenv" / "lib" / "python3",))
    importlib.import_module("mine_alone")
    assert not is_of("mine_alone:make", str(here / ".pyenv" / "lib" / "python3" / "queue.py"))


def test_a_package_without_an_init_is_the_users_as_any_other(here: Path) -> None:
    importlib.import_module("mine_together.bot")
    assert is_of("mine_together.bot:make", str(here / "mine_together" / "bot.py"))
    assert not is_of("mine_together.bot:make", str(here / "mine_alone.py"))


def test_a_package_that_is_installed_is_the_users_when_it_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = here / "site-packages"
    (packages / "mine_installed").mkdir(parents=True)
    (packages / "mine_installed" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(packages))
    importlib.import_module("mine_installed")
    assert is_of("mine_installed.bot:make", str(packages / "mine_installed" / "bot.py"))
    assert not is_of("mine_installed.bot:make", str(packages / "another" / "bot.py"))


def test_the_line_of_an_error_is_the_users_though_python_raised_it(here: Path) -> None:
    mine = importlib.import_module("mine_alone")
    with pytest.raises(ValueError) as raised:  # noqa: PT011  # whatever json says
        mine.read()
    assert line_of(raised.value, with_folder=True) == f"{here / 'mine_alone.py'}:4"
    assert line_of(raised.value, with_folder=False) == "mine_alone.py:4"


def test_an_error_that_passed_no_line_of_the_users_has_none() -> None:
    assert line_of(ValueError("never raised"), with_folder=True) == ""
