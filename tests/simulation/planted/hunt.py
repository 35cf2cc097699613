"""The hunt: seeded bad days against copies of the code with one mistake in each.

``python -m tests.simulation.planted.hunt`` hunts them all and writes the page, which takes
minutes; ``make planted`` does. With names it hunts those and prints what came of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.planted import page
from tests.simulation.planted.copies import plant
from tests.simulation.planted.faults import PLANTED, Planted

from ibelay.testing.simulation.campaign import campaign

SHRINKING_RUNS = 60
LIMIT_S = 3600

# Runs in the copy: it must import nothing of the tests, whose code is another's.
_SEARCH = """
import json, sys
from ibelay.testing.simulation.bad_days import script, shrink
from ibelay.testing.simulation.campaign import moment_of, play
profile, hours, first, last, runs = sys.argv[1:]
for seed in range(int(first), int(last) + 1):
    outcome = play(seed, profile, float(hours)).outcome
    if outcome.breach is not None:
        plan, found = outcome.plan, outcome.breach.invariant
        if int(runs):
            plan = shrink.shrink(
                plan, lambda one: moment_of(found, one), most_runs=int(runs)
            ).plan
        print(json.dumps([seed, found, outcome.breach.sentence, script.write(plan)]))
        break
"""


@dataclass(frozen=True, slots=True)
class Found:
    """How a mistake was found.

    Attributes:
        seed: The first that broke something; all before it were well.
        invariant: What broke.
        sentence: How that was said.
        plan: What was left after shrinking, as text.
    """

    seed: int
    invariant: str
    sentence: str
    plan: str

    @property
    def steps(self) -> list[str]:
        """The steps of the plan, a line each."""
        return [line for line in self.plan.splitlines() if line.startswith("+")]


def hunt(
    fault: Planted, *, first: int = 1, last: int | None = None, shrinking_runs: int = 0
) -> Found | None:
    """Look for *fault* with the seeds from *first* to *last*; None if they are all well."""
    with tempfile.TemporaryDirectory() as folder:
        root = plant(fault, Path(folder))
        numbers = [str(first), str(last or fault.seeds), str(shrinking_runs)]
        done = subprocess.run(
            [sys.executable, "-c", _SEARCH, fault.profile, str(fault.hours), *numbers],
            env={**os.environ, "PYTHONPATH": str(root), "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"the hunt for {fault.name} ended by itself: {done.stderr[-2000:]}")
    return Found(*json.loads(done.stdout)) if done.stdout.strip() else None


def refuse_unsound(faults: list[Planted]) -> None:
    """Refuse to hunt in days that the code as it is does not stand.

    Raises:
        RuntimeError: It breaks something by itself, and what is found then proves nothing.
    """
    days = {(fault.profile, fault.hours): 0 for fault in faults}
    for fault in faults:
        days[fault.profile, fault.hours] = max(days[fault.profile, fault.hours], fault.seeds)
    for (profile, hours), seeds in days.items():
        for one in campaign(range(1, seeds + 1), profile, hours, jobs=os.cpu_count() or 1):
            if one.outcome.breach is not None:
                raise RuntimeError(
                    f"nothing is planted and seed {one.outcome.plan.seed} of {profile} breaks "
                    f"{one.outcome.breach}: mend that first"
                )


def main(names: list[str]) -> int:
    """Hunt the faults called *names*, or all; return how many were not found."""
    wanted = [fault for fault in PLANTED if not names or fault.name in names]
    refuse_unsound(wanted)
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1))) as pool:
        hunts = [pool.submit(hunt, each, shrinking_runs=SHRINKING_RUNS) for each in wanted]
        found = {}
        for fault, running in zip(wanted, hunts, strict=True):
            found[fault.name] = one = running.result()
            said = "not found" if one is None else f"seed {one.seed}, {one.invariant}\n{one.plan}"
            sys.stdout.write(f"{fault.name}: {said}\n")
            sys.stdout.flush()
    missed = [name for name, one in found.items() if one is None]
    if not names and not missed:
        page.PAGE.write_text(page.written({name: one for name, one in found.items() if one}))
    return len(missed)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
