"""ib_async's values to ours and back. No state but a cache of contracts.

Rules:
1. IB's "unset" numbers become None, never a large number.
2. Numbers become ``Decimal`` by their shortest decimal text, so 0.1 stays 0.1.
3. A status word we do not know is read as PENDING_SUBMIT: the order may be alive.

Source: shared facts section 6d (unset is 1.7976931348623157E308, 2147483647 or
9223372036854775807), F35 (commission not yet known) and section 2 of the client notes.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

import ib_async
from ib_async.util import UNSET_DOUBLE, UNSET_INTEGER

from ibelay.ib.times import NS_PER_S, ib_time_ns
from ibelay.model.contract import Contract
from ibelay.model.execution import CommissionReport, Execution
from ibelay.model.ids import ClientId, ConId, ExecId, OrderId, PermId
from ibelay.model.market import Bar
from ibelay.model.order import Action, BrokerOrderStatus, Order
from ibelay.model.snapshot import BrokerOrder

_UNSET_FROM = 9.0e18  # the smallest of IB's "unset" texts for a decimal, as a float
_ACTIONS = {
    "BUY": Action.BUY,
    "BOT": Action.BUY,
    "SLONG": Action.SELL,
    "SELL": Action.SELL,
    "SLD": Action.SELL,
    "SSHORT": Action.SELL,
}
_STATUSES = {status.value: status for status in BrokerOrderStatus}
_NO_RIGHT = frozenset({"", "0", "?"})


def number(value: float | Decimal | None) -> Decimal | None:
    """Return *value* as a decimal, or None if it is one of IB's unset values."""
    if value is None or isinstance(value, Decimal):
        return value
    if not -_UNSET_FROM < value < _UNSET_FROM:  # nor is it what is no number
        return None
    return Decimal(int(value)) if value.is_integer() else Decimal(repr(value))


def quantity(value: float | Decimal | None) -> Decimal:
    """Return *value* as a decimal; IB's unset value counts as nothing."""
    return number(value) or Decimal(0)


def action_of(text: str) -> Action:
    """Return the side of an order or of an execution (``BOT``, ``SLD``).

    Raises:
        ValueError: IB sent a side that is neither buying nor selling.
    """
    try:
        return _ACTIONS[text]
    except KeyError:
        message = f"side {text!r} is unknown: expected one of {', '.join(_ACTIONS)}"
        raise ValueError(message) from None


def status_of(text: str) -> BrokerOrderStatus:
    """Return IB's status word; an unknown one means "not confirmed, may be alive"."""
    return _STATUSES.get(text, BrokerOrderStatus.PENDING_SUBMIT)


def contract_of(theirs: ib_async.Contract) -> Contract:
    """Return IB's contract as ours."""
    return Contract(
        symbol=theirs.symbol,
        sec_type=theirs.secType,
        exchange=theirs.exchange,
        currency=theirs.currency,
        con_id=ConId(theirs.conId),
        primary_exchange=theirs.primaryExchange,
        last_trade_date=theirs.lastTradeDateOrContractMonth,
        strike=quantity(theirs.strike),
        right="" if theirs.right in _NO_RIGHT else theirs.right,
        multiplier=Decimal(theirs.multiplier or 1),
        local_symbol=theirs.localSymbol,
        trading_class=theirs.tradingClass,
    )


@lru_cache(maxsize=1024)
def ib_contract(contract: Contract) -> ib_async.Contract:
    """Return our contract as ib_async's. Shared: the caller must not change it."""
    return ib_async.Contract(
        secType=contract.sec_type,
        conId=contract.con_id,
        symbol=contract.symbol,
        lastTradeDateOrContractMonth=contract.last_trade_date,
        strike=float(contract.strike),
        right=contract.right,
        multiplier="" if contract.multiplier == 1 else format(contract.multiplier, "f"),
        exchange=contract.exchange,
        primaryExchange=contract.primary_exchange,
        currency=contract.currency,
        localSymbol=contract.local_symbol,
        tradingClass=contract.trading_class,
    )


