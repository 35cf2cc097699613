"""Silence, judged at the defaults of DESIGN section 4."""

from __future__ import annotations

from ibelay.machines import liveness
from ibelay.machines.backoff import SECOND_NS
from ibelay.machines.liveness import Heartbeat, Liveness, Verdict

BEAT = Heartbeat()


def run_silent(until_s: float, *, answered_until_s: float = 0.0) -> list[tuple[float, Verdict]]:
    """Run the probing loop against a peer that stops answering; return verdict changes."""
    life: Liveness = liveness.begin(0)
    seen: list[tuple[float, Verdict]] = []
    step = SECOND_NS // 4
    for now in range(0, int(until_s * SECOND_NS), step):
        verdict = liveness.verdict(life, BEAT, now)
        if not seen or seen[-1][1] is not verdict:
            seen.append((now / SECOND_NS, verdict))
        if verdict is Verdict.DEAD:
            break
        if now >= liveness.next_probe_ns(life, BEAT, now):
            life = liveness.probe_sent(life, now)
            if now < answered_until_s * SECOND_NS:
                life = liveness.probe_answered(life, 2_000_000, now + 2_000_000)
    return seen


def test_a_frozen_peer_is_suspect_within_7_s_and_dead_within_15_s_of_silence() -> None:
    """P2: suspect ≤ 7 s, dead ≤ 15 s at defaults, wherever in the interval the freeze falls."""
    for freeze_s in (10.1, 11.0, 12.5, 14.9):
        changes = run_silent(60, answered_until_s=freeze_s)
        assert [verdict for _, verdict in changes] == [
            Verdict.ALIVE,
            Verdict.SUSPECT,
            Verdict.DEAD,
        ]
        assert changes[1][0] - freeze_s <= 7.25
        assert changes[2][0] - freeze_s <= 15.25


def test_an_answering_peer_stays_alive() -> None:
    assert run_silent(120, answered_until_s=121) == [(0.0, Verdict.ALIVE)]


def test_a_slow_but_steady_link_earns_a_longer_deadline() -> None:
    """RFC 6298: the deadline follows the round trip and its variation."""
    life = liveness.begin(0)
    for n in range(20):
        life = liveness.probe_answered(life, 3 * SECOND_NS, n * 5 * SECOND_NS)
    assert liveness.miss_deadline_ns(life, BEAT) > 3 * SECOND_NS


def test_our_own_lag_is_excused() -> None:
    """A blocked loop proves nothing about the peer."""
    life = liveness.probe_sent(liveness.begin(0), 5 * SECOND_NS)
    later = 30 * SECOND_NS
    assert liveness.verdict(life, BEAT, later) is Verdict.DEAD
    excused = liveness.excuse(life, 25 * SECOND_NS)
    assert liveness.verdict(excused, BEAT, later) is Verdict.ALIVE


def test_bytes_of_any_kind_postpone_death_but_not_suspicion() -> None:
    life = liveness.probe_sent(liveness.begin(0), 5 * SECOND_NS)
    life = liveness.heard(life, 18 * SECOND_NS)
    assert liveness.verdict(life, BEAT, 20 * SECOND_NS) is Verdict.SUSPECT


def test_a_peer_that_streams_and_answers_nothing_is_dead_within_a_minute() -> None:
    """Ticks must not keep a link suspect for ever: it cannot be reconciled with."""
    life = liveness.probe_sent(liveness.begin(0), 5 * SECOND_NS)
    for now_s in (30, 64):
        life = liveness.heard(life, now_s * SECOND_NS)
        assert liveness.verdict(life, BEAT, now_s * SECOND_NS) is Verdict.SUSPECT
    life = liveness.heard(life, 65 * SECOND_NS)
    assert liveness.verdict(life, BEAT, 65 * SECOND_NS) is Verdict.DEAD


def test_nothing_is_to_be_looked_at_before_the_next_probe() -> None:
    life = liveness.begin(0)
    assert liveness.next_look_ns(life, BEAT, SECOND_NS) == 5 * SECOND_NS
    assert liveness.next_look_ns(life, BEAT, 9 * SECOND_NS) == 9 * SECOND_NS


def test_death_is_looked_at_when_it_comes_and_not_a_look_later() -> None:
    """A quarter of a second late would be late: the setting says after how long a link is dead."""
    life = liveness.heard(liveness.begin(0), 1_100_000_000)
    life = liveness.probe_sent(life, 5 * SECOND_NS)
    now, looks = 5 * SECOND_NS, 0
    while liveness.verdict(life, BEAT, now) is not Verdict.DEAD:
        now, looks = max(now + 1, liveness.next_look_ns(life, BEAT, now)), looks + 1
        if now >= liveness.next_probe_ns(life, BEAT, now):
            life = liveness.probe_sent(life, now)
    assert now == 1_100_000_000 + BEAT.dead_after_ns
    assert looks < 100


def test_while_an_answer_is_owed_there_is_something_to_see_soon() -> None:
    """Our own lag is only seen by who looks often."""
    life = liveness.probe_sent(liveness.begin(0), 5 * SECOND_NS)
    now = 5 * SECOND_NS
    assert now < liveness.next_look_ns(life, BEAT, now) <= now + SECOND_NS // 4
    answered = liveness.probe_answered(life, 2_000_000, now + 2_000_000)
    assert liveness.next_look_ns(answered, BEAT, now + 2_000_000) == 10 * SECOND_NS
