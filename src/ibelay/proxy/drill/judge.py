"""The judge: sees facts in the order of time, and says at any moment what they amount to.

    judge = Judge()
    for fact in facts:
        judge.see(fact)
    report = judge.report(at_ns)

Rules:
1. The judge sees nothing but the line: it does not know which bot this is, nor in what it is
   written, and asks neither the bot nor the gateway.
2. No fact makes it raise, whatever is in it, and what it remembers is bounded.
3. A report changes nothing; what is still open counts as it stands at that moment.
"""

from __future__ import annotations

import copy

from ibelay.model.faults import write
from ibelay.proxy.drill.bench import Bench, bench_of
from ibelay.proxy.drill.facts import Began, Fact
from ibelay.proxy.drill.report import Report
from ibelay.proxy.drill.summing import sum_up
from ibelay.proxy.drill.thresholds import Thresholds
from ibelay.proxy.drill.trading.book import Watched

MAX_ACTS = 1_000
_MAX_COMMAND_TEXT = 200


class Judge:
    """Watches a bot from the middle of its line.

    Args:
        thresholds: What a bot must meet.
    """

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        self._bench = bench_of(thresholds or Thresholds())

    def see(self, fact: Fact) -> None:
        """Take in *fact*, which is not older than the one before."""
        bench = self._bench
        if bench.began_ns is None:
            bench.began_ns = fact.at_ns
        _pass_time(bench, max(bench.now_ns, fact.at_ns))
        line = bench.lines.before(fact)
        placed = bench.book.see(fact, line)
        changed = bench.holdings.see(fact)
        if isinstance(placed, Watched):
            changed.add(placed.instrument)
        bench.sending.see(fact, placed, line)
        bench.fills.see(fact, placed)
        bench.manners.see(fact, line)
        bench.pace.see(fact)
        bench.streams.see(fact, line)
        bench.recovery.see(fact, line)
        bench.lines.after(fact)
        changed |= bench.recovery.stirred
        bench.recovery.stirred = set()
        bench.protection.look(changed, bench.now_ns)
        if isinstance(fact, Began) and len(bench.acts) < MAX_ACTS:
            bench.acts.append((fact.at_ns, write(fact.command)[:_MAX_COMMAND_TEXT]))

    def report(self, at_ns: int) -> Report:
        """Return what the facts amount to at *at_ns*."""
        bench = copy.deepcopy(self._bench)
        _pass_time(bench, max(bench.now_ns, at_ns))
        bench.protection.finish(bench.now_ns)
        return sum_up(bench)


def _pass_time(bench: Bench, now_ns: int) -> None:
    bench.protection.pass_time(now_ns, works=bench.recovery.works)
    bench.now_ns = now_ns
    bench.recovery.tick(now_ns)
    bench.streams.tick(now_ns)
    bench.fills.tick(now_ns)
