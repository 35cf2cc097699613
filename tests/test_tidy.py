"""Style as a test: what ruff, mypy and the import contracts cannot say.

A rule that fights the problem in front of you loses (CONTRIBUTING.md): then change it here,
in the same commit, with the reason.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sources import parsed

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "ibelay"
MODULES = sorted(SOURCE.rglob("*.py"))
PYTHON_FILES = sorted(
    path for folder in ("src", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
KINDS_OF_TESTS = {"adversity", "conformance", "docs", "fuzz", "e2e", "properties", "simulation"}
MODULE_LINES_MAX = 400
DOOR_SIGN_LINES_MAX = 3
MAY_CATCH_EVERYTHING = {
    "src/ibelay/app/own.py",  # what the user's code raises while it is made is a matter of settings
    "src/ibelay/runtime/trading/trader.py",  # a strategy's bug costs it one turn, never the bot
}
TEXT_ENDINGS = {
    ".css", ".html", ".in", ".js", ".json", ".md", ".py", ".svg", ".toml", ".txt", ".yaml", ".yml",
}  # fmt: skip
# One letter of each stands in brackets, so that this file passes its own test.
ADDRESSES = re.compile(
    r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(?:org|com)|yarn[p]kg\.com|deb\.debia[n]\.org"
    r"|crate[s]\.io|--(?:extra-)?inde[x]-url"
)
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:[w]ork|[r]oot|[h]ome)/")
EXCUSE = re.compile(
    r"#\s*(?:ruff: )?(?:noqa|type: ignore)\b(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[\w,-]+\])?"
)


def relative(path: Path) -> str:
    """Return *path* as messages name it."""
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    """Return *path*, parsed."""
    return parsed(path.read_text(encoding="utf-8"))


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and text of every comment in *path*."""
    source = io.StringIO(path.read_text(encoding="utf-8"))
    for token in tokenize.generate_tokens(source.readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def tracked() -> list[Path]:
    """Return the text files git tracks; all text files where there is no git."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607  # whichever git is on the path
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout: there is no telling which files belong to the project")
    files = (ROOT / name.decode() for name in listing.stdout.split(b"\0") if name)
    return [
        path
        for path in files
        if path.is_file() and (path.suffix in TEXT_ENDINGS or not path.suffix)
    ]


def names(requirements: list[str]) -> set[str]:
    """Return the normalised project names of *requirements*."""
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in requirements)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def lines_of(name: str) -> list[str]:
    """Return the requirements of a file in requirements/, without comments."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]


def settings() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_one_concept_and_has_a_docstring(path: Path) -> None:
    """Over 400 lines only a table of data, which says so in its first paragraph."""
    docstring = ast.get_docstring(tree(path))
    assert docstring, f"{relative(path)} needs a docstring that says what it is for"
    length = len(path.read_text(encoding="utf-8").splitlines())
    table = re.search(r"\btable\b", docstring.partition("\n\n")[0], re.IGNORECASE)
    assert table or length <= MODULE_LINES_MAX, (
        f"{relative(path)} has {length} lines; split it by concept (at most {MODULE_LINES_MAX})"
    )


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.name == "__init__.py"], ids=relative
)
def test_a_package_has_a_short_sign_on_its_door(path: Path) -> None:
    """Three lines at most; the explanation stands in the modules."""
    docstring = ast.get_docstring(tree(path)) or ""
    assert 1 <= len(docstring.splitlines()) <= DOOR_SIGN_LINES_MAX


def test_nothing_is_left_to_do_in_the_source() -> None:
    """What is missing is an issue, not a comment."""
    found = [
        f"{relative(path)}:{line}"
        for path in MODULES
        for line, text in comments(path)
        if re.search(r"\b(?:TODO|FIXME|XXX|HACK)\b", text)
    ]
    assert found == []


