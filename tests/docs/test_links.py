"""The documents are part of the product: their links lead somewhere and their code compiles."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "requirements").rglob("*.md")]
)
_FENCE = re.compile(r"^(`{3,}|~{3,})([^\n`]*)\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_SOURCE_PATH = re.compile(r"`((?:src|tests|docs|benchmarks|requirements)/[\w./-]+)`")


def relative(path: Path) -> str:
    """Return *path* as messages name it."""
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """Return a document without its code blocks."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """Return the anchors a reader's browser finds in *path*."""
    headings = re.findall(r"^#+\s+(.+?)\s*$", prose(path), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        for heading in headings
    }


def python_blocks(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and source of every Python block of a document."""
    text = path.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        if match[2].split(",")[0].strip() in {"python", "py"}:
            yield text.count("\n", 0, match.start()) + 1, textwrap.dedent(match[3])


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_links_lead_somewhere(path: Path) -> None:
    """Relative links and their anchors; the rest of the web is not ours to keep up."""
    broken = []
    for target in _LINK.findall(prose(path)):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        there = (path.parent / name).resolve() if name else path
        if not there.exists() or (
            anchor and there.suffix == ".md" and anchor not in anchors(there)
        ):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_files_that_are_named_exist(path: Path) -> None:
    """A path in backticks that begins with a folder of ours is a promise as well."""
    missing = [name for name in _SOURCE_PATH.findall(prose(path)) if not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_python_in_documents_compiles(path: Path) -> None:
    """Top-level ``await`` is allowed, as in a notebook."""
    for line, source in python_blocks(path):
        try:
            compile(
                source, f"{relative(path)}:{line}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            )
        except SyntaxError as error:
            pytest.fail(f"{relative(path)}:{line}: {error}")


def test_decisions_are_numbered_without_gaps() -> None:
    """``NNNN-what-was-decided.md``, each with the four parts a reader looks for."""
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [path.name[:4] for path in files] == [f"{n:04}" for n in range(1, len(files) + 1)]
    for path in files:
        parts = {"context", "decision", "consequence", "what-would-change-our-mind"}
        assert parts <= anchors(path), f"{relative(path)} lacks a part"
