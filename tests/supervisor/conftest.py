"""What the supervisor's tests share."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ibelay.supervisor.child import ChildLimits
from ibelay.supervisor.policy import SECOND_NS, RestartPolicy
from ibelay.supervisor.process import ChildSpec
from ibelay.supervisor.supervisor import Supervisor

MakeSupervisor = Callable[..., Supervisor]


class RealClock:
    """The machine's own clocks: these tests run real processes."""

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()  # noqa: TID251 - the shell of these tests owns the clock

    def wall_ns(self) -> int:
        return time.time_ns()  # noqa: TID251 - the same


@pytest.fixture
def supervisor_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeSupervisor:
    """Make supervisors of a function of ``supervised_bots``, with quick restarts."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))

    def make(
        bot: str,
        *,
        policy: RestartPolicy | None = None,
        settings: bytes = b"{}",
        hang_s: float = 60,
        stop_grace_s: float = 10,
        start_method: str = "auto",
        dead_man_s: float | None = 30,
    ) -> Supervisor:
        spec = ChildSpec(
            target=f"supervised_bots:{bot}",
            settings=settings,
            log_folder=tmp_path / "logs",
            hang_s=hang_s,
            stop_grace_s=stop_grace_s,
            abort_grace_s=0.2,
            start_method=start_method,
            limits=ChildLimits(dead_man_s=dead_man_s),
        )
        quick = RestartPolicy(delay_ns=SECOND_NS // 100, quick_ns=0)
        return Supervisor(spec, clock=RealClock(), policy=policy or quick)

    return make
