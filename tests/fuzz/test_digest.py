"""The same seed and the same requests give the same bytes, in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.fuzz.digest import digest

ROOT = Path(__file__).parents[2]


def _elsewhere(seed: int, hash_seed: int) -> str:
    """Return what another process says, whose sets and dictionaries are hashed differently."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.digest", str(seed)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


def test_a_seed_is_the_same_bytes_whatever_the_hash_seed() -> None:
    here, size = digest(3)
    assert size > 100_000
    assert _elsewhere(3, 0) == _elsewhere(3, 4711) == f"{here} {size}"


def test_another_seed_is_another_day() -> None:
    assert digest(3) != digest(4)
