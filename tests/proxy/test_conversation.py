"""A conversation without sockets: calm it passes every byte, and faults count exactly."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ibelay.control.line.troubles import Counted
from ibelay.model import faults
from ibelay.model.ids import ClientId
from ibelay.proxy.conversation.conversation import TO_CLIENT, TO_GATEWAY, Common, Conversation
from ibelay.proxy.conversation.cutter import MAX_FRAME_BYTES
from ibelay.proxy.conversation.ears import Ears
from ibelay.wire.encode.message import message
from ibelay.wire.framing import FrameDecoder, frame

HELLO = b"API\0" + frame(b"v157..178")
REPLY = frame(b"178\0" + b"20250602 10:00:00 US/Eastern\0")
START = message(71, 2, 7, "")
STATUS = "3 12 Submitted 0 100 0 9001 0 0 7 0"
OPEN = "5 12 756733 SPY STK 0 0 0 0 SMART USD SPY SPY BUY 100 LMT 1 0 DAY 0 DU1 O 0 ref 7 9001 0"
FILL = "11 -1 12 756733 SPY STK 0 0 0 0 ARCA USD SPY SPY exec.01 t DU1 ARCA BOT 100"
COMMISSION = "59 1 exec.01 1.0 USD 0 0 0"
ORDER = "3 12 756733 SPY STK 0"
CANCEL = "4 1 12 0"


class Between:
    """A conversation of client 7 that has begun, and what came out of it."""

    def __init__(self, *written: str, begun: bool = True) -> None:
        self.events: list[tuple[str, str]] = []
        self.told: list[tuple[str, ClientId | None, bytes, bool]] = []
        self.common = Common(Ears(lambda event, symbol: self.events.append((event, symbol))))
        self.common.tell = lambda *told: self.told.append(told)
        self.conversation = Conversation(self.common)
        if begun:
            self.conversation.from_client(HELLO)
            self.conversation.from_gateway(REPLY)
            self.conversation.from_client(START)
            self.taken()
            self.told.clear()
        for text in written:
            fault = faults.read(text)
            assert isinstance(fault, Counted)
            self.common.troubles.add(fault)

    def taken(self, now_ms: int = 0) -> tuple[bytes, bytes]:
        """Return what came out to the client and to the gateway."""
        now_ns = now_ms * 10**6
        to_client = self.conversation.for_client(now_ns)
        return b"".join(to_client), b"".join(self.conversation.for_gateway(now_ns))

    def said(self, *texts: str, now_ms: int = 0) -> list[str]:
        """Let the gateway say messages; return what the client hears."""
        for text in texts:
            self.conversation.from_gateway(message(*text.split()))
        return list(words(self.taken(now_ms)[0]))

    def asked(self, *texts: str, now_ms: int = 0) -> list[str]:
        """Let the client ask; return what the gateway is asked."""
        for text in texts:
            self.conversation.from_client(message(*text.split()))
        return list(words(self.taken(now_ms)[1]))


def words(data: bytes) -> Iterator[str]:
    """Return framed messages, each as its fields divided by spaces."""
    frames = FrameDecoder(1 << 24)
    frames.feed(data)
    return (" ".join(one.decode().split("\0")[:-1]) for one in frames.frames())


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Return *data*, cut."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


PAYLOADS = some.lists(some.binary(min_size=1, max_size=60), max_size=8)
CUTS = some.lists(some.integers(0, 10_000), max_size=12)


@given(PAYLOADS, PAYLOADS, CUTS, CUTS, some.binary(max_size=40))
def test_calm_every_byte_passes_both_ways_whatever_the_pieces(
    asked: list[bytes], told: list[bytes], cuts: list[int], other: list[int], rest: bytes
) -> None:
    between = Between(begun=False)
    ours = HELLO + START + b"".join(map(frame, asked)) + rest
    theirs = REPLY + b"".join(map(frame, told)) + rest
    to_client = to_gateway = b""
    for piece in pieces(ours, cuts):
        between.conversation.from_client(piece)
        to_gateway += between.taken()[1]
    for piece in pieces(theirs, other):
        between.conversation.from_gateway(piece)
        passed = between.taken()
        to_client, to_gateway = to_client + passed[0], to_gateway + passed[1]
    between.conversation.client_ended()
    between.conversation.gateway_ended()
    passed = between.taken()
    assert to_gateway + passed[1] == ours
    assert to_client + passed[0] == theirs
    assert between.conversation.pending_bytes == 0


@given(some.binary(max_size=200), some.binary(max_size=200), CUTS)
def test_what_is_no_conversation_passes_as_it_comes(
    ours: bytes, theirs: bytes, cuts: list[int]
) -> None:
    between = Between(begun=False)
    for piece in pieces(ours, cuts):
        between.conversation.from_client(piece)
    for piece in pieces(theirs, cuts):
        between.conversation.from_gateway(piece)
    between.conversation.client_ended()
    between.conversation.gateway_ended()
    assert between.taken() == (theirs, ours)


def test_what_comes_with_a_first_frame_that_says_no_version_passes_too() -> None:
    between = Between(begun=False)
    theirs = frame(b"hello") + frame(b"there") + b"\0\0"
    between.conversation.from_gateway(theirs)
    between.conversation.from_gateway(b"\0\1!")
    assert between.taken() == (theirs + b"\0\1!", b"")


def test_after_a_frame_no_message_can_have_the_connection_is_plain_and_goes_on() -> None:
    between = Between("drop orderStatus always")
    broken = (MAX_FRAME_BYTES + 1).to_bytes(4, "big") + b"and so on"
    between.conversation.from_gateway(broken)
    between.conversation.from_gateway(message(*STATUS.split()))
    assert between.taken()[0] == broken + message(*STATUS.split())
    assert "announces" in between.conversation.plain


@given(some.integers(1, 6), some.integers(0, 12))
def test_a_fault_that_counts_is_used_as_often_as_it_says(count: int, times: int) -> None:
    between = Between(f"drop orderStatus {count}", f"drop cancelOrder {count} client=7")
    assert len(between.said(*[STATUS] * times)) == max(0, times - count)
    assert len(between.asked(*[CANCEL] * times)) == max(0, times - count)


def test_a_request_is_dropped_doubled_delayed_put_behind_and_cut_short() -> None:
    between = Between(
        "duplicate reqIds",
        "delay reqCurrentTime 50ms 1",
        "reorder reqPositions reqOpenOrders",
        "truncate cancelOrder",
    )
    assert between.asked("8 1 1", "49 1", "61 1", "5 1", CANCEL) == [
        "8 1 1",
        "8 1 1",
        "5 1",
        "61 1",
        "4 1",
    ]
    assert between.conversation.next_ns == 50 * 10**6
    assert between.asked(now_ms=50) == ["49 1"]


def test_an_order_whose_answers_are_lost_is_told_only_to_who_asks() -> None:
    between = Between("lose-ack")
    assert between.asked(ORDER) == [ORDER]
    assert between.said(OPEN, STATUS, FILL, COMMISSION) == []
    between.asked("5 1", "7 3 1 0 0 0 0 0 0 0")
    answer = FILL.replace("-1", "1", 1)
    assert between.said(OPEN, STATUS, "53 1", answer, COMMISSION) == [
        OPEN,
        STATUS,
        "53 1",
        answer,
        COMMISSION,
    ]
    assert between.said(STATUS) == []


def test_orders_are_swallowed_or_refused_before_they_reach_the_gateway() -> None:
    between = Between("swallow-orders 1", "reject-next 201 1 no")
    assert between.asked(ORDER) == []
    between.conversation.from_client(message(*ORDER.split()))
    to_client, to_gateway = between.taken()
    assert (list(words(to_client)), to_gateway) == (["4 2 12 201 no "], b"")
    assert between.asked(ORDER) == [ORDER]


def test_while_ibs_servers_are_gone_orders_and_reports_wait() -> None:
    between = Between()
    between.common.troubles.lose_upstream(faults.Reset())
    assert between.asked(ORDER, CANCEL) == []
    assert between.said(STATUS, "9 1 5") == ["9 1 5"]
    between.common.troubles.lose_upstream(None)
    between.conversation.upstream_is_back()
    to_client, to_gateway = between.taken()
    assert list(words(to_client)) == [STATUS]
    assert list(words(to_gateway)) == [ORDER, CANCEL]


def test_what_was_told_while_it_was_calm_counts_once_it_is_not() -> None:
    between = Between()
    between.said(FILL.replace("-1", "4", 1), FILL.replace("exec.01", "exec.02"), STATUS)
    between.common.troubles.lose_upstream(faults.Reset())
    unasked = COMMISSION.replace("exec.01", "exec.02")
    assert between.said(COMMISSION, unasked) == [COMMISSION]


def test_an_id_in_use_is_refused_with_326_and_the_gateway_hears_nothing() -> None:
    between = Between(begun=False)
    between.common.troubles.refused_ids.add(ClientId(7))
    between.conversation.from_client(HELLO)
    between.conversation.from_gateway(REPLY)
    between.taken()
    between.conversation.from_client(START)
    to_client, to_gateway = between.taken()
    assert next(words(to_client)).startswith("4 2 -1 326 ")
    assert to_gateway == b""
    assert between.conversation.left


def test_no_account_is_named_and_ids_go_back_once() -> None:
    between = Between()
    between.common.troubles.no_accounts = True
    between.common.roll_backs[ClientId(7)] = 4
    assert between.said("15 1 DU1234567", "9 1 20", "9 1 20") == ["15 1 ", "9 1 16", "9 1 20"]


ACCOUNTS = (15 + 200).to_bytes(4, "big") + b"\x0a"
LONG = ",".join(f"DU{number}" for number in range(1_000_000, 1_000_020)).encode()


@pytest.mark.parametrize(
    ("version", "named", "live"),
    [
        (178, b"15\x001\x00DU1234567,DF7654321\x00", ""),
        (178, b"15\x001\x00\x00", ""),
        (178, b"15\x001\x00DU1234567, U7654321\x00", "U7…"),
        (178, b"15\x001\x00I1234567\x00", "I1…"),
        (201, ACCOUNTS + b"\x09DU1234567", ""),
        (201, ACCOUNTS + b"\x08U1234567", "U1…"),
        (201, ACCOUNTS + b"\xd0\x01" + LONG + b",U1234567", "U1…"),
    ],
)
def test_a_live_account_is_left_where_only_paper_may_be_broken(
    version: int, named: bytes, live: str
) -> None:
    """Whatever the port: containers and tunnels have live accounts on any."""
    between = Between("drop managedAccounts always", begun=False)
    between.common.paper_only = True
    between.conversation.from_client(HELLO)
    between.conversation.from_gateway(frame(b"%d\x00now\x00" % version))
    between.conversation.from_gateway(frame(named))
    assert between.conversation.live == live
    assert between.conversation.left is bool(live)
    between.common.paper_only = False
    assert Between().said("15 1 U1234567") == ["15 1 U1234567"]


def test_a_twin_is_told_at_once_and_with_every_word_of_its_order() -> None:
    between = Between()
    between.said(OPEN, STATUS)
    known = between.conversation.find(faults.Target(symbol="SPY"))
    assert known is not None
    assert known.perm_id == 9001
    between.conversation.double(9001)
    twin = str(9001 ^ 1 << 30)
    assert between.said() == [OPEN.replace("9001", twin), STATUS.replace("9001", twin)]
    done = STATUS.replace("Submitted", "Cancelled")
    assert between.said(done, FILL) == [done, done.replace("9001", twin), FILL]


def test_streams_fall_silent_until_they_are_asked_for_again() -> None:
    between = Between()
    between.asked("1 11 40 0")
    between.conversation.lose_streams()
    tick = "2 6 40 0 100"
    assert between.said(tick) == []
    between.asked("1 11 41 0")
    assert between.said(tick, "2 6 41 0 100") == ["2 6 41 0 100"]


def test_what_competes_is_told_to_every_stream_and_to_new_ones() -> None:
    between = Between()
    between.asked("1 11 40 0", "50 3 41 0", "2 2 40")
    between.conversation.refuse_streams(10197, "competing")
    assert between.said() == ["4 2 41 10197 competing "]
    between.common.troubles.stop_data("competing")
    between.conversation.from_client(message(1, 11, 42, 0))
    assert between.said()[0].startswith("4 2 42 10197 ")


def test_nothing_comes_out_of_a_line_that_is_half_open_or_frozen() -> None:
    between = Between()
    between.common.troubles.freeze(None)
    assert between.conversation.stuck
    between.common.troubles.thaw(None)
    between.conversation.vanish()
    assert between.said(STATUS) == []
    assert between.asked(ORDER) == []
    assert [passed for _way, _who, _payload, passed in between.told] == [False, False]
    assert between.conversation.pending_bytes == 0


def test_the_third_breach_of_pacing_ends_it() -> None:
    between = Between()
    for _time in range(3):
        assert not between.conversation.left
        between.conversation.charge()
    assert between.conversation.left
    assert len(between.said()) == 3


def test_orders_fills_and_cancels_are_events_once() -> None:
    between = Between("drop execDetails")
    between.asked(ORDER, ORDER)
    cancelled = STATUS.replace("Submitted", "Cancelled")
    between.said(OPEN, FILL, FILL, FILL.replace("-1", "4", 1), cancelled, cancelled)
    assert between.events == [("order", "SPY"), ("fill", "SPY"), ("cancel", "SPY")]


def test_observers_hear_what_passes_and_what_is_lost() -> None:
    between = Between("drop orderStatus", "swallow-orders 1")
    between.asked(ORDER, CANCEL)
    between.said(STATUS, OPEN)
    between.conversation.say(-1, 2110, "broken")
    between.taken()
    assert [(way, who, payload[:2], passed) for way, who, payload, passed in between.told] == [
        (TO_GATEWAY, 7, b"3\0", False),
        (TO_GATEWAY, 7, b"4\0", True),
        (TO_CLIENT, 7, b"3\0", False),
        (TO_CLIENT, 7, b"5\0", True),
        (TO_CLIENT, 7, b"4\0", True),
    ]


@pytest.mark.parametrize("version", [194, 200, 201, 213])
def test_newer_versions_are_cut_and_counted_by_the_kind_of_message(version: int) -> None:
    between = Between(begun=False)
    between.common.troubles.add(faults.Drop(faults.BY_NAME["orderstatus"], 1))
    talk = between.conversation
    talk.from_client(HELLO)
    talk.from_gateway(frame(b"%d\0now\0" % version))
    binary = version >= 201
    start = b"\0\0\0\x47" + b"2\0" + b"7\0\0" if binary else b"71\0" + b"2\0" + b"7\0\0"
    status = b"\0\0\0\xcb\x08\x01" if binary else b"3\0" + b"12\0Submitted\0"
    talk.from_client(frame(start))
    between.taken()
    talk.from_gateway(frame(status) * 2)
    assert between.taken()[0] == frame(status)
    assert talk.client_id == 7
    talk.say(-1, 2110, "x")
    notice = between.taken()[0][4:]
    assert notice.startswith(b"\0\0\0\x04-1\x00" if binary else b"4\0-1\0")


def test_the_id_of_a_client_is_read_from_a_protocol_buffer() -> None:
    between = Between(begun=False)
    between.conversation.from_client(HELLO)
    between.conversation.from_gateway(frame(b"213\0now\0"))
    between.conversation.from_client(frame(b"\0\0\x01\x0f\x08\xac\x02"))
    assert between.conversation.client_id == 300


ODD = some.lists(
    some.sampled_from(["-1", "--1", "²", "1" * 25, "", "x", "9001", "12"]), max_size=30
)


@given(ODD.map(lambda fields: "".join(f"{field}\0" for field in fields).encode()) | some.binary())
def test_no_answer_is_too_odd_for_any_fault(payload: bytes) -> None:
    between = Between(
        "retime utc", "truncate execDetails", "rewrite openOrder 3 x", "lose-ack always"
    )
    between.conversation.lose_streams()
    for number in (b"", b"3\0", b"5\0", b"11\0", b"59\0", b"9\0", b"15\0", b"1\0"):
        between.conversation.from_gateway(frame(number + payload or b"\0"))
        between.conversation.from_client(frame(number + payload or b"\0"))
    between.conversation.double(1)
    between.taken()
