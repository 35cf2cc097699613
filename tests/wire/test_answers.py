"""A gateway's messages as somebody in the middle reads them, against the encoder's own."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.test_encode import SPY, VIEW

from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.faults.messages import MESSAGES
from ibelay.model.ids import ClientId, ConId, ExecId, OrderId, PermId
from ibelay.model.order import Action
from ibelay.wire import answers, encode

EDGES = (157, 176, 177, 178)


def read(framed: bytes, version: int = 178) -> answers.Answer:
    """Return *framed* as it is read without its length."""
    return answers.read(framed[4:], version)


@pytest.mark.parametrize("version", EDGES)
def test_an_open_order_says_what_hangs_together_with_it(version: int) -> None:
    heard = read(encode.open_order(VIEW, version), version)
    assert isinstance(heard, answers.OrderTold)
    assert (heard.order_id, heard.client_id, heard.perm_id) == (8, 3, 1_000_001)
    assert (heard.contract.con_id, heard.contract.symbol, heard.contract.right) == (
        756733,
        "SPY",
        "",
    )
    assert (heard.action, heard.order_type) == (Action.SELL, "STP LMT")
    assert heard.quantity == 50
    assert (heard.limit_price, heard.aux_price) == (Decimal("44.4"), Decimal("44.5"))
    assert (heard.order_ref, heard.parent_id, heard.oca_group) == ("ps60:1:2.0", 7, "1000000")
    assert heard.account == "DU1234567"


def test_a_status_says_how_an_order_stands() -> None:
    framed = encode.order_status(
        OrderId(8),
        "Submitted",
        filled=Decimal(20),
        remaining=Decimal(30),
        average_price=Decimal("44.41"),
        last_price=Decimal("44.4"),
        perm_id=PermId(2**40),
        parent_id=OrderId(7),
        client_id=ClientId(3),
        why_held="",
    )
    assert read(framed) == answers.StatusTold(
        order_id=OrderId(8),
        status="Submitted",
        filled=Decimal(20),
        remaining=Decimal(30),
        perm_id=PermId(2**40),
        parent_id=OrderId(7),
        client_id=ClientId(3),
    )


@pytest.mark.parametrize("version", EDGES)
@pytest.mark.parametrize("request_id", [-1, 12])
def test_an_execution_says_whose_it_is_and_whether_it_was_asked_for(
    version: int, request_id: int
) -> None:
    done = Execution(
        exec_id=ExecId("0000e0d5.6576fd38.01.01"),
        order_ref="ps60:1:2.0",
        order_id=OrderId(8),
        perm_id=PermId(1_000_001),
        client_id=ClientId(3),
        account="DU1234567",
        contract=SPY,
        action=Action.SELL,
        quantity=Decimal(20),
        price=Decimal("44.4"),
        at_ns=1_381_240_805 * 10**9,
    )
    framed = encode.execution(request_id, done, (Decimal(20), Decimal("44.4")), version)
    heard = read(framed, version)
    assert isinstance(heard, answers.ExecutionTold)
    assert (heard.request_id, heard.order_id, heard.exec_id) == (request_id, 8, done.exec_id)
    assert heard.action is Action.SELL
    assert (heard.quantity, heard.price) == (Decimal(20), Decimal("44.4"))
    assert (heard.perm_id, heard.client_id, heard.order_ref) == (1_000_001, 3, "ps60:1:2.0")
    assert (heard.account, heard.contract.con_id) == ("DU1234567", 756733)


def test_a_position_an_account_an_id_and_a_notice_are_read() -> None:
    es = Contract(symbol="ES", sec_type="FUT", con_id=ConId(5), multiplier=Decimal(50))
    held = read(encode.position("DU1", es, Decimal(-2), Decimal(0)))
    assert isinstance(held, answers.PositionTold)
    assert (held.account, held.contract.symbol) == ("DU1", "ES")
    assert held.quantity == -2
    assert held.contract.multiplier == 50
    assert read(encode.managed_accounts(["DU1", "DU2"])) == answers.AccountsTold(("DU1", "DU2"))
    assert read(encode.managed_accounts([])) == answers.AccountsTold(())
    assert read(encode.next_valid_id(OrderId(7))) == answers.NextIdTold(OrderId(7))
    assert read(encode.error(-1, 1100, "lost")) == answers.NoticeTold(-1, 1100, "lost")
    report = CommissionReport(
        exec_id=ExecId("a.1"), commission=Decimal("1.25"), currency="USD", realized_pnl=None
    )
    assert read(encode.commission(report)) == answers.CommissionTold("a.1", Decimal("1.25"))


def test_ends_and_streams_name_the_request_they_belong_to() -> None:
    assert read(encode.position_end()) == answers.EndTold("positionEnd")
    assert read(encode.open_order_end()) == answers.EndTold("openOrderEnd")
    assert read(encode.execution_end(9)) == answers.EndTold("execDetailsEnd", 9)
    tick = encode.tick_price(4, 1, Decimal("44.4"), Decimal(3))
    assert read(tick) == answers.TickTold("tickPrice", 4)
    assert read(encode.current_time(10**18)) == answers.OtherTold("currentTime")


@pytest.mark.parametrize("payload", [b"", b"x\0", b"3\0", b"5\x008\0", b"11\x00-1\0\0"])
def test_what_cannot_be_read_is_said_to_be_garbled(payload: bytes) -> None:
    assert isinstance(answers.read(payload, 178), answers.Garbled)


def test_a_number_that_ib_has_not_named_is_of_no_interest() -> None:
    assert answers.read(b"9999\0whatever\0", 178) == answers.OtherTold("?")
    assert answers.read(b"\0", 178) == answers.OtherTold("?")


_FIELD = st.one_of(
    st.integers(-5, 10**20).map(str),
    st.sampled_from(["", "BUY", "SLD", "1.7976931348623157E308", "-1", "0.5", "1E99", "٣"]),
    st.text(max_size=5),
)


@given(
    number=st.one_of(st.sampled_from([one.number for one in MESSAGES]), st.integers()),
    fields=st.lists(_FIELD, max_size=150),
    version=st.sampled_from(EDGES),
)
def test_no_message_however_broken_raises(number: int, fields: list[str], version: int) -> None:
    payload = "\0".join([str(number), *fields]).encode("utf-8", "surrogatepass")
    assert isinstance(answers.read(payload, version), answers.Answer)
