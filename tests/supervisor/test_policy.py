"""The restart decision, state by state."""

from __future__ import annotations

import pytest

from ibelay.supervisor.policy import (
    SECOND_NS,
    Decision,
    Ended,
    ExitCode,
    GiveUp,
    History,
    Restart,
    RestartInSafeMode,
    RestartPolicy,
    SilenceWatch,
    Stop,
    decide,
    describe_exit,
)

_LONG_NS = 3600 * SECOND_NS


def _ends(*ended: Ended, policy: RestartPolicy | None = None) -> list[Decision]:
    history = History()
    decisions = []
    for each in ended:
        history, decision = decide(history, each, policy or RestartPolicy())
        decisions.append(decision)
    return decisions


def _crash(at_s: float, *, lived_s: float = 3600, code: int = 1) -> Ended:
    return Ended(code=code, lived_ns=int(lived_s * SECOND_NS), at_ns=int(at_s * SECOND_NS))


def _wait_s(decision: Decision) -> float:
    assert isinstance(decision, Restart | RestartInSafeMode)
    return decision.after_ns / SECOND_NS


def test_a_clean_exit_stops() -> None:
    (decision,) = _ends(_crash(1, code=ExitCode.DONE))
    assert isinstance(decision, Stop)
    assert decision.exit_code == 0


def test_a_configuration_error_is_never_restarted() -> None:
    (decision,) = _ends(_crash(1, code=ExitCode.CONFIGURATION))
    assert isinstance(decision, Stop)
    assert decision.exit_code == 78


@pytest.mark.parametrize("code", [1, 70, 75, 255, -9, -11])
def test_everything_else_is_restarted_after_the_delay(code: int) -> None:
    (decision,) = _ends(_crash(1, code=code))
    assert decision == Restart(5 * SECOND_NS, f"the bot ended with {describe_exit(code)}")


def test_a_bot_that_dies_at_once_waits_longer_each_time() -> None:
    policy = RestartPolicy(latch_crashes=100, give_up_crashes=100)
    deaths = [_crash(at, lived_s=0.1) for at in range(6)]
    assert [_wait_s(each) for each in _ends(*deaths, policy=policy)] == [5, 10, 20, 40, 60, 60]


def test_a_long_life_ends_the_growth_of_the_delay() -> None:
    decisions = _ends(_crash(0, lived_s=1), _crash(20, lived_s=1), _crash(60, lived_s=40))
    assert [_wait_s(each) for each in decisions] == [5, 10, 5]


def test_a_delay_of_zero_restarts_at_once_but_only_the_first_time() -> None:
    policy = RestartPolicy(delay_ns=0, latch_crashes=100, give_up_crashes=100)
    deaths = [_crash(at, lived_s=0.1) for at in range(4)]
    assert [_wait_s(each) for each in _ends(*deaths, policy=policy)] == [0, 5, 10, 20]


def test_five_crashes_in_a_quarter_of_an_hour_start_safe_mode() -> None:
    decisions = _ends(*[_crash(minute * 60) for minute in (0, 3, 6, 9, 12)])
    assert [type(each) for each in decisions] == [Restart] * 4 + [RestartInSafeMode]
    assert isinstance(decisions[-1], RestartInSafeMode)
    assert "5 times in 15 minutes" in decisions[-1].reason


def test_five_crashes_over_a_longer_time_are_no_loop() -> None:
    decisions = _ends(*[_crash(minute * 60) for minute in (0, 4, 8, 12, 16)])
    assert [type(each) for each in decisions] == [Restart] * 5


def test_ten_crashes_give_up_and_say_so() -> None:
    decisions = _ends(*[_crash(at * 60) for at in range(10)])
    assert [type(each) for each in decisions[4:]] == [RestartInSafeMode] * 5 + [GiveUp]
    assert isinstance(decisions[-1], GiveUp)
    assert "10 times" in decisions[-1].reason


def test_asking_to_be_started_again_is_no_crash() -> None:
    decisions = _ends(*[_crash(at, code=ExitCode.TRY_AGAIN) for at in range(20)])
    assert {type(each) for each in decisions} == {Restart}


def test_the_overall_limit_of_restarts_is_separate_from_the_latch() -> None:
    policy = RestartPolicy(restarts_max=3)
    decisions = _ends(*[_crash(at * 3600) for at in range(4)], policy=policy)
    assert [type(each) for each in decisions] == [Restart] * 3 + [GiveUp]


def test_an_unknown_signal_is_described_by_its_number() -> None:
    assert describe_exit(-9) == "killed by SIGKILL"
    assert describe_exit(-250) == "killed by signal 250"


def _watch(now_s: int) -> SilenceWatch:
    return SilenceWatch(60 * SECOND_NS, 3 * SECOND_NS, now_s * SECOND_NS, now_s * SECOND_NS)


def test_silence_over_the_whole_time_is_a_hang() -> None:
    watch, verdicts = _watch(0), []
    for now_s in range(3, 64, 3):
        watch, hung = watch.look(now_s * SECOND_NS, heard_ns=0)
        verdicts.append(hung)
    assert verdicts == [False] * 19 + [True] * 2


def test_a_beat_starts_the_time_again() -> None:
    watch, hung = _watch(0), False
    for now_s in range(3, 70, 3):
        watch, hung = watch.look(now_s * SECOND_NS, heard_ns=30 * SECOND_NS)
    assert not hung


def test_a_supervisor_that_was_itself_held_up_gives_no_verdict() -> None:
    watch, hung = _watch(0).look(100 * SECOND_NS, heard_ns=0)
    assert not hung
    _, hung = watch.look(103 * SECOND_NS, heard_ns=0)
    assert not hung
