"""Observations made by hand: a broker, a line and a program, one call a happening."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ibelay.gateway.exchange.events import BookOrder, Executed, OrderChanged, OrderRequest
from ibelay.gateway.exchange.events import PositionChanged as Held
from ibelay.journal.records import AnyRecord, OrderStateChanged, ReconciliationDone, Severity
from ibelay.machines.link_events import LinkState
from ibelay.model.contract import Contract
from ibelay.model.execution import Execution
from ibelay.model.faults import read
from ibelay.model.ids import ClientId, ExecId, OrderId, OrderRef, PermId
from ibelay.model.order import Action, BrokerOrderStatus, OrderState
from ibelay.model.position import Position
from ibelay.testing.matrix.evidence import Diary, Evidence
from ibelay.testing.simulation import observed as seen
from ibelay.wire import requests as ask

CLIENT = ClientId(1)
SECOND = 10**9


def contract(symbol: str) -> Contract:
    """A stock."""
    return Contract(symbol=symbol)


@dataclass
class Story:
    """What happened, second by second."""

    told: list[seen.Observation] = field(default_factory=list)
    diary: Diary = field(default_factory=Diary)

    def broke(self, at_s: float, command: str) -> None:
        self.told.append(seen.Broke(_ns(at_s), read(command), ""))

    def link(self, at_s: float, before: LinkState, after: LinkState) -> None:
        self.told.append(seen.LinkChanged(_ns(at_s), before, after, ""))

    def reconciled(self, at_s: float) -> None:
        done = ReconciliationDone(
            at_ns=0,
            trigger="",
            positions=0,
            open_orders=0,
            executions_recovered=0,
            findings=0,
            duration_ns=0,
        )
        self.appended(at_s, done)

    def appended(self, at_s: float, record: AnyRecord) -> None:
        self.told.append(seen.Appended(_ns(at_s), (record,)))

    def concluded(self, at_s: float, ref: str, state: OrderState) -> None:
        self.appended(at_s, OrderStateChanged(at_ns=0, order_ref=OrderRef(ref), state=state))

    def noted(self, at_s: float, severity: Severity, text: str) -> None:
        self.told.append(seen.Noted(_ns(at_s), severity, text))

    def asked(self, at_s: float, request: ask.ClientRequest) -> None:
        self.told.append(seen.Asked(_ns(at_s), CLIENT, request))

    def placed(self, at_s: float, order_id: int, ref: str) -> None:
        order = ask.PlaceOrder(
            order_id=OrderId(order_id),
            contract=contract("SPY"),
            action=Action.BUY,
            quantity=Decimal(100),
            order_type="MKT",
            order_ref=ref,
        )
        self.asked(at_s, order)

    def heard(self, at_s: float, *fields: str) -> None:
        self.told.append(seen.Told(_ns(at_s), fields))

    def order(
        self,
        at_s: float,
        perm_id: int,
        ref: str,
        *,
        kind: str = "MKT",
        action: Action = Action.BUY,
        quantity: int = 100,
        status: BrokerOrderStatus = BrokerOrderStatus.SUBMITTED,
    ) -> None:
        request = OrderRequest(
            client_id=CLIENT,
            order_id=OrderId(perm_id),
            contract=contract("SPY"),
            action=action,
            quantity=Decimal(quantity),
            order_type=kind,
            order_ref=ref,
        )
        book = BookOrder(request=request, perm_id=PermId(perm_id), status=status)
        self.told.append(seen.Truth(_ns(at_s), OrderChanged(order=book)))

    def fill(
        self, at_s: float, exec_id: str, quantity: int, *, known: bool = True, holds: int
    ) -> None:
        """A fill (sold: negative), told to the program if *known*; the broker *holds* after it."""
        done = Execution(
            exec_id=ExecId(exec_id),
            contract=contract("SPY"),
            account="DU1",
            action=Action.BUY if quantity > 0 else Action.SELL,
            quantity=Decimal(abs(quantity)),
            price=Decimal(1),
            at_ns=0,
            order_id=OrderId(1),
            perm_id=PermId(1),
            client_id=CLIENT,
        )
        fill = Executed(execution=done, cumulative=done.quantity, average_price=done.price)
        held = Position(
            account="DU1",
            contract=contract("SPY"),
            quantity=Decimal(holds),
            average_cost=Decimal(1),
        )
        now = Held(position=held, market_price=Decimal(1), realized_pnl=Decimal(0))
        self.told += [seen.Truth(_ns(at_s), fill), seen.Truth(_ns(at_s), now)]
        if known:
            self.diary.executions.add(exec_id.rpartition(".")[0])
            self.diary.fills["SPY"] = self.diary.fills.get("SPY", Decimal(0)) + quantity
            self.diary.believes = {"SPY": self.diary.fills["SPY"]}

    def evidence(self, ended_s: float = 300.0) -> Evidence:
        """What the judge gets."""
        return Evidence(
            observations=tuple(self.told),
            diary=self.diary,
            client_id=CLIENT,
            symbols=("SPY",),
            began_market_ns=0,
            ended_ns=_ns(ended_s),
        )


def _ns(at_s: float) -> int:
    return round(at_s * SECOND)
