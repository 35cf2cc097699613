"""Every record comes back as it was written, and nothing else is read."""

from __future__ import annotations

import typing
from decimal import Decimal

import msgspec
import pytest

from ibelay.errors import InvariantError, StoreUnreadableError
from ibelay.journal import codec
from ibelay.journal import records as r
from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, ConId, Epoch, ExecId, OrderId, OrderRef, PermId, UnitRef
from ibelay.model.order import (
    Action,
    BrokerOrderStatus,
    Order,
    OrderState,
    OrderType,
    Role,
    TimeInForce,
)

SPY = Contract(symbol="SPY", con_id=ConId(756733), primary_exchange="ARCA")
REF = OrderRef("ps60:3:17.0")
EXECUTION = Execution(
    exec_id=ExecId("0000e0d5.6576fd38.01.01"),
    contract=SPY,
    account="DU1",
    action=Action.BUY,
    quantity=Decimal(100),
    price=Decimal("145.20"),
    at_ns=7,
    order_id=OrderId(5),
    perm_id=PermId(99),
    client_id=ClientId(1),
    order_ref=REF,
)
INTENT = r.IntentRecorded(
    at_ns=2**62,
    epoch=Epoch(3),
    order_id=OrderId(5),
    contract=SPY,
    order=Order(
        order_ref=REF,
        unit=UnitRef("ps60:3:17"),
        role=Role.ENTRY,
        action=Action.BUY,
        quantity=Decimal(100),
        order_type=OrderType.STOP_LIMIT,
        limit_price=Decimal("145.30"),
        stop_price=Decimal("145.10"),
        tif=TimeInForce.GTC,
    ),
    expires_ns=9,
    reason="pivot 145.10 — broken ↑",
)
ONE_OF_EACH: list[r.AnyRecord] = [
    r.EpochStarted(at_ns=1, epoch=Epoch(3), bot="ps60", session_date="2013-10-07"),
    INTENT,
    r.DropInIntent(
        at_ns=8,
        epoch=Epoch(3),
        order_id=OrderId(6),
        order_ref=OrderRef("ib7:3:1"),
        symbol="SPY",
        con_id=756733,
        order={"orderType": "TRAIL", "trailingPercent": "2.5"},
    ),
    r.DropInCancel(at_ns=9, epoch=Epoch(3), order_id=OrderId(6), order_ref=OrderRef("ib7:3:1")),
    r.OrderStateChanged(
        at_ns=1,
        order_ref=REF,
        state=OrderState.WORKING,
        perm_id=PermId(99),
        status=BrokerOrderStatus.PRE_SUBMITTED,
        code=399,
    ),
    r.OrderIdReassigned(at_ns=1, order_ref=REF, order_id=OrderId(-4)),
    r.ModifyIntended(at_ns=1, order_ref=REF, stop_price=Decimal("144.00")),
    r.ModifyRefused(at_ns=1, order_ref=REF, code=110, reason="increment"),
    r.CancelRefused(at_ns=1, order_ref=REF, code=10148, reason="state: PendingCancel"),
    r.OrderTermsTaken(at_ns=1, order_ref=REF, quantity=Decimal(30), stop_price=Decimal("99.5")),
    r.CancelIntended(at_ns=1, order_ref=REF, reason="end of day"),
    r.UnitClosing(at_ns=1, unit=UnitRef("ps60:3:17"), reason="end of day"),
    r.ExecutionRecorded(at_ns=1, execution=EXECUTION, recovered=True),
    r.CommissionRecorded(
        at_ns=1, report=CommissionReport(exec_id=EXECUTION.exec_id, commission=Decimal("1.005"))
    ),
    r.PositionAdjusted(
        at_ns=1,
        contract=SPY,
        before=Decimal(100),
        after=Decimal(-50),
        average_cost=Decimal("145.20"),
        reason="closed outside",
    ),
    r.DiscrepancyFound(
        at_ns=1, name="Quantity", symbol="SPY", before="100", after="50", action="x"
    ),
    r.ReconciliationDone(
        at_ns=1,
        trigger="start",
        positions=1,
        open_orders=2,
        executions_recovered=3,
        findings=0,
        duration_ns=4,
    ),
    r.LinkDown(at_ns=1, cause="RST"),
    r.LinkUp(at_ns=1, outage_ns=5, attempts=2, data_lost=True),
    r.StrategyStateSaved(
        at_ns=1,
        strategy="ps60",
        session_date="2013-10-07",
        body=msgspec.Raw(b'{"attempts": {"SPY": 1}}'),
    ),
    r.SafeModeEntered(at_ns=1, reason="crash loop", attempts=5, checks=("a", "b")),
    r.SafeModeCleared(at_ns=1, by="ann", cause="fixed"),
    r.WatchListChanged(at_ns=1, symbols=("SPY", "AIG"), by="ann"),
    r.ShutdownCompleted(at_ns=1, reason="SIGTERM", duration_ns=3, overran=("flush",)),
    r.IncidentNoted(at_ns=1, severity=r.Severity.CRITICAL, text="two live orders"),
]


def test_the_examples_cover_every_kind() -> None:
    assert {type(record) for record in ONE_OF_EACH} == set(typing.get_args(r.AnyRecord))


@pytest.mark.parametrize("record", ONE_OF_EACH, ids=codec.kind)
def test_a_record_comes_back_as_it_was_written(record: r.AnyRecord) -> None:
    """Also byte for byte: 145.20 stays 145.20."""
    body = codec.encode(record)
    back = codec.decode(1, body)
    assert back == record
    assert codec.encode(back) == body


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b'{"kind":"teleport","at_ns":1}', "teleport"),
        (b'{"at_ns":1,"cause":"RST"}', "kind"),
        (b'{"kind":"link_down","at_ns":"1","cause":"RST"}', r"at_ns"),
        (b'{"kind":"link_down","at_ns":1,"cause":null}', r"cause"),
        (b'{"kind":"link_down","at_ns":1}', "cause"),
        (b'{"kind":"incident","at_ns":1,"severity":"loud","text":""}', "loud"),
        (b'{"kind":"link_down","at_ns":1,"cause":"RS', "truncated"),
        (b'{"kind":"link_down","at_ns":1,"cause":"\xff"}', "utf-8|UTF-8|Invalid"),
        (b"", "truncated"),
    ],
)
def test_what_is_not_a_known_record_is_refused_with_its_row(body: bytes, what: str) -> None:
    with pytest.raises(StoreUnreadableError, match="row 41 is not a record") as caught:
        codec.decode(41, body)
    assert caught.match(what)


@pytest.mark.parametrize(
    "record",
    [
        r.LinkDown(at_ns=1, cause=None),  # type: ignore[arg-type]
        r.LinkDown(at_ns=1, cause="half a pair \ud800"),
        r.LinkDown(at_ns=2**63, cause="beyond SQLite's integers"),
        r.WatchListChanged(at_ns=1, symbols=["SPY"], by="ann"),  # type: ignore[arg-type]
        r.ModifyIntended(at_ns=1, order_ref=REF, stop_price=144.1),  # type: ignore[arg-type]
        r.ModifyIntended(at_ns=1, order_ref=REF, stop_price=Decimal("NaN")),
        r.StrategyStateSaved(
            at_ns=1, strategy="ps60", session_date="", body=msgspec.Raw(b'{"attempts":')
        ),
        r.Record(at_ns=1),
    ],
)
def test_what_would_not_read_back_is_refused_before_it_is_written(record: r.AnyRecord) -> None:
    with pytest.raises(InvariantError, match="nothing was written"):
        codec.encode(record)
