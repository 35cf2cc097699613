"""Hand-made facts: a client and a gateway that say what a test lets them say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ibelay.model.contract import Contract
from ibelay.model.faults import read
from ibelay.model.ids import ClientId, ConId, OrderId, PermId
from ibelay.model.order import Action
from ibelay.proxy.drill.facts import Asked, Began, Closed, Ended, Opened, Told, Who
from ibelay.proxy.drill.findings import Finding, Heading
from ibelay.proxy.drill.judge import Judge
from ibelay.proxy.drill.report import Judged, Report
from ibelay.proxy.drill.thresholds import SECOND_NS, Thresholds
from ibelay.wire import answers, requests
from ibelay.wire.requests import ClientRequest

SPY = Contract(symbol="SPY", con_id=ConId(756733))
IBM = Contract(symbol="IBM", con_id=ConId(8314))
ACCOUNT = "DU1"


class Play:
    """Tells a judge what happens, second by second."""

    def __init__(self, **limits: int) -> None:
        self.judge = Judge(Thresholds(**limits))
        self.now_ns = 1_000 * SECOND_NS
        self.line = 0
        self.client = 1
        self._executions = 0
        self._placed: dict[tuple[int, int], requests.PlaceOrder] = {}

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ns += int(seconds * SECOND_NS)

    def open(self, client: int = 1) -> None:
        """Connect as far as the client's name."""
        self.line += 1
        self.client = client
        self.judge.see(Opened(self.now_ns, self.line))
        self.ask(requests.StartApi(ClientId(client)))

    def connect(self, client: int = 1, next_id: int = 1) -> None:
        """Connect and be let in."""
        self.open(client)
        self.tell(answers.AccountsTold((ACCOUNT,)))
        self.tell(answers.NextIdTold(OrderId(next_id)))

    def close(self, by: Who = Who.FAULT) -> None:
        """End the connection."""
        self.judge.see(Closed(self.now_ns, self.line, by))

    def ask(self, request: ClientRequest, *, passed: bool = True) -> None:
        """Let the client write *request*."""
        self.judge.see(Asked(self.now_ns, self.line, request, passed))

    def tell(self, answer: answers.Answer, *, passed: bool = True) -> None:
        """Let the gateway write *answer*."""
        self.judge.see(Told(self.now_ns, self.line, answer, passed))

    def notice(self, code: int, text: str = "", about: int = -1) -> None:
        """Let the gateway send a code."""
        self.tell(answers.NoticeTold(about, code, text))

    def begin(self, command: str) -> None:
        """Begin a fault."""
        self.judge.see(Began(self.now_ns, read(command)))

    def end(self, command: str) -> None:
        """End a fault."""
        self.judge.see(Ended(self.now_ns, read(command)))

    def synchronise(self, *, positions: bool = True, executions: bool = True) -> None:
        """Ask what a careful client asks, and answer that there is nothing."""
        if positions:
            self.ask(requests.RequestPositions())
            self.tell(answers.EndTold("positionEnd"))
        self.ask(requests.RequestOpenOrders())
        self.tell(answers.EndTold("openOrderEnd"))
        if executions:
            self.ask(requests.RequestExecutions(request_id=900))
            self.tell(answers.EndTold("execDetailsEnd", 900))

    def place(
        self,
        order_id: int,
        action: Action = Action.BUY,
        quantity: int = 100,
        **more: Any,
    ) -> None:
        """Let the client write an order."""
        values: dict[str, Any] = {"contract": SPY, "order_type": "MKT"} | more
        order = requests.PlaceOrder(
            order_id=OrderId(order_id), action=action, quantity=Decimal(quantity), **values
        )
        self._placed[self.client, order_id] = order
        self.ask(order)

    def status(
        self,
        order_id: int,
        status: str = "Submitted",
        filled: int = 0,
        *,
        passed: bool = True,
        perm_id: int = 0,
    ) -> None:
        """Let the gateway say how an order stands."""
        order = self._placed[self.client, order_id]
        told = answers.StatusTold(
            order_id=OrderId(order_id),
            status=status,
            filled=Decimal(filled),
            remaining=order.quantity - filled,
            perm_id=PermId(perm_id or 1000 + order_id),
            parent_id=order.parent_id,
            client_id=ClientId(self.client),
        )
        self.tell(told, passed=passed)

    def execute(
        self, order_id: int, quantity: int, *, passed: bool = True, request_id: int = -1
    ) -> None:
        """Let the gateway tell of a fill."""
        order = self._placed[self.client, order_id]
        self._executions += 1
        told = answers.ExecutionTold(
            request_id=request_id,
            order_id=OrderId(order_id),
            contract=order.contract,
            exec_id=f"exec{self._executions}.01",
            account=ACCOUNT,
            action=order.action,
            quantity=Decimal(quantity),
            price=Decimal(44),
            perm_id=PermId(1000 + order_id),
            client_id=ClientId(self.client),
            order_ref=order.order_ref,
        )
        self.tell(told, passed=passed)

    def fill(self, order_id: int) -> None:
        """Let the gateway tell that an order filled whole."""
        order = self._placed[self.client, order_id]
        self.execute(order_id, int(order.quantity))
        self.status(order_id, "Filled", int(order.quantity))

    def position(self, quantity: int, contract: Contract = SPY) -> None:
        """Let the gateway say what is held."""
        self.tell(answers.PositionTold(ACCOUNT, contract, Decimal(quantity)))

    def report(self) -> Report:
        """Return what the judge says now."""
        return self.judge.report(self.now_ns)

    def judged(self, heading: Heading) -> Judged:
        """Return what the judge says now under *heading*."""
        return self.report().judged(heading)

    def grave(self, heading: Heading) -> list[Finding]:
        """Return what fails *heading* now."""
        return [one for one in self.judged(heading).findings if one.grave]