def ib_order(
    order: Order, *, parent_id: OrderId = OrderId(0), transmit: bool = True, account: str = ""
) -> ib_async.Order:
    """Return our order as a fresh ib_async order. Prices stay decimal until the wire.

    An OCA group is sent with type 1, cancel with block: the only type that cannot overfill.
    """
    return ib_async.Order(
        action=order.action.value,
        totalQuantity=order.quantity,  # type: ignore[arg-type]  # written as its decimal text
        orderType=order.order_type.value,
        lmtPrice=UNSET_DOUBLE if order.limit_price is None else order.limit_price,
        auxPrice=UNSET_DOUBLE if order.stop_price is None else order.stop_price,
        tif=order.tif.value,
        outsideRth=order.outside_rth,
        orderRef=order.order_ref,
        ocaGroup=order.oca_group,
        ocaType=1 if order.oca_group else 0,
        parentId=parent_id,
        transmit=transmit,
        account=account,
    )


def open_order_of(
    contract: ib_async.Contract, order: ib_async.Order, state: ib_async.OrderState
) -> BrokerOrder:
    """Return an openOrder message; it never says how much was filled."""
    return _broker_order(contract, order, state, filled=Decimal(0))


def completed_order_of(
    contract: ib_async.Contract, order: ib_async.Order, state: ib_async.OrderState
) -> BrokerOrder:
    """Return a completedOrder message; IB leaves its order id and client id out."""
    return _broker_order(contract, order, state, filled=quantity(order.filledQuantity))


def _broker_order(
    contract: ib_async.Contract,
    order: ib_async.Order,
    state: ib_async.OrderState,
    *,
    filled: Decimal,
) -> BrokerOrder:
    return BrokerOrder(
        order_id=OrderId(_id(order.orderId)),
        perm_id=PermId(_id(order.permId)),
        client_id=ClientId(_id(order.clientId)),
        order_ref=order.orderRef,
        contract=contract_of(contract),
        action=action_of(order.action),
        quantity=quantity(order.totalQuantity),
        order_type=order.orderType,
        status=status_of(state.status),
        limit_price=_price(order.lmtPrice, zero_is_a_price="LMT" in order.orderType),
        stop_price=_price(order.auxPrice, zero_is_a_price=False),
        filled=filled,
        parent_order_id=OrderId(_id(order.parentId)),
        oca_group=order.ocaGroup,
        account=order.account,
    )


def _id(value: int) -> int:
    """Return an id, or 0 for IB's unset integer (TWS sends it for manual orders)."""
    return 0 if value == UNSET_INTEGER else value


def _price(value: float | Decimal | None, *, zero_is_a_price: bool) -> Decimal | None:
    """Return a price; IB fills the prices an order type does not use with 0."""
    price = number(value)
    return price if price or zero_is_a_price else None


def execution_of(contract: ib_async.Contract, execution: ib_async.Execution) -> Execution:
    """Return an execDetails message. Its time must already be UTC."""
    return Execution(
        exec_id=ExecId(execution.execId),
        contract=contract_of(contract),
        account=execution.acctNumber,
        action=action_of(execution.side),
        quantity=quantity(execution.shares),
        price=quantity(execution.price),
        at_ns=int(execution.time.timestamp()) * NS_PER_S,
        order_id=OrderId(_id(execution.orderId)),
        perm_id=PermId(_id(execution.permId)),
        client_id=ClientId(_id(execution.clientId)),
        order_ref=execution.orderRef,
    )


def commission_of(report: ib_async.CommissionReport) -> CommissionReport | None:
    """Return a commission report, or None while IB does not know the commission yet."""
    commission = number(report.commission)
    if commission is None:
        return None
    return CommissionReport(
        exec_id=ExecId(report.execId),
        commission=commission,
        currency=report.currency,
        realized_pnl=number(report.realizedPNL),
    )


def bar_of(bar: ib_async.BarData) -> Bar:
    """Return one historical bar; its date is still IB's text."""
    return Bar(
        at_ns=ib_time_ns(str(bar.date)),
        open=quantity(bar.open),
        high=quantity(bar.high),
        low=quantity(bar.low),
        close=quantity(bar.close),
        volume=quantity(bar.volume),
        wap=quantity(bar.average),
        count=bar.barCount,
    )
