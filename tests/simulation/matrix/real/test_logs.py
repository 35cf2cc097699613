"""What a bot's log says is read as it was meant."""

from __future__ import annotations

from pathlib import Path

from ibelay.app.clock import SystemClock
from ibelay.journal.records import Severity
from ibelay.machines.link_events import LinkState
from ibelay.runtime.showing.chronicle import Chronicle
from ibelay.telemetry.logs import configure_logs
from ibelay.testing.matrix.real import logs
from ibelay.testing.simulation.observed import Booted, Ended, LinkChanged, Noted

PERIOD_NS = 60 * 10**9


def test_what_the_chronicle_tells_comes_back(tmp_path: Path) -> None:
    clock = SystemClock()
    before = clock.wall_ns()
    with configure_logs(tmp_path):
        chronicle = Chronicle(clock)
        chronicle.note("it does not answer -> really: no", Severity.WARNING)
        chronicle.state_changed(LinkState.READY, LinkState.SAFE_MODE, "a reason: with a colon")
        chronicle.note("help", Severity.CRITICAL)
        assert not logs.has_connected(tmp_path)
        chronicle.state_changed(LinkState.CONNECTING, LinkState.SYNCING, "")
    found = list(logs.of_bot(tmp_path, lambda wall_ns: wall_ns))
    assert all(abs(one.at_ns - before) < PERIOD_NS for one in found)
    noted = [(one.severity, one.text) for one in found if isinstance(one, Noted)]
    assert noted == [
        (Severity.WARNING, "it does not answer -> really: no"),
        (Severity.CRITICAL, "help"),
    ]
    changes = [one for one in found if isinstance(one, LinkChanged)]
    assert changes[0].before is LinkState.READY
    assert changes[0].after is LinkState.SAFE_MODE
    assert changes[0].reason == "a reason: with a colon"
    assert logs.has_connected(tmp_path)


def test_processes_are_counted_and_the_last_is_known(tmp_path: Path) -> None:
    assert logs.last_pid(tmp_path) == 0
    at = '"at": "2026-01-01T00:00:00.500+00:00"'
    (tmp_path / "supervisor.log").write_text(
        f'{{{at}, "event": "bot_started", "pid": 7}}\n'
        f'{{{at}, "event": "bot_ended", "how": "killed by SIGKILL"}}\n'
        f'{{{at}, "event": "bot_started", "pid": 8}}\n'
        f'{{{at}, "event": "bot_ended", "ho',
        encoding="utf-8",
    )
    assert logs.last_pid(tmp_path) == 8
    at_ns = 1_767_225_600_500_000_000
    assert list(logs.of_supervisor(tmp_path, lambda wall_ns: wall_ns)) == [
        Booted(at_ns, 1),
        Ended(at_ns, 1, "killed by SIGKILL"),
        Booted(at_ns, 2),
    ]
