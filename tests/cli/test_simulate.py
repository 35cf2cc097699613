"""``ibelay simulate`` at a terminal: refusals before the hours, and an end that leaves nobody."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from ibelay.cli.main import main
from ibelay.cli.trouble.progress import progress
from ibelay.cli.trouble.simulate import _jobs, _read
from ibelay.cli.trouble.verdict import again_of, explain, keep
from ibelay.testing.simulation.bad_days import script
from ibelay.testing.simulation.bad_days.plan import Plan
from ibelay.testing.simulation.campaign import play_plan, span_ns
from ibelay.testing.simulation.invariants.breach import Breach

PATIENT_S = 60
CONFIGURATION, SYSTEM, INTERRUPTED = 78, 74, 130
LONG = ("--seeds", "8", "--hours", "400", "--jobs", "2")


@pytest.fixture
def at_a_terminal() -> Iterator[None]:
    """SIGINT as a terminal gives it; background jobs of a shell are born ignoring it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def campaign(at_a_terminal: None) -> Iterator[subprocess.Popen[str]]:
    """A long campaign of two processes in a process group of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "ibelay", "simulate", *LONG],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def members(group: int) -> list[str]:
    """Return the command lines of the living processes of a group."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found.append((folder / "cmdline").read_text())
        except (OSError, IndexError):
            continue
    return found


def worker_of(parent: int) -> int:
    """Return the id of a process that *parent* has started to run seeds."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            ours = int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent
            if ours and "spawn_main" in (folder / "cmdline").read_text():
                return int(folder.name)
        except OSError:
            continue
    raise AssertionError(members(parent))


async def until(group: int, workers: int) -> None:
    """Wait until that many processes of a group are workers; for 0, until none at all is left."""
    async with asyncio.timeout(PATIENT_S):
        while True:
            there = members(group)
            running = sum("spawn_main" in one for one in there)
            if running >= workers if workers else not there:
                return
            await asyncio.sleep(0.005)


@pytest.mark.adversity
@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc")
@pytest.mark.parametrize("workers", [1, 2])
async def test_ctrl_c_ends_every_process_of_a_campaign_without_a_word(
    campaign: subprocess.Popen[str], workers: int
) -> None:
    """A terminal gives SIGINT to all of them, also to those that have only just begun."""
    await until(campaign.pid, workers)
    os.killpg(campaign.pid, signal.SIGINT)
    output, complaints = campaign.communicate(timeout=PATIENT_S)
    assert complaints == ""
    assert output.startswith("interrupted after ")
    assert campaign.returncode == INTERRUPTED
    await until(campaign.pid, 0)


@pytest.mark.adversity
@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc")
async def test_a_campaign_that_is_killed_leaves_no_process_behind(
    campaign: subprocess.Popen[str],
) -> None:
    await until(campaign.pid, 2)
    campaign.kill()
    campaign.wait(PATIENT_S)
    await until(campaign.pid, 0)


@pytest.mark.adversity
@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc")
async def test_a_process_that_is_killed_ends_the_campaign_in_a_sentence(
    campaign: subprocess.Popen[str],
) -> None:
    """As the system does where memory runs out."""
    await until(campaign.pid, 2)
    os.kill(worker_of(campaign.pid), signal.SIGKILL)
    _output, complaints = campaign.communicate(timeout=PATIENT_S)
    assert complaints.count("\n") == 1, complaints
    assert "fewer --jobs" in complaints
    assert campaign.returncode == SYSTEM


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--replay", "-1"), "--replay -1 is out of range"),
        (("--first", "-5"), "--first -5 is out of range"),
        (("--first", str(10**26)), "is out of range"),
        (("--lines", "0"), "--lines 0 is out of range"),
        (("--jobs", "62"), "--jobs 62 is out of range"),
        (("--save", "none/such.plan"), "a plan cannot be saved to none/such.plan"),
        (("--save", "."), "a plan cannot be saved to ."),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_run(
    arguments: tuple[str, ...], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that cannot be written would otherwise be found out after hours."""
    assert main(["simulate", "--seeds", "1", "--hours", "0.02", *arguments]) == CONFIGURATION
    said = capsys.readouterr()
    assert problem in said.err
    assert said.out == ""


@pytest.mark.parametrize("hours", [0.02, 1 / 3, 0.7, 1.2345678, 4, 96.125])
def test_a_failure_is_played_again_for_exactly_as_long(hours: float) -> None:
    """Another span is another plan, and with it another run."""
    plan = Plan(seed=7, profile="calm", span_ns=span_ns(hours), steps=())
    options = again_of(plan).split()
    assert options == ["--replay", "7", "--hours", options[3], "--profile", "calm"]
    assert span_ns(float(options[3])) == plan.span_ns


