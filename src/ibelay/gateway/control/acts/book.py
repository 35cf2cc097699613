"""Acts on prices and the book: what they make the exchange say is published like the rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal

from ibelay.errors import ConfigurationError
from ibelay.gateway.control.stage import GatewayShell
from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.exchange.events import BookOrder, OrderChanged, OrderRequest
from ibelay.gateway.market.api import Instrument, Print
from ibelay.gateway.market.moved import Move, MovedMarket
from ibelay.model import faults
from ibelay.model.faults import Target
from ibelay.model.ids import ClientId, ExecId, OrderId, PermId
from ibelay.model.order import Action

JUMP_SIZE = Decimal(100)
_HALF = Decimal("0.5")


def set_price(shell: GatewayShell, act: faults.SetPrice) -> str:
    """Let bid and ask jump to either side of a price, and print it."""
    instrument, market = _instrument(shell, act.symbol), _market(shell)
    con_id, now_ns, tick = instrument.contract.con_id, shell.floor.now_ns, instrument.min_tick
    quoted = market.quote(con_id, now_ns)
    if quoted is None or quoted.quote.bid is None or quoted.quote.ask is None:
        raise ConfigurationError(
            f"{act.symbol} is not quoted at the moment: set its price once it is"
        )
    middle = (quoted.quote.bid + quoted.quote.ask) * _HALF
    offset = ((act.price - middle) / tick).to_integral_value() * tick
    _move(shell, instrument, Move(now_ns, offset=offset))
    shell.floor.happen(Print(con_id=con_id, at_ns=now_ns, price=act.price, size=JUMP_SIZE))
    return f"{act.symbol} moves by {offset}"


def split(shell: GatewayShell, act: faults.Split) -> str:
    """Split a stock: holdings, orders and prices at once."""
    instrument = _instrument(shell, act.symbol)
    ratio = Decimal(act.ratio.new) / act.ratio.old
    now_ns = shell.floor.now_ns
    said = shell.floor.exchange.by_hand.split(now_ns, instrument.contract.con_id, ratio)
    _move(shell, instrument, Move(now_ns, factor=1 / ratio))
    shell.floor.publish(said)
    return f"{act.ratio.new} {act.symbol} for {act.ratio.old}"


def fill(shell: GatewayShell, act: faults.Fill) -> str:
    """Fill an order whole."""
    order = working(shell, act.order)
    by_hand, now_ns = shell.floor.exchange.by_hand, shell.floor.now_ns
    shell.floor.publish(by_hand.force_fill(now_ns, order.perm_id, price=act.price))
    return f"order #{order.perm_id} filled"


def partial(shell: GatewayShell, act: faults.Partial) -> str:
    """Fill a part of an order."""
    order = working(shell, act.order)
    by_hand, now_ns = shell.floor.exchange.by_hand, shell.floor.now_ns
    shell.floor.publish(by_hand.force_fill(now_ns, order.perm_id, act.quantity, act.price))
    return f"{act.quantity} of order #{order.perm_id} filled"


def reject(shell: GatewayShell, act: faults.Reject) -> str:
    """Reject a working order."""
    order = working(shell, act.order)
    by_hand, now_ns = shell.floor.exchange.by_hand, shell.floor.now_ns
    shell.floor.publish(by_hand.force_reject(now_ns, order.perm_id, act.code, act.text))
    return f"order #{order.perm_id} rejected"


def cancel(shell: GatewayShell, act: faults.Cancel) -> str:
    """Cancel an order as IB or an exchange does."""
    order = working(shell, act.order)
    by_hand = shell.floor.exchange.by_hand
    shell.floor.publish(by_hand.force_cancel(shell.floor.now_ns, order.perm_id))
    return f"order #{order.perm_id} cancelled"


def manual_trade(shell: GatewayShell, act: faults.ManualTrade) -> str:
    """Trade as a person at TWS; at a given price or better, whatever the market says."""
    instrument = _instrument(shell, act.symbol)
    by_hand, now_ns = shell.floor.exchange.by_hand, shell.floor.now_ns
    request = OrderRequest(
        client_id=ClientId(0),
        order_id=OrderId(0),
        contract=replace(instrument.contract),
        action=Action(act.side),
        quantity=act.quantity,
        order_type="LMT" if act.price else "MKT",
        limit_price=act.price,
    )
    said = by_hand.place(now_ns, request)
    shell.floor.publish(said)
    ids = [one.order.perm_id for one in said if isinstance(one, OrderChanged)]
    if not ids:
        raise ConfigurationError(f"the exchange refuses to {faults.write(act)}: {_why(said)}")
    if any(order.perm_id == ids[0] for order in shell.floor.exchange.working_orders()):
        shell.floor.publish(by_hand.force_fill(now_ns, ids[0], price=act.price))
    return f"order #{ids[0]} of TWS"


def foreign_trade(shell: GatewayShell, act: faults.ForeignTrade) -> str:
    """Trade as another client of the API, at market."""
    instrument = _instrument(shell, act.symbol)
    request = OrderRequest(
        client_id=act.client,
        order_id=OrderId(act.order_id),
        contract=replace(instrument.contract),
        action=Action(act.side),
        quantity=act.quantity,
        order_type="MKT",
    )
    said = shell.floor.exchange.place(shell.floor.now_ns, request)
    shell.floor.publish(said)
    if not any(isinstance(one, OrderChanged) for one in said):
        raise ConfigurationError(f"the exchange refuses to {faults.write(act)}: {_why(said)}")
    return f"order {act.order_id} of client {act.client}"


def advise(shell: GatewayShell, act: faults.Advise) -> str:
    """Say a code about a working order to whom it belongs."""
    request = working(shell, act.order).request
    for session in shell.sessions():
        if session.client_id == request.client_id:
            session.say(request.order_id, act.code, act.text)
    return f"{act.code} about order {request.order_id} of client {request.client_id}"


def reject_data(shell: GatewayShell, act: faults.RejectData) -> None:
    """Let the next requests for data be refused."""
    shell.troubles.add(act)


def net_out(shell: GatewayShell, act: faults.NetOut) -> str:
    """Report an execution a second time, and take that back."""
    exec_id = _last_execution(shell, act.order)
    by_hand, now_ns = shell.floor.exchange.by_hand, shell.floor.now_ns
    shell.floor.publish(by_hand.net_out(now_ns, exec_id))
    return f"execution {exec_id} reported again, and taken back"


def correct(shell: GatewayShell, act: faults.Correct) -> str:
    """Correct the last execution of an order."""
    if act.price is None and act.quantity is None:
        raise ConfigurationError("correct needs a new price or quantity: write price=601.25")
    exec_id = _last_execution(shell, act.order)
    by_hand, now_ns = shell.floor.exchange.by_hand, shell.floor.now_ns
    said = by_hand.correct(now_ns, exec_id, quantity=act.quantity, price=act.price)
    shell.floor.publish(said)
    return f"execution {exec_id} corrected"


def second_perm_id(shell: GatewayShell, act: faults.SecondPermId) -> str:
    """Let an order work twice."""
    order = working(shell, act.order)
    by_hand = shell.floor.exchange.by_hand
    shell.floor.publish(by_hand.second_perm_id(shell.floor.now_ns, order.perm_id))
    return f"order #{order.perm_id} works twice"


def id_rollback(shell: GatewayShell, act: faults.IdRollback) -> str:
    """Give a client ids again that it has used."""
    exchange = shell.floor.exchange
    next_id = max(1, exchange.next_order_id(act.client) - act.by)
    exchange.by_hand.roll_ids_back(act.client, next_id)
    return f"the next valid id of client {act.client} is {next_id}"


def start_afresh(exchange: Exchange, client_ids: Collection[ClientId], roll_back: int) -> str:
    """Lose what a restart loses, and let clients have their last ids again."""
    lost = exchange.by_hand.lose_untransmitted()
    for client_id in sorted(client_ids):
        next_id = exchange.next_order_id(client_id)
        if roll_back > 0 and next_id > 1:
            exchange.by_hand.roll_ids_back(client_id, max(1, next_id - roll_back))
    return f"{lost} untransmitted orders lost"


def midnight(shell: GatewayShell, _act: faults.Midnight) -> None:
    """Forget the executions and completed orders of until now."""
    shell.floor.exchange.by_hand.forget_day(shell.floor.now_ns)


def working(shell: GatewayShell, target: Target) -> BookOrder:
    """Return the working order that is meant.

    Raises:
        ConfigurationError: None is; the sentence says which there are.
    """
    orders = shell.floor.exchange.working_orders()
    for order in orders:
        request = order.request
        ids = (request.client_id, request.order_id, order.perm_id)
        if _is_meant(target, request.contract.symbol, *ids):
            return order
    there = ", ".join(f"{one.request.contract.symbol} #{one.perm_id}" for one in orders[:10])
    wanted = f"expected one of {there}" if there else "none does, a bot has to place one first"
    raise ConfigurationError(f"no such order works: {wanted}")


def _last_execution(shell: GatewayShell, target: Target) -> ExecId:
    for done, _report in reversed(shell.floor.exchange.executions()):
        one = done.execution
        if _is_meant(target, one.contract.symbol, one.client_id, one.order_id, one.perm_id):
            return one.exec_id
    raise ConfigurationError("nothing of that order was executed today: fill it first")


def _is_meant(
    target: Target, symbol: str, client_id: ClientId, order_id: OrderId, perm_id: PermId
) -> bool:
    if target.symbol:
        return symbol == target.symbol
    if target.perm_id:
        return perm_id == target.perm_id
    return (client_id, order_id) == (target.client_id, target.order_id)


def _instrument(shell: GatewayShell, symbol: str) -> Instrument:
    for one in shell.floor.market.universe:
        if symbol in {one.contract.symbol, one.contract.local_symbol}:
            shell.floor.follow([one.contract.con_id])  # a future not listed has no price yet
            return one
    listed = shell.floor.market.instruments
    names = ", ".join(sorted({one.contract.symbol for one in listed})[:20])
    raise ConfigurationError(f"{symbol} is not traded here: expected one of {names}")


def _market(shell: GatewayShell) -> MovedMarket:
    if not isinstance(shell.floor.market, MovedMarket):
        raise ConfigurationError("prices of this market cannot be moved: start it as a gateway")
    return shell.floor.market


def _move(shell: GatewayShell, instrument: Instrument, move: Move) -> None:
    market, con_id = _market(shell), instrument.contract.con_id
    if not market.move(con_id, move):
        raise ConfigurationError(f"{instrument.contract.symbol} was moved too often: start again")
    quoted = market.quote(con_id, shell.floor.now_ns)
    if quoted is not None:
        now = replace(quoted.quote, at_ns=shell.floor.now_ns)
        shell.floor.happen(replace(quoted, quote=now))


def _why(said: Sequence[object]) -> str:
    texts = [str(getattr(one, "text", "")) for one in said]
    return "; ".join(text for text in texts if text) or "no reason given"
