"""IB's pacing: 50 messages a second, three breaches, and what history may be asked."""

from __future__ import annotations

from ibelay.gateway.session.line.pacing import SECOND_NS, HistoryRate, MessageRate


def test_fifty_messages_in_any_second_have_room() -> None:
    rate = MessageRate()
    for number in range(50):
        assert rate.has_room(number)
        rate.count(number)
    assert not rate.has_room(SECOND_NS - 1)
    assert rate.has_room(SECOND_NS)


def test_the_third_second_with_too_much_is_one_too_often() -> None:
    rate = MessageRate()
    assert not rate.breach(0)
    assert not rate.breach(SECOND_NS - 1)
    assert not rate.breach(SECOND_NS)
    assert rate.breaches == 2
    assert rate.breach(2 * SECOND_NS)


def ask(rate: HistoryRate, at_s: float, what: int, series: int = 0, weight: int = 1) -> bool:
    """Ask at the same time of both clocks."""
    at_ns = int(at_s * SECOND_NS)
    return rate.allows(at_ns, at_ns, same=what, series=series, weight=weight)


def test_the_same_request_waits_fifteen_seconds() -> None:
    rate = HistoryRate()
    assert ask(rate, 0, 1)
    assert not ask(rate, 14.9, 1)
    assert ask(rate, 15, 1)


def test_a_sixth_request_for_one_contract_waits_two_seconds() -> None:
    rate = HistoryRate()
    assert [ask(rate, 0, number) for number in range(6)] == [True] * 5 + [False]
    assert ask(rate, 0, 7, series=1)
    assert ask(rate, 2, 6)


def test_sixty_requests_fill_ten_minutes_and_quotes_count_twice() -> None:
    rate = HistoryRate()
    assert all(ask(rate, number, number, series=number, weight=2) for number in range(30))
    assert not ask(rate, 599, 99, series=99)
    assert ask(rate, 600, 99, series=99)


def test_either_clock_makes_a_request_past() -> None:
    fast, still = HistoryRate(), HistoryRate()
    assert fast.allows(0, 0, same=1, series=1)
    assert fast.allows(15 * SECOND_NS, 1, same=1, series=1)
    assert still.allows(0, 0, same=1, series=1)
    assert still.allows(0, 15 * SECOND_NS, same=1, series=1)
