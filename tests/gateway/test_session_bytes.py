"""The pure session under hostile bytes, without any socket."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.client import MAX_PENDING_BYTES, Session
from ibelay.gateway.session.floor import BAR_NS, MAX_STEP_NS, Floor
from ibelay.model.ids import ClientId
from ibelay.wire.framing import frame

HELLO = b"API\0" + frame(b"v157..178")


@pytest.fixture(scope="module")
def floor() -> Floor:
    return build_floor(GatewayOptions(symbols=("SPY",), start="10:00"))


def start(floor: Floor, client_id: int) -> Session:
    """Return a session that has started."""
    session = Session(floor)
    session.receive(HELLO + frame(b"71\0" + b"2\0%d\0\0" % client_id), floor.now_ns)
    assert session.started
    session.take()
    return session


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_first_bytes_are_answered_or_ended(floor: Floor, data: bytes) -> None:
    session = Session(floor)
    session.receive(data, floor.now_ns)
    assert not session.started
    session.leave()


@settings(max_examples=300)
@given(
    messages=st.lists(
        st.tuples(
            st.integers(min_value=0, max_value=110),
            st.lists(
                st.one_of(
                    st.sampled_from(["", "0", "1", "756733", "SPY", "STK", "SMART", "BUY"]),
                    st.text(max_size=6),
                ),
                max_size=25,
            ),
        ),
        max_size=5,
    )
)
def test_any_message_after_the_start_is_survived(
    floor: Floor, messages: list[tuple[int, list[str]]]
) -> None:
    session = start(floor, 77)
    for number, fields in messages:
        payload = "\0".join([str(number), *fields, ""]).encode("utf-8", "replace")
        session.receive(frame(payload), floor.now_ns)
    session.take()
    session.leave()
    assert floor.join(ClientId(77), session), "a session that left gave its id back"
    floor.leave(ClientId(77))


def test_the_answer_does_not_depend_on_how_the_bytes_arrive(floor: Floor) -> None:
    whole, pieces = start(floor, 1), start(floor, 2)
    request = frame(b"49\x001\0") + frame(b"9\x008\x005\x000\0NOPE\0" + b"\0" * 20)
    whole.receive(request, floor.now_ns)
    for byte in request:
        pieces.receive(bytes([byte]), floor.now_ns)
    assert whole.take() == pieces.take() != b""
    whole.leave()
    pieces.leave()


def test_one_chunk_cannot_make_the_gateway_hold_answers_without_end(floor: Floor) -> None:
    session = start(floor, 3)
    con = "756733\0SPY\0STK\0\x000.0\0\0\0SMART\0\0USD\0\0\0"
    ask = f"20\x009\0{con}0\0\x001 secs\x002000 S\x000\0TRADES\x001\x000\0\0"
    session.receive(frame(ask.encode()) * 300, floor.now_ns)
    assert session.closed
    assert MAX_PENDING_BYTES < len(session.take()) < 2 * MAX_PENDING_BYTES


def test_market_time_moves_by_a_minute_at_most_and_never_back() -> None:
    floor = build_floor(GatewayOptions(symbols=("SPY",), start="10:00"))
    begin = floor.now_ns
    assert floor.advance(begin + 10 * MAX_STEP_NS) == begin + MAX_STEP_NS
    assert floor.advance(begin) == begin + MAX_STEP_NS
    while floor.now_ns < floor.market.end_ns:
        floor.advance(floor.market.end_ns)
    assert floor.advance(floor.market.end_ns + BAR_NS) == floor.market.end_ns


def test_what_a_turn_leaves_is_served_by_the_next(floor: Floor) -> None:
    session = start(floor, 30)
    ask_for_time = frame(b"49\x001\x00")
    assert session.receive(ask_for_time * 3, floor.now_ns, most=2)
    assert session.take().count(b"49\x001\x00") == 2
    assert not session.serve(floor.now_ns, None, most=2)
    assert session.take().count(b"49\x001\x00") == 1
    session.leave()


def test_the_shell_reads_no_more_while_much_waits_for_its_turn(floor: Floor) -> None:
    session = start(floor, 31)
    assert session.receive(frame(b"49\x001\x00") * 10_000, floor.now_ns, most=1)
    behind = [session.behind]
    while session.serve(floor.now_ns, None, most=1000):
        session.take()
    assert [*behind, session.behind] == [True, False]
    session.leave()
