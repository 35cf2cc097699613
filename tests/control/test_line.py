"""The line of a client under each fault: what is lost, late, twice, and what is not."""

from __future__ import annotations

import pytest

from ibelay.control.line.line import Line
from ibelay.control.line.troubles import MAX_RULES, Counted, Troubles
from ibelay.errors import ConfigurationError
from ibelay.model import faults
from ibelay.model.faults import Reset
from ibelay.model.ids import ClientId, OrderId
from ibelay.wire.encode.message import message
from ibelay.wire.framing import FrameDecoder

MS = 10**6


class Heard:
    """A line and what has come out of it."""

    def __init__(self, *written: str, client_id: int = 1) -> None:
        self.troubles = Troubles()
        for text in written:
            self.add(text)
        self.line = Line(self.troubles)
        self.line.client_id = ClientId(client_id)

    def add(self, text: str) -> None:
        """Let a fault stand."""
        fault = faults.read(text)
        assert isinstance(fault, Counted)
        self.troubles.add(fault)

    def say(self, *messages: str, answering: bool = False) -> None:
        """Say messages, each as its fields divided by spaces."""
        self.line.answering = answering
        for one in messages:
            self.line.say(message(*one.split()))

    def take(self, wall_ms: int = 0, market_ms: int = 0) -> list[str]:
        """Return what comes out."""
        frames = FrameDecoder()
        frames.feed(self.line.take(wall_ms * MS, market_ms * MS))
        return [" ".join(one.decode().split("\0")[:-1]) for one in frames.frames()]


STATUS, FILL = "3 12 Submitted", "11 -1 12 0 S 5 6 7 8 9 10 11 12 13 exec.01"
OPEN, ERROR, COMMISSION = "5 12 0 SPY", "4 2 12 399 text", "59 1 exec.01 1.0"


def test_without_faults_everything_passes_in_order() -> None:
    heard = Heard()
    heard.say(OPEN, STATUS, FILL)
    assert heard.take() == [OPEN, STATUS, FILL]
    assert (heard.take(), heard.line.pending_bytes) == ([], 0)


def test_a_message_that_is_truncated_keeps_the_first_half_of_its_fields() -> None:
    heard = Heard("truncate orderStatus")
    heard.say(STATUS, STATUS, OPEN)
    assert heard.take() == ["3 12", STATUS, OPEN]


def test_a_field_says_something_else_and_one_past_the_last_is_added() -> None:
    heard = Heard("rewrite orderStatus 2 PendingSubmit", "rewrite commissionReport 99 extra")
    heard.say(STATUS, COMMISSION, STATUS)
    assert heard.take() == ["3 12 PendingSubmit", f"{COMMISSION} extra", STATUS]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("utc", "20250602-14:31:05"),
        ("met", "20250602 16:31:05 MET"),
        ("zoneless", "20250602  10:31:05"),
    ],
)
def test_a_time_is_written_another_way_for_the_same_moment(form: str, text: str) -> None:
    heard = Heard(f"retime {form} count=1")
    fill = ["11", *"abcdefghijklm", "exec.01", "20250602 10:31:05 US/Eastern", "DU1"]
    for _time in range(2):
        heard.line.say(message(*fill))
    frames = FrameDecoder()
    frames.feed(heard.line.take(0, 0))
    times = [one.decode().split("\0")[15] for one in frames.frames()]
    assert times == [text, "20250602 10:31:05 US/Eastern"]


def test_a_drop_takes_as_many_of_its_kind_as_it_says() -> None:
    heard = Heard("drop orderStatus 2")
    heard.say(STATUS, OPEN, STATUS, STATUS)
    assert heard.take() == [OPEN, STATUS]
    assert heard.troubles.calm


@pytest.mark.parametrize(
    "text", ["lose-ack", "swallow-orders 1", "reject-next 201", "reject-data 354"]
)
def test_what_becomes_of_requests_alone_lets_messages_pass_unread(text: str) -> None:
    heard = Heard(text)
    assert heard.line.calm
    heard.add("retime utc")
    assert not heard.line.calm


def test_a_fault_for_one_client_spares_the_others() -> None:
    heard = Heard("drop orderStatus always client=2")
    heard.say(STATUS)
    assert heard.take() == [STATUS]


def test_a_count_is_in_all_over_the_clients() -> None:
    heard = Heard("drop orderStatus 1")
    other = Line(heard.troubles)
    other.say(message(3, 12))
    heard.say(STATUS)
    assert heard.take() == [STATUS]


def test_a_duplicate_comes_right_after_the_first() -> None:
    heard = Heard("duplicate execDetails")
    heard.say(FILL, COMMISSION, FILL)
    assert heard.take() == [FILL, FILL, COMMISSION, FILL]


