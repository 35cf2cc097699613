"""Bent LEAN zips and rows: read or refused, whatever is in them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibelay.errors import ConfigurationError
from ibelay.gateway.market.replay.lean.files import read_zip
from ibelay.gateway.market.replay.lean.rows import Layout, read_quotes, read_trades

ROW = "34200000,1,2,3,1000000,200,5,6,7,1000500,300\n"
LAYOUTS = [
    Layout(midnight_ns=0, row_ns=row_ns, scaled=scaled)
    for row_ns in (0, 1_000_000_000)
    for scaled in (False, True)
]
fuzzed = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    max_examples=400,
)


def packed(method: int) -> bytes:
    """Return a zip of one CSV file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        archive.writestr("a.csv", ROW * 20)
    return content.getvalue()


DEFLATED = packed(zipfile.ZIP_DEFLATED)


def said(path: Path) -> str:
    """Return why the zip *path* was refused, nothing if it was read."""
    try:
        read_zip(path)
    except ConfigurationError as error:
        return str(error)
    return ""


@fuzzed
@given(
    st.lists(st.tuples(st.integers(0, len(DEFLATED) - 1), st.integers(0, 255)), max_size=4),
    st.integers(0, len(DEFLATED)),
)
def test_a_bent_zip_is_read_or_refused(
    tmp_path: Path, changes: list[tuple[int, int]], length: int
) -> None:
    content = bytearray(DEFLATED)
    for place, byte in changes:
        content[place] = byte
    path = tmp_path / "bent.zip"
    path.write_bytes(content if length % 3 else content[:length])
    assert len(said(path)) < 800


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_cannot_be_unpacked_piece_by_piece_is_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "strange.zip"
    path.write_bytes(packed(method))
    assert "packed in an unusual way: expected deflate" in said(path)


def test_a_file_longer_than_its_zip_says_is_refused(tmp_path: Path) -> None:
    """The sizes are written twice, in the file's own head and in the directory at the end."""
    path = tmp_path / "liar.zip"
    size, less = len(ROW * 20).to_bytes(4, "little"), (10).to_bytes(4, "little")
    path.write_bytes(packed(zipfile.ZIP_DEFLATED).replace(size, less))
    assert "cannot be read" in said(path)


@fuzzed
@given(
    st.sampled_from(LAYOUTS),
    st.lists(st.text(st.sampled_from("0123456789,.-eE_ Nan\x00"), max_size=60), max_size=5),
)
def test_whatever_a_row_is_it_is_read_or_refused(layout: Layout, lines: list[str]) -> None:
    for read in (read_quotes, read_trades):
        try:
            rows = read(lines, "a file", layout)
        except ConfigurationError as error:
            sentence = str(error)
        else:
            sentence = ""
            assert len(rows) <= 4 * len(lines)
        assert len(sentence) < 400
