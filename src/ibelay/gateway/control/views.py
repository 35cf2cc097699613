"""What a control port shows of a gateway: plain values, nothing is changed by looking.

Money and quantities are texts, so that no digit is lost; times are ISO 8601 in New York.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from ibelay.control.controlled import Json
from ibelay.control.controlled import vocabulary as words
from ibelay.gateway.exchange.events import BookOrder
from ibelay.gateway.market.hours import NEW_YORK, SECOND_NS
from ibelay.gateway.server import PaperGateway

MAX_ROWS = 1000


def status(paper: PaperGateway) -> Json:
    """Return the gateway at a glance."""
    floor = paper.floor
    return {
        "port": paper.port,
        "account": floor.account,
        "clock": clock(paper),
        "clients": [session.name for session in paper.sessions()],
        "working_orders": len(floor.exchange.working_orders()),
        "faults": floor.troubles.standing(),
        "planned": len(floor.agenda.planned()) + len(paper.wall_agenda.planned()),
    }


def clock(paper: PaperGateway) -> Json:
    """Return market time and how it runs."""
    return {
        "market_time": _moment(paper.floor.now_ns),
        "market_ns": paper.floor.now_ns,
        "speed": paper.clock.speed,
        "paused": paper.clock.paused,
        "data_until": _moment(paper.floor.market.end_ns),
    }


def book(paper: PaperGateway) -> Json:
    """Return working and completed orders and the executions of the day, the last of them."""
    exchange = paper.floor.exchange
    return {
        "working": [_order(order) for order in exchange.working_orders()[-MAX_ROWS:]],
        "completed": [_order(order) for order in exchange.completed_orders()[-MAX_ROWS:]],
        "executions": [
            {
                "exec_id": done.execution.exec_id,
                "time": _moment(done.execution.at_ns),
                "symbol": done.execution.contract.symbol,
                "action": done.execution.action,
                "quantity": done.execution.quantity,
                "price": done.execution.price,
                "client_id": done.execution.client_id,
                "order_id": done.execution.order_id,
                "perm_id": done.execution.perm_id,
                "order_ref": done.execution.order_ref,
                "commission": None if report is None else report.commission,
            }
            for done, report in exchange.executions()[-MAX_ROWS:]
        ],
    }


def account(paper: PaperGateway) -> Json:
    """Return holdings and the account's figures."""
    exchange = paper.floor.exchange
    return {
        "account": paper.floor.account,
        "positions": [
            {
                "symbol": one.position.contract.symbol,
                "con_id": one.position.contract.con_id,
                "quantity": one.position.quantity,
                "average_cost": one.position.average_cost,
                "market_price": one.market_price,
                "realized_pnl": one.realized_pnl,
            }
            for one in exchange.positions()[:MAX_ROWS]
        ],
        "values": [
            {"key": key, "value": value, "currency": currency}
            for key, value, currency in exchange.account_values(paper.floor.now_ns)
        ],
    }


def clients(paper: PaperGateway) -> Json:
    """Return who is connected."""
    return {
        "clients": [
            {
                "client_id": session.client_id,
                "started": session.started,
                "frozen": session.stuck,
                "half_open": session.half_open,
            }
            for session in paper.sessions()
        ]
    }


def faults(paper: PaperGateway) -> Json:
    """Return what goes wrong, what is to follow, and what was done."""
    return {
        "standing": paper.floor.troubles.standing(),
        "planned": [
            {"at": _moment(at_ns), "what": name}
            for at_ns, name in paper.floor.agenda.planned()[:MAX_ROWS]
        ],
        "done": [
            {"at": _moment(done.at_ns), "command": done.command, "said": done.said}
            for done in paper.operator.log
        ],
    }


def vocabulary(_paper: PaperGateway) -> Json:
    """Return every command with how it is written and what it does."""
    return words()


VIEWS: Mapping[str, Callable[[PaperGateway], Json]] = {
    "/status": status,
    "/clock": clock,
    "/book": book,
    "/account": account,
    "/clients": clients,
    "/faults": faults,
    "/vocabulary": vocabulary,
}


def _order(order: BookOrder) -> Json:
    request = order.request
    return {
        "client_id": request.client_id,
        "order_id": request.order_id,
        "perm_id": order.perm_id,
        "order_ref": request.order_ref,
        "symbol": request.contract.symbol,
        "action": request.action,
        "order_type": request.order_type,
        "quantity": request.quantity,
        "limit_price": request.limit_price,
        "stop_price": request.stop_price,
        "filled": order.filled,
        "status": order.status,
    }


def _moment(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // SECOND_NS, NEW_YORK).isoformat()