@pytest.mark.parametrize(("span", "wall", "market"), [("500ms", 0, 500), ("wall:500ms", 500, 0)])
def test_a_delay_goes_by_the_clock_it_names_and_keeps_order(
    span: str, wall: int, market: int
) -> None:
    heard = Heard(f"delay orderStatus {span}")
    heard.say(STATUS, OPEN, "3 13 Filled")
    assert heard.take(0, 0) == [OPEN]
    assert heard.take(max(0, wall - 1), max(0, market - 1)) == []
    assert heard.line.pending_bytes > 0
    assert heard.take(wall, market) == [STATUS, "3 13 Filled"]
    assert heard.line.pending_bytes == 0


def test_a_reordered_message_comes_right_behind_the_other() -> None:
    heard = Heard("reorder orderStatus execDetails")
    heard.say(STATUS, OPEN, FILL, COMMISSION)
    assert heard.take() == [OPEN, FILL, STATUS, COMMISSION]


def test_faults_of_the_same_kind_are_used_oldest_first() -> None:
    heard = Heard("drop orderStatus 1", "drop orderStatus 1")
    heard.say(STATUS, STATUS, STATUS)
    assert heard.take() == [STATUS]


def test_of_a_lost_order_nothing_is_said_unless_asked() -> None:
    heard = Heard()
    heard.line.lose(OrderId(12))
    other = "11 -1 13 0 S 5 6 7 8 9 10 11 12 13 exec.02"
    heard.say(OPEN, STATUS, FILL, COMMISSION, ERROR, "3 13 Submitted", other, "59 1 exec.02 1.0")
    assert heard.take() == ["3 13 Submitted", other, "59 1 exec.02 1.0"]
    heard.say(OPEN, STATUS, answering=True)
    assert heard.take() == [OPEN, STATUS]


def test_stopped_data_silences_streams_and_nothing_else() -> None:
    heard = Heard()
    heard.troubles.stop_data("farm market")
    heard.say("1 6 42 1 600.0 1 0", "50 3 43 0 1 1 1 1", STATUS, "17 44 a b 0")
    assert heard.take() == [STATUS, "17 44 a b 0"]
    heard.troubles.resume_data("farm market")
    heard.say("1 6 42 1 600.0 1 0")
    assert heard.take() == ["1 6 42 1 600.0 1 0"]


def test_killed_streams_stay_silent_until_asked_for_again() -> None:
    heard = Heard()
    heard.line.kill_streams()
    heard.line.asked_for(43)
    heard.say("1 6 42 1 600.0 1 0", "1 6 43 1 600.0 1 0")
    assert heard.take() == ["1 6 43 1 600.0 1 0"]


def test_reports_wait_for_the_servers_and_answers_do_not() -> None:
    heard = Heard()
    heard.troubles.lose_upstream(Reset())
    cancelled = "4 2 12 202 cancelled"
    heard.say(STATUS, FILL, cancelled, ERROR)
    heard.say(OPEN, answering=True)
    assert heard.take() == [ERROR, OPEN]
    heard.troubles.lose_upstream(None)
    heard.line.release()
    assert heard.take() == [STATUS, FILL, cancelled]
    assert heard.line.pending_bytes == 0


def test_a_half_open_line_swallows_what_is_said() -> None:
    heard = Heard()
    heard.line.half_open = True
    heard.say(STATUS)
    assert (heard.take(), heard.line.pending_bytes) == ([], 0)


def test_clearing_ends_what_stands_for_those_who_hold_it() -> None:
    heard = Heard("drop orderStatus always", "delay openOrder 1h")
    heard.troubles.freeze(None)
    assert heard.troubles.standing() == [
        "drop orderStatus count=always",
        "delay openOrder 1h",
        "freeze",
    ]
    heard.troubles.clear()
    heard.say(STATUS, OPEN)
    assert (heard.take(), heard.troubles.standing()) == ([STATUS, OPEN], [])


def test_frozen_are_all_or_one() -> None:
    troubles = Troubles()
    troubles.freeze(ClientId(7))
    assert (troubles.frozen(ClientId(7)), troubles.frozen(ClientId(8))) == (True, False)
    troubles.freeze(None)
    assert troubles.frozen(None)
    troubles.thaw(None)
    assert not troubles.frozen(ClientId(7))


def test_standing_faults_are_limited() -> None:
    troubles = Troubles()
    for _ in range(MAX_RULES):
        troubles.add(faults.LoseAck())
    with pytest.raises(ConfigurationError, match="clear them before adding lose-ack"):
        troubles.add(faults.LoseAck())
