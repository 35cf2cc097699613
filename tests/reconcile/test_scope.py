"""Only the bot's own account moves its book."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.reconcile.scenes import ENTRY, execution, holding, shown, snapshot

from ibelay.errors import ConfigurationError, LinkError
from ibelay.model.events import ExecutionSeen, NoticeSeen, OrderSeen, PositionSeen
from ibelay.model.order import Action
from ibelay.reconcile.scope import account_of, is_own, own_part


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
    own = own_part(seen, "DU1")
    assert own.positions == (holding(50),)
    assert own.open_orders == (mine,)
    assert own.completed_orders == (mine, stop), "IB may leave the account out of these"
    assert own.executions == (fills[0],)


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
