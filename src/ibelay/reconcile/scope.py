"""Which part of what the broker tells is about this bot's account and client id. Pure.

One login may manage several accounts, and IB tells a client about all of them. What another
account trades or holds must not move this bot's book, and its stops protect nothing here.

An order id means something only within the client id that used it (F24): another client's
order is shown with none, whatever reference it carries, so that nobody addresses by it what
is an order of ours, or of nobody, under the same number.
"""

from __future__ import annotations

from dataclasses import replace

from ibelay.errors import ConfigurationError, LinkError
from ibelay.model.events import BrokerEvent, ExecutionSeen, OrderSeen, PositionSeen
from ibelay.model.ids import ClientId, OrderId
from ibelay.model.snapshot import BrokerSnapshot


def account_of(configured: str, managed: tuple[str, ...]) -> str:
    """Return the account to trade.

    Args:
        configured: What the settings say; may be empty.
        managed: The accounts of the login, at least one.

    Raises:
        ConfigurationError: Nothing is configured and the login manages several.
        LinkError: The login does not manage the configured one; another login may.
    """
    have = ", ".join(managed)
    if not configured and len(managed) > 1:
        raise ConfigurationError(
            f"the gateway's login manages several accounts ({have}) and none is configured; "
            f'write the one to trade into the settings: account = "{managed[0]}" below [bot]'
        )
    if configured and configured not in managed:
        raise LinkError(
            f"account {configured} is not among the login's: {have}; log the gateway in with "
            "its user, or change 'account' below [bot]"
        )
    return configured or managed[0]


def own_part(snapshot: BrokerSnapshot, account: str, client_id: ClientId) -> BrokerSnapshot:
    """Return *snapshot* without what is another account's, nor order ids another client's."""
    mine = frozenset({"", account})  # IB leaves the account out of some completed orders
    return replace(
        snapshot,
        account=account,
        positions=tuple(each for each in snapshot.positions if each.account in mine),
        open_orders=tuple(
            each if each.client_id == client_id else replace(each, order_id=OrderId(0))
            for each in snapshot.open_orders
            if each.account in mine
        ),
        completed_orders=tuple(each for each in snapshot.completed_orders if each.account in mine),
        executions=tuple(each for each in snapshot.executions if each.account in mine),
    )


def highest_order_id(snapshot: BrokerSnapshot, client_id: ClientId) -> int:
    """Return the highest order id that *snapshot* shows in use under *client_id*; 0 if none.

    A gateway's next valid id rolls back when it restarts (F07), and a lost store knows none:
    an id that is in use already would change that order instead of placing one.
    """
    working = [each.order_id for each in snapshot.open_orders if each.client_id == client_id]
    filled = [each.order_id for each in snapshot.executions if each.client_id == client_id]
    return max((*working, *filled), default=0)


def is_own(event: BrokerEvent, account: str) -> bool:
    """Return whether *event* is not about another account than *account*."""
    match event:
        case OrderSeen(order=order):
            told = order.account
        case ExecutionSeen(execution=execution):
            told = execution.account
        case PositionSeen(position=position):
            told = position.account
        case _:
            told = ""
    return told in {"", account}
