"""Books side by side: IB's average cost and realised P&L from our own executions."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ibelay.app.sides import Book, Holding, account, compare
from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, ConId, ExecId, OrderId, PermId, execution_key
from ibelay.model.order import Action

SPY = Contract(symbol="SPY", con_id=ConId(756733))


def fill(number: int, action: Action, quantity: int, price: str) -> Execution:
    """Return the *number*-th execution."""
    return Execution(
        exec_id=ExecId(f"0000e0d5.{number:08x}.01.01"),
        contract=SPY,
        account="DU1",
        action=action,
        quantity=Decimal(quantity),
        price=Decimal(price),
        at_ns=number,
        order_id=OrderId(number),
        perm_id=PermId(number),
        client_id=ClientId(1),
    )


def fees(executions: list[Execution], each: str) -> dict[str, CommissionReport]:
    """Return one commission of *each* dollars per execution."""
    return {
        execution_key(e.exec_id): CommissionReport(exec_id=e.exec_id, commission=Decimal(each))
        for e in executions
    }


def book(**changes: object) -> Book:
    """Return an empty book with *changes*."""
    empty: dict[str, object] = {
        "holdings": {},
        "working": (),
        "fills": frozenset(),
        "order_refs": {},
        "realized_pnl": Decimal(0),
        "stops": {},
    }
    return Book(**{**empty, **changes})  # type: ignore[arg-type]  # a test's shorthand


def test_the_average_cost_includes_commission_and_the_gain_is_net() -> None:
    """Buy 100 at 10 for 1 dollar, sell 50 at 11 for 1 dollar: cost 10.01, gain 48.50."""
    fills = [fill(1, Action.BUY, 100, "10"), fill(2, Action.SELL, 50, "11")]
    holdings, realized = account(fills, fees(fills, "1"))
    assert holdings["SPY"] == Holding(quantity=Decimal(50), average_cost=Decimal("10.01"))
    assert realized == Decimal("48.50")


def test_a_flip_closes_the_long_and_opens_the_short() -> None:
    """Sell 150 against 100: two thirds of the commission close, one third opens."""
    fills = [fill(1, Action.BUY, 100, "10"), fill(2, Action.SELL, 150, "12")]
    holdings, realized = account(fills, fees(fills, "3"))
    assert realized == Decimal(200) - 3 - 2
    assert holdings["SPY"].quantity == Decimal(-50)
    assert holdings["SPY"].average_cost == Decimal("11.98")


@given(st.lists(st.tuples(st.sampled_from(Action), st.integers(1, 50), st.integers(90, 110))))
def test_cash_is_conserved(orders: list[tuple[Action, int, int]]) -> None:
    """Realised P&L plus what is held at cost equals the cash that moved, always."""
    fills = [fill(n, side, size, str(price)) for n, (side, size, price) in enumerate(orders, 1)]
    holdings, realized = account(fills, fees(fills, "1"))
    cash = sum((-f.action.sign * f.quantity * f.price - 1 for f in fills), Decimal(0))
    held = sum((h.quantity * h.average_cost for h in holdings.values()), Decimal(0))
    assert abs(realized - cash - held) < Decimal("0.000001")


def test_equal_books_agree() -> None:
    assert compare(book(), book()).agrees


def test_each_difference_is_named() -> None:
    held = {"SPY": Holding(quantity=Decimal(10), average_cost=Decimal(5))}
    verdict = compare(
        book(working=("a",), fills=frozenset({"x"})),
        book(
            holdings=held,
            fills=frozenset({"y"}),
            order_refs={"ps60:1:1.0": frozenset({1, 2})},
            realized_pnl=Decimal(1),
        ),
    )
    assert not verdict.agrees
    assert verdict.duplicates == 1
    assert verdict.lost_fills == 1
    assert verdict.unprotected == ("SPY: 10 held, 0 covered by stops",)
    assert any("SPY: bot holds 0" in line for line in verdict.differences)
    assert any("only in the bot's book: a" in line for line in verdict.differences)
    assert any("realised" in line for line in verdict.differences)
