"""Zips of a LEAN data folder: which there are, and the lines in them.

Rules:
1. ``KIND/MARKET/RESOLUTION/SYMBOL/YYYYMMDD_quote.zip`` and ``..._trade.zip``, for options
   with ``_american`` or ``_european`` before the ending; below them CSV files without header.
2. A zip holds one CSV file for a stock, one per contract for options and futures.
3. Open interest, factor files and map files are not played; a folder that has them gets one
   line in the log, because prices stay as they were traded, unadjusted.
4. Sizes are bounded before anything is unpacked. Only deflated and stored files are read:
   the other methods of a zip cannot be unpacked piece by piece.
"""

from __future__ import annotations

import logging
import struct
import zipfile
import zlib
from datetime import date
from pathlib import Path

from ibelay.errors import ConfigurationError

MAX_CSV_BYTES = 512 << 20
MAX_CSV_FILES = 20_000
RESOLUTIONS = {"tick": 0, "second": 1_000_000_000, "minute": 60_000_000_000}
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError,
)  # fmt: skip
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_NOT_PLAYED = ("factor_files", "map_files")
_log = logging.getLogger(__name__)


def read_zip(path: Path) -> dict[str, list[str]]:
    """Return the lines of each CSV file in the zip *path*, by name.

    Raises:
        ConfigurationError: The zip is damaged, empty, or larger than the limits.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if one.filename.endswith(".csv")]
            _check_size(path, members)
            return {one.filename: _lines(archive, one) for one in members}
    except _UNREADABLE as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error}): expected a zip with CSV files; fetch it again"
        ) from error


def zips(place: Path, day: date, kind: str) -> list[Path]:
    """Return the zips of *kind* (quote or trade) for *day* in the folder *place*."""
    exact = place / f"{day:%Y%m%d}_{kind}.zip"
    styled = sorted(place.glob(f"{day:%Y%m%d}_{kind}_*.zip"))
    return [exact, *styled] if exact.is_file() else styled


def resolution_of(place: Path, symbol: str, day: date, wanted: str | None) -> str | None:
    """Return the finest resolution with quotes or trades of *symbol* on *day*, if any.

    Args:
        place: Folder of one kind and market, such as ``equity/usa``.
        symbol: As LEAN spells it, in small letters.
        day: See there.
        wanted: The only resolution to look for; None for any.
    """
    for resolution in RESOLUTIONS if wanted is None else (wanted,):
        folder = place / resolution / symbol
        if zips(folder, day, "quote") or zips(folder, day, "trade"):
            return resolution
    return None


def days_of(place: Path, symbol: str) -> list[str]:
    """Return the days there are of *symbol* in the folder *place*, as YYYY-MM-DD."""
    names = {path.name[:8] for path in place.glob(f"*/{symbol}/*_*.zip")}
    return sorted(f"{n[:4]}-{n[4:6]}-{n[6:]}" for n in names if n.isdigit())


def symbols_of(place: Path) -> list[str]:
    """Return the symbols there are in the folder *place*, in capitals."""
    return sorted({path.parent.name.upper() for path in place.glob("*/*/*_*.zip")})


def say_what_is_not_played(folder: Path) -> None:
    """Rule 3."""
    found = sorted({path.name for name in _NOT_PLAYED for path in folder.glob(f"*/*/{name}")})
    if found:
        _log.warning(
            "%s has %s: they are not used, prices are as they were traded",
            folder,
            " and ".join(found),
        )


def _check_size(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if not members or len(members) > MAX_CSV_FILES:
        raise ConfigurationError(
            f"{path} holds {len(members)} CSV files: expected one or more, up to {MAX_CSV_FILES:,}"
        )
    strange = [one.filename for one in members if one.compress_type not in _METHODS]
    if strange:
        raise ConfigurationError(
            f"{path} holds {strange[0][:80]!r} packed in an unusual way: expected deflate, "
            "as any zip program does it"
        )
    if sum(one.file_size for one in members) > MAX_CSV_BYTES:
        raise ConfigurationError(
            f"{path} unpacks to more than {MAX_CSV_BYTES >> 20} MB: "
            "choose a coarser resolution or split the file"
        )


def _lines(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> list[str]:
    """Return the lines of *member*, which may not be longer than it said it is."""
    with archive.open(member) as opened:
        data = opened.read(member.file_size + 1)
    if len(data) > member.file_size:
        raise zipfile.BadZipFile(f"{member.filename} is longer than the zip says")
    return data.decode("ascii").splitlines()
