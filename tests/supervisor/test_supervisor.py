"""The supervisor with real processes, real signals and real pipes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ibelay.errors import ConfigurationError
from ibelay.supervisor.policy import SECOND_NS, RestartPolicy
from ibelay.supervisor.supervisor import Supervisor, SupervisorState

pytestmark = [
    pytest.mark.adversity,
    pytest.mark.timeout(60),
    pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals"),
]

MakeSupervisor = Callable[..., Supervisor]

_QUICK = RestartPolicy(delay_ns=SECOND_NS // 100, quick_ns=0, latch_crashes=3, give_up_crashes=5)


async def _current(supervisor: Supervisor, *, not_pid: int = 0) -> dict[str, object]:
    """Return the status of a running bot, other than the one with *not_pid*."""
    revision = supervisor.revision
    while True:
        if supervisor.is_current and supervisor.status:
            status: dict[str, object] = json.loads(supervisor.status)
            if status.get("pid") != not_pid:
                return status
        revision = await supervisor.changed(revision)


async def _in_state(supervisor: Supervisor, state: SupervisorState) -> None:
    revision = supervisor.revision
    while supervisor.process.state is not state:
        revision = await supervisor.changed(revision)


async def test_a_killed_bot_is_restarted(supervisor_of: MakeSupervisor) -> None:
    supervisor = supervisor_of("works")
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(supervisor.run())
        first = await _current(supervisor)
        pid = first["pid"]
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGKILL)
        second = await _current(supervisor, not_pid=pid)
        assert supervisor.process.pid == second["pid"]
        assert supervisor.process.restarts == 1
        assert supervisor.process.last_exit == "killed by SIGKILL"
        supervisor.request_stop("end of test")
    assert run.result() == 0


async def test_the_status_of_a_dead_bot_is_kept_but_not_current(
    supervisor_of: MakeSupervisor,
) -> None:
    supervisor = supervisor_of("works", policy=RestartPolicy(delay_ns=600 * SECOND_NS))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run())
        status = await _current(supervisor)
        os.kill(supervisor.process.pid or 0, signal.SIGKILL)
        await _in_state(supervisor, SupervisorState.WAITING)
        assert not supervisor.is_current
        assert json.loads(supervisor.status or b"") == status
        assert supervisor.status_age_s is not None
        assert supervisor.process.pid is None
        assert 590 < (supervisor.process.next_start_in_s or 0) <= 600
        assert not await supervisor.send(b"anybody there?")
        supervisor.request_stop("a stop ends the wait for the next start")
    assert supervisor.process.state is SupervisorState.STOPPED


async def test_commands_reach_the_bot_in_order(supervisor_of: MakeSupervisor) -> None:
    supervisor = supervisor_of("works")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run())
        await _current(supervisor)
        assert await supervisor.send(b"first")
        assert await supervisor.send(b"second")
        revision = supervisor.revision
        while (await _current(supervisor))["commands"] != ["first", "second"]:
            revision = await supervisor.changed(revision)
        supervisor.request_stop("end of test")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_bot_and_supervisor_in_good_order(
    supervisor_of: MakeSupervisor, number: signal.Signals
) -> None:
    supervisor = supervisor_of("works")
    before = signal.getsignal(number)
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(supervisor.run())
        await _current(supervisor)
        os.kill(os.getpid(), number)
    assert run.result() == 0
    assert supervisor.process.reason == f"{number.name} received"
    assert signal.getsignal(number) == before


async def test_a_bot_that_ignores_sigterm_is_killed_after_the_grace(
    supervisor_of: MakeSupervisor,
) -> None:
    supervisor = supervisor_of("ignores_sigterm", stop_grace_s=0.2)
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(supervisor.run())
        await _current(supervisor)
        supervisor.request_stop("end of test")
    assert run.result() == 70
    assert "SIGKILL" in supervisor.process.reason


@pytest.mark.parametrize("start_method", ["forkserver", "spawn"])
async def test_a_clean_end_stops_and_both_logs_are_written(
    supervisor_of: MakeSupervisor, tmp_path: Path, start_method: str
) -> None:
    supervisor = supervisor_of("ends_well", settings=b'{"a": 1}', start_method=start_method)
    assert await supervisor.run() == 0
    assert supervisor.process.state is SupervisorState.STOPPED
    assert (tmp_path / "logs/bot_output.log").read_text() == 'settings {"a": 1}\n'
    assert (tmp_path / "logs/bot_error.log").read_text() == "nothing wrong\n"


async def test_a_configuration_error_is_reported_in_its_own_words(
    supervisor_of: MakeSupervisor,
) -> None:
    supervisor = supervisor_of("is_misconfigured")
    assert await supervisor.run() == 78
    assert supervisor.process.restarts == 0
    assert "account is missing from bot.toml" in supervisor.process.reason


async def test_a_missing_entry_function_is_a_configuration_error(
    supervisor_of: MakeSupervisor,
) -> None:
    supervisor = supervisor_of("no_such_function")
    assert await supervisor.run() == 78
    assert "no_such_function" in supervisor.process.reason


async def test_a_crash_loop_starts_safe_mode_and_is_then_given_up(
    supervisor_of: MakeSupervisor, tmp_path: Path
) -> None:
    starts = tmp_path / "starts"
    settings = json.dumps({"starts": str(starts)}).encode()
    supervisor = supervisor_of("crashes", settings=settings, policy=_QUICK)
    assert await supervisor.run() == 70
    assert supervisor.process.state is SupervisorState.GAVE_UP
    told = [line.split("|") for line in starts.read_text().splitlines()]
    assert [restarts for restarts, _, _ in told] == ["0", "1", "2", "3", "4"]
    assert [bool(reason) for _, reason, _ in told] == [False, False, False, True, True]
    assert [last for _, _, last in told] == ["", *["exit code 1"] * 4]
    assert (tmp_path / "logs/bot_error.log").read_text().count("a bug of the bot") == 5


async def test_a_bot_may_ask_to_be_started_again(supervisor_of: MakeSupervisor) -> None:
    supervisor = supervisor_of("asks_to_be_started_again", policy=_QUICK)
    assert await supervisor.run() == 0
    assert supervisor.process.restarts == 2


async def test_a_hung_bot_is_ended_with_its_stacks_in_the_log_and_restarted(
    supervisor_of: MakeSupervisor, tmp_path: Path
) -> None:
    supervisor = supervisor_of("hangs", hang_s=3)
    assert await supervisor.run() == 0
    assert supervisor.process.restarts == 1
    assert supervisor.process.last_exit == "exit code 0"
    assert "in _hang" in (tmp_path / "logs/bot_error.log").read_text()


async def test_a_stopped_process_counts_as_hung(supervisor_of: MakeSupervisor) -> None:
    """SIGSTOP freezes even the threads, and SIGABRT does not reach a stopped process."""
    supervisor = supervisor_of("works", hang_s=3)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run())
        pid = (await _current(supervisor))["pid"]
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGSTOP)
        await _current(supervisor, not_pid=pid)
        assert supervisor.process.last_exit == "killed by SIGKILL"
        supervisor.request_stop("end of test")


async def test_the_dead_man_ends_a_hung_bot_from_within(
    supervisor_of: MakeSupervisor, tmp_path: Path
) -> None:
    supervisor = supervisor_of("hangs", dead_man_s=0.3)
    assert await supervisor.run() == 0
    assert supervisor.process.restarts == 1
    assert "Timeout" in (tmp_path / "logs/bot_error.log").read_text()


async def test_an_unwritable_log_folder_is_one_clear_sentence(
    supervisor_of: MakeSupervisor, tmp_path: Path
) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match="log folder"):
        await supervisor_of("ends_well").run()


@pytest.mark.parametrize("bot", ["outlives_its_supervisor_if_it_can", "ignores_being_alone"])
async def test_the_bot_ends_when_its_supervisor_is_killed(tmp_path: Path, bot: str) -> None:
    """The bot holds a pipe open; its end of file proves that the process is gone.

    The script has no guard around its main part: the bot's process must not run it again.
    """
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    script = (
        "import asyncio, json, sys; from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from conftest import RealClock\n"
        "from ibelay.supervisor.child import ChildLimits\n"
        "from ibelay.supervisor.process import ChildSpec\n"
        "from ibelay.supervisor.supervisor import Supervisor\n"
        "spec = ChildSpec(target='supervised_bots:' + sys.argv[4],\n"
        "    settings=json.dumps({'pipe': sys.argv[2]}).encode(), log_folder=Path(sys.argv[3]),\n"
        "    limits=ChildLimits(orphan_grace_s=0.2))\n"
        "asyncio.run(Supervisor(spec, clock=RealClock()).run())\n"
    )
    program = tmp_path / "unguarded.py"
    program.write_text(script)
    arguments = [str(Path(__file__).parent), str(pipe), str(tmp_path / "logs"), bot]
    parent = subprocess.Popen([sys.executable, str(program), *arguments])  # noqa: ASYNC220
    try:
        with await asyncio.to_thread(pipe.open) as alive:
            assert await asyncio.to_thread(alive.readline) == "alive\n"
            parent.kill()
            assert await asyncio.to_thread(alive.read) == ""
    finally:
        parent.kill()
        parent.wait()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads a process' parent")
async def test_no_second_bot_runs_beside_one_whose_fork_server_was_killed(
    supervisor_of: MakeSupervisor,
) -> None:
    """The fork server reports exit codes; when it dies, a living bot looks ended."""
    supervisor = supervisor_of("works", start_method="forkserver")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run())
        pid = (await _current(supervisor))["pid"]
        os.kill(_parent_of(str(pid)), signal.SIGKILL)
        await _current(supervisor, not_pid=int(str(pid)))
        assert _is_gone(str(pid))
        supervisor.request_stop("end of test")


def _parent_of(pid: str) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _is_gone(pid: str) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or ") Z " in state.read_text()
