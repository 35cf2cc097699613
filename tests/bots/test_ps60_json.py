"""The export that operators of ps60 read."""

from __future__ import annotations

import json
from decimal import Decimal

from ibelay.bots.ps60_json import to_ps60_json
from ibelay.bots.ps60_state import Ps60State
from ibelay.bots.scanner import Side, SliceName
from ibelay.bots.trades import Slice, Trade
from ibelay.model.contract import Contract
from ibelay.model.ids import OrderRef, UnitRef
from ibelay.model.market import Bar
from ibelay.model.order import Role

OPEN_NS = 1_381_239_000_000_000_000


def trade() -> Trade:
    quantities = {SliceName.PARTIAL: 50, SliceName.TARGET1: 25, SliceName.TARGET2: 25}
    targets = ("447.13", "460.25", "470.50")
    return Trade(
        symbol="TSLA",
        contract=Contract(symbol="TSLA"),
        side=Side.LONG,
        pivot=Decimal(445),
        attempt=1,
        session_date="2013-10-08",
        placed_ns=OPEN_NS,
        initial_stop=Decimal("443.10"),
        stop_price=Decimal("443.10"),
        slices=[
            Slice(
                name=name,
                unit=UnitRef(f"ps60:1:{number}"),
                quantity=Decimal(quantity),
                target=Decimal(target),
                stop_ref=OrderRef(f"ps60:1:{number}.1"),
            )
            for number, ((name, quantity), target) in enumerate(
                zip(quantities.items(), targets, strict=True), start=1
            )
        ],
    )


def test_an_empty_state_exports_every_part() -> None:
    document = json.loads(to_ps60_json(Ps60State(session_date="2013-10-08")))
    assert document == {
        "session": {
            "date": "2013-10-08",
            "start_time": None,
            "watch_list": [],
            "daily_pnl": 0,
            "trades_today": 0,
        },
        "positions": {},
        "pending": {},
        "attempts": [],
        "closed_trades": [],
        "analytics": {"filter_blocks": {}, "entry_paths": {}},
        "bar_buffers": {},
    }


def test_a_position_after_its_partial_exports_the_documents_figures() -> None:
    held = trade()
    for part in held.slices:
        held.enter(part, part.quantity, Decimal("445.25"), OPEN_NS)
    held.leave(
        held.slices[0], Role.TARGET, Decimal(50), Decimal("447.13"), OPEN_NS, recovered=False
    )
    state = Ps60State(session_date="2013-10-08", open_trades=[held], started_ns=OPEN_NS)
    price = Decimal("447.20")
    state.bars_of("TSLA").add(
        Bar(at_ns=OPEN_NS, open=price, high=price, low=price, close=price, volume=Decimal(1))
    )
    document = json.loads(to_ps60_json(state), parse_float=Decimal)
    position = document["positions"]["TSLA"]
    assert position["entry_price"] == Decimal("445.25")
    assert position["entry_time"] == "2013-10-08T13:30:00+00:00"
    assert (position["quantity"], position["remaining"], position["pivot"]) == (100, 50, 445)
    assert position["targets"] == {
        "partial": Decimal("447.13"),
        "target1": Decimal("460.25"),
        "target2": Decimal("470.50"),
    }
    assert position["partials"] == [
        {
            "time": "2013-10-08T13:30:00+00:00",
            "price": Decimal("447.13"),
            "quantity": 50,
            "reason": "PARTIAL_50",
            "recovered": False,
        }
    ]
    assert position["stop_orders"] == ["ps60:1:1.1", "ps60:1:2.1", "ps60:1:3.1"]
    assert position["closed_pnl"] == 94
    assert document["bar_buffers"]["TSLA"] == {
        "bars": 1,
        "last_bar": "2013-10-08T13:30:00+00:00",
        "closes": [Decimal("447.20")],
    }


def test_an_unfilled_trade_is_pending_and_a_finished_one_has_an_exit_time() -> None:
    waiting, done = trade(), trade()
    state = Ps60State(session_date="2013-10-08", open_trades=[waiting])
    for part in done.slices:
        part.entry_ended = True
    state.settle(done, OPEN_NS)
    document = json.loads(to_ps60_json(state))
    assert document["pending"]["TSLA"]["quantity"] == 100
    assert document["closed_trades"][0]["exit_time"] == "2013-10-08T13:30:00+00:00"
    assert document["closed_trades"][0]["entry_price"] is None
