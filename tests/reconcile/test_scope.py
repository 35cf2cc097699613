"""Only the bot's own account moves its book."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.reconcile.scenes import (
    BOT,
    ENTRY,
    NOW_NS,
    STOP,
    TARGET,
    bracket,
    bracket_shown,
    execution,
    holding,
    shown,
    snapshot,
)

from ibelay.errors import ConfigurationError, LinkError
from ibelay.journal.records import CancelIntended, ModifyIntended
from ibelay.model.events import ExecutionSeen, NoticeSeen, OrderSeen, PositionSeen
from ibelay.model.ids import ClientId, OrderId
from ibelay.model.order import Action
from ibelay.reconcile.absence import Absences
from ibelay.reconcile.amend import Amendments, amendments
from ibelay.reconcile.plan import plan
from ibelay.reconcile.policy import Policy
from ibelay.reconcile.scope import account_of, highest_order_id, is_own, own_part


def test_the_only_account_needs_no_setting() -> None:
    assert account_of("", ("DU1",)) == "DU1"
    assert account_of("DU2", ("DU1", "DU2")) == "DU2"


def test_several_accounts_and_no_setting_is_refused_with_the_line_to_write() -> None:
    with pytest.raises(ConfigurationError, match=r'account = "DU1" below \[bot\]'):
        account_of("", ("DU1", "DU2"))


def test_a_login_without_the_configured_account_is_no_link_to_use() -> None:
    """Its empty book would close ours; the right user may log in again later."""
    with pytest.raises(LinkError, match="U999 is not among the login's: DU1"):
        account_of("U999", ("DU1",))


def test_a_snapshot_is_cut_down_to_the_account() -> None:
    stop = shown("", perm_id=900)
    mine, theirs = (replace(stop, account=name) for name in ("DU1", "DU2"))
    fills = [
        execution(number, ENTRY, Action.BUY, 10, account=name)
        for number, name in enumerate(("DU1", "DU2"), 1)
    ]
    seen = snapshot(
        positions=[holding(50), holding(7, account="DU2")],
        open_orders=[mine, theirs],
        completed=[mine, theirs, stop],
        executions=fills,
    )
    own = own_part(seen, "DU1", ClientId(1))
    assert own.positions == (holding(50),)
    assert own.open_orders == (mine,)
    assert own.completed_orders == (mine, stop), "IB may leave the account out of these"
    assert own.executions == (fills[0],)


def test_an_order_of_another_client_has_no_order_id_of_ours() -> None:
    """Under our reference it is found, and never modified, cancelled or taken for an address."""
    ledger = bracket()
    ledger.apply(CancelIntended(at_ns=3, order_ref=STOP))
    ledger.apply(ModifyIntended(at_ns=3, order_ref=TARGET, limit_price=Decimal(103)))
    seen = snapshot(
        positions=[holding(50)],
        open_orders=[
            replace(order, client_id=ClientId(7), order_id=OrderId(order.order_id + 70))
            for order in bracket_shown()
        ],
    )
    own = own_part(seen, "DU1", ClientId(1))
    outcome = plan(ledger, own, Policy(), Absences(), bot=BOT, now_ns=NOW_NS, monotonic_ns=1)
    assert (outcome.records, outcome.cancels) == ((), ())
    assert amendments(ledger, own) == Amendments((), ())
    ours = own_part(seen, "DU1", ClientId(7))
    assert len(amendments(ledger, ours).cancel) == len(amendments(ledger, ours).modify) == 1


def test_an_order_id_that_is_in_use_is_found_wherever_it_is_shown() -> None:
    filled = replace(execution(1, ENTRY, Action.BUY, 10), order_id=OrderId(40))
    order = shown("", perm_id=900, order_id=30)
    assert highest_order_id(snapshot(), ClientId(1)) == 0
    assert highest_order_id(snapshot(open_orders=[order]), ClientId(1)) == 30
    seen = snapshot(open_orders=[order], executions=[filled])
    assert highest_order_id(seen, ClientId(1)) == 40
    assert highest_order_id(seen, ClientId(2)) == 0


@pytest.mark.parametrize(("account", "own"), [("DU1", True), ("DU2", False)])
def test_events_of_another_account_are_not_ours(account: str, own: bool) -> None:
    fill = execution(1, "", Action.SELL, 10, account="DU1")
    events = (
        ExecutionSeen(execution=fill),
        OrderSeen(order=replace(shown("", perm_id=900), account="DU1")),
        PositionSeen(position=holding(7)),
    )
    assert [is_own(event, account) for event in events] == [own] * 3
    assert is_own(NoticeSeen(request_id=-1, code=2104, text=""), account)
