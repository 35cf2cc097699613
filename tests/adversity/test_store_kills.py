"""N3 for the store: SIGKILL at random moments, and a disk that fills up.

A real process appends and prints every acknowledged row number; nobody closes anything.
"""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ibelay.errors import ConfigurationError
from ibelay.store.sqlite import open_journal

pytestmark = pytest.mark.adversity

ROUNDS = 20

WRITER = """
import pathlib, sys
from collections import deque
from ibelay.journal.records import LinkDown
from ibelay.store.sqlite import open_journal

journal = open_journal(pathlib.Path(sys.argv[1]), bot="ps60")
last = journal.append([]).result()
waiting = deque()
while True:
    size = 1 + last % 3
    waiting.append(journal.append([LinkDown(at_ns=last + n, cause="x" * 200)
                                   for n in range(1, size + 1)]))
    last += size
    if len(waiting) == 8:
        print(waiting.popleft().result(), flush=True)
"""

FULL_DISK = """
import pathlib, resource, sys
from ibelay.journal.records import LinkDown
from ibelay.store.sqlite import open_journal

journal = open_journal(pathlib.Path(sys.argv[1]), bot="ps60")
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
acknowledged = 0
while True:
    future = journal.append([LinkDown(at_ns=acknowledged + 1, cause="x" * 200)])
    error = future.exception()
    if error is not None:
        break
    acknowledged = future.result()
again = journal.append([LinkDown(at_ns=0, cause="late")]).exception()
print(acknowledged, isinstance(error, OSError), again is error)
journal.close()
"""


def kill_after(path: Path, lines: int) -> int:
    """Run the writer, kill it once *lines* rows were acknowledged; return the last one."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as bot:
        assert bot.stdout is not None
        seen = [bot.stdout.readline() for _ in range(lines)]
        bot.kill()
        seen += bot.stdout.readlines()
    return int([line for line in seen if line.endswith(b"\n")][-1])


def test_no_acknowledged_row_is_lost_by_a_kill(tmp_path: Path) -> None:
    """One store through 20 lives; opening it verifies the chain and the head mark."""
    chance = random.Random(20260)  # noqa: S311 (which moments, not secrets)
    path = tmp_path / "bot.db"
    for _ in range(ROUNDS):
        acknowledged = kill_after(path, chance.randint(1, 120))
        with closing(open_journal(path, bot="ps60")) as journal:
            rows = [(entry.seq, entry.record.at_ns) for entry in journal.replay()]
        assert len(rows) >= acknowledged
        assert rows == [(seq, seq) for seq in range(1, len(rows) + 1)]


def test_the_lock_lasts_exactly_as_long_as_the_process(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as bot:
        assert bot.stdout is not None
        bot.stdout.readline()
        with pytest.raises(ConfigurationError, match=rf"pid {bot.pid}\)"):
            open_journal(path, bot="ps60")
        bot.kill()
    open_journal(path, bot="ps60").close()


def test_a_reader_follows_a_store_whose_writer_is_killed(tmp_path: Path) -> None:
    """The supervisor reads on, before and after, without a writer's recovery."""
    path = tmp_path / "bot.db"
    first = kill_after(path, 20)
    with closing(open_journal(path, bot="ps60", read_only=True)) as reader:
        assert sum(1 for _ in reader.replay()) >= first
        second = kill_after(path, 20)
        assert second > first
        assert sum(1 for _ in reader.replay()) >= second


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_fails_the_append_and_everything_after_it(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    ended = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True
    )
    acknowledged, is_os_error, same = ended.stdout.split()
    assert (is_os_error, same) == ("True", "True")
    with closing(open_journal(path, bot="ps60")) as journal:
        rows = [entry.seq for entry in journal.replay()]
        assert rows == list(range(1, len(rows) + 1))
        assert len(rows) >= int(acknowledged) > 10
        assert journal.append([]).result() == len(rows)