def test_what_is_no_terminal_gets_whole_lines_and_no_progress(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["simulate", "--seeds", "1", "--hours", "0.02", "--jobs", "1"]) == 0
    report, verdict = capsys.readouterr().out.splitlines()
    assert report.startswith("1 run, ")
    assert report.endswith("of one processor")
    assert verdict == "every invariant held, and every bot came back"


def told(*, terminal: bool, total: int) -> str:
    """Return what is shown while that many parts are done."""
    file = StringIO()
    console = Console(file=file, force_terminal=terminal, width=80, legacy_windows=False)
    with progress(console, "working", total, "{} of {} parts") as advance:
        for _ in range(total):
            advance()
    return file.getvalue()


@pytest.mark.parametrize(
    ("total", "parts"),
    [
        (1, []),
        (3, [1, 2]),
        (20, list(range(2, 20, 2))),
        (25, [3, 5, 8, 10, 13, 15, 18, 20, 23]),
        (1_000, list(range(100, 1_000, 100))),
    ],
)
def test_what_is_no_terminal_is_told_each_tenth_of_the_way(total: int, parts: list[int]) -> None:
    """Whoever reads a log sees that it gets on, and how far; the end is told by what came of it."""
    said = told(terminal=False, total=total)
    assert said.splitlines() == [f"{part} of {total} parts" for part in parts]
    assert "\x1b" not in said


def test_a_terminal_sees_a_bar_and_no_lines() -> None:
    said = told(terminal=True, total=20)
    assert "working" in said
    assert "parts" not in said


def test_a_log_is_told_how_far_a_campaign_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--seeds", "3", "--hours", "0.02", "--jobs", "1"]) == 0
    first, second, _report, _verdict = capsys.readouterr().out.splitlines()
    assert first == "1 of 3 runs are done, and every invariant held"
    assert second == "2 of 3 runs are done, and every invariant held"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--plan", "some.plan", "--hours", "4"), "expected it without --hours"),
        (("--plan", "some.plan", "--seeds", "20", "--profile", "hostile"), "--seeds, --profile"),
        (("--plan", "some.plan", "--first", "0", "--bot", "runtime"), "without --first, --bot"),
        (("--plan", "some.plan", "--replay", "7"), "--plan says its own seed"),
        (("--plan", "some.plan", "--symbols", "SPY"), "change some.plan for another run"),
        (("--replay", "7", "--seeds", "20"), "--replay is one seed: expected it without --seeds"),
        (("--replay", "0", "--first", "0"), "expected it without --first"),
        (("--script", "mine:main", "--bot", "runtime"), "expected it without --bot runtime"),
    ],
)
def test_an_option_that_would_not_be_heard_is_refused(
    arguments: tuple[str, ...], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that says what would have been done without it."""
    assert main(["simulate", *arguments]) == CONFIGURATION
    said = capsys.readouterr()
    assert problem in said.err
    assert said.out == ""


def test_the_plan_of_a_failure_is_kept_whatever_its_words_are(tmp_path: Path) -> None:
    """Windows would write it in cp1252, which has no sigma, and read it as UTF-8."""
    kept = tmp_path / "failure.plan"
    text = script.write(Plan(seed=7, profile="calm", span_ns=span_ns(1), steps=()))
    keep(kept, f"# broke I1 at 3.000 s: position = \u03a3 fills\n{text}")
    assert _read(kept).seed == 7


def test_a_failure_that_does_not_come_again_is_shown_as_it_was() -> None:
    """Whoever takes time or chance from elsewhere was warned of that before the first run."""
    plan = Plan(seed=7, profile="calm", span_ns=span_ns(0.02), steps=())
    ran = play_plan(plan)
    breach = Breach("RAISED", 1, "the strategy raised KeyError('now and then') in on_bar")
    failed = replace(ran, outcome=replace(ran.outcome, breach=breach))
    file = StringIO()
    explain(Console(file=file), failed, None, shrink=True, save=None, lines=5)
    said = file.getvalue().splitlines()
    assert "played again, it did not fail again" in said[2]
    assert said[3] == f"seed 7 broke {breach}"
    assert said[-1] == f"again: ibelay simulate {again_of(plan)}"


@pytest.mark.parametrize(("asked", "total", "jobs"), [(0, 999, 61), (61, 999, 61), (3, 2, 2)])
def test_there_are_no_more_processes_than_windows_can_wait_for(
    asked: int, total: int, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 128)
    assert _jobs(asked, total) == jobs