def test_everything_is_caught_only_where_code_is_foreign() -> None:
    """``except Exception`` hides our bugs; bare ``except`` and ``BaseException`` must re-raise."""
    found = set()
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler) and _catches_everything(node):
                found.add(relative(path))
    assert found == MAY_CATCH_EVERYTHING


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    if isinstance(caught, ast.Tuple):
        kinds = {ast.unparse(kind) for kind in caught.elts}
    else:
        kinds = {"BaseException" if caught is None else ast.unparse(caught)}
    if "Exception" in kinds:
        return True
    reraised = any(isinstance(node, ast.Raise) for node in ast.walk(handler))
    return "BaseException" in kinds and not reraised


def test_nothing_sleeps() -> None:
    """A blocking sleep stops the trading loop, and in a test it waits for a guess."""
    found = [
        f"{relative(path)}:{node.lineno}"
        for path in PYTHON_FILES
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep")
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "time"
            and any(alias.name == "sleep" for alias in node.names)
        )
    ]
    assert found == []


def test_tests_stand_in_the_room_they_test() -> None:
    """A folder of tests is named for a room, or for a kind of test that crosses rooms."""
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in ROOT.glob("tests/*/**/*.py")}
    assert folders <= rooms | KINDS_OF_TESTS


def test_every_exemption_from_a_rule_says_why() -> None:
    """A ``noqa`` or ``type: ignore`` names its codes, and a reason follows on the line."""
    found = []
    for path in MODULES:
        for line, text in comments(path):
            if not EXCUSE.search(text):
                continue
            reason = EXCUSE.sub("", text).strip(" #-()")
            bare = re.search(r"#\s*(?:noqa(?!:)|type: ignore(?!\[))", text)
            if bare or not re.search(r"[a-z]{2}", reason):
                found.append(f"{relative(path)}:{line}: {text}")
    assert found == []


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    """What is installed is decided by hashes, and the tree works wherever it is cloned."""
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            allowed = "--no-emit-index" in line  # the option that keeps addresses out
            if (ADDRESSES.search(line) and not allowed) or MACHINE_PATHS.search(line):
                found.append(f"{relative(path)}:{number}: {line.strip()[:80]}")
    assert found == []


@pytest.mark.parametrize(
    "name",
    [
        "runtime.txt",
        "build.txt",
        "dev.txt",
        *sorted(path.name for path in (ROOT / "requirements").glob("conformance-*.txt")),
    ],
)
def test_a_lock_file_pins_every_entry_with_hashes(name: str) -> None:
    """An exact version and at least one sha256 each, and nothing that says where from."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE), "options belong to the command that installs"
    entries = re.split(r"\n(?=[A-Za-z0-9])", "\n".join(lines_of(name)))
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", entry), f"not an exact version: {entry[:60]}"
        assert "--hash=sha256:" in entry, f"no hash: {entry[:60]}"


def test_the_lock_files_hold_what_pyproject_asks_for() -> None:
    """Whoever adds a dependency runs ``make lock``."""
    project = settings()["project"]
    assert names(project["dependencies"]) <= names(lines_of("runtime.txt"))
    assert names(lines_of("build.in")) <= names(lines_of("build.txt"))
    assert names(lines_of("dev.in")) <= names(lines_of("dev.txt"))


def test_requirement_inputs_repeat_pyproject() -> None:
    """The inputs of the lock are pyproject's groups; editables is hatchling's for ``-e``."""
    project = settings()
    assert lines_of("dev.in") == project["dependency-groups"]["dev"]
    build = names(project["build-system"]["requires"])
    assert names(lines_of("build.in")) == build | {"editables"}


def test_lock_files_agree_on_what_they_share() -> None:
    """Installing dev.txt after runtime.txt must not change what the demo ran with."""
    pins: dict[str, dict[str, set[str]]] = {}
    for name in ("runtime.txt", "build.txt", "dev.txt"):
        for line in lines_of(name):
            # One project may stand twice in a file, for different versions of Python.
            if match := re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line):
                pins.setdefault(match[1], {}).setdefault(name, set()).add(match[2])
    unlike = {
        project: by_file
        for project, by_file in pins.items()
        if len({frozenset(versions) for versions in by_file.values()}) > 1
    }
    assert unlike == {}
