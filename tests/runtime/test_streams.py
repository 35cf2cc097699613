"""Streams outlive links, whatever is known of a contract before it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ibelay.app.clock import SystemClock
from ibelay.model.contract import Contract
from ibelay.model.events import BarSeen
from ibelay.model.ids import ConId
from ibelay.model.market import Bar
from ibelay.ports.broker import BrokerLink
from ibelay.runtime.streams import Streams

SECOND = 1_000_000_000


class ScriptedLink:
    """The stream half of a link: notes what is asked for, answers from a script."""

    def __init__(self, history: Sequence[Bar] = ()) -> None:
        self.asked: list[str] = []
        self._history = list(history)

    async def resolve(self, contract: Contract) -> Contract:
        """Give every symbol the con id 7."""
        self.asked.append(f"resolve {contract.symbol}")
        return Contract(symbol=contract.symbol, con_id=ConId(7))

    async def history(self, contract: Contract, *, duration: str, bar_size: str) -> list[Bar]:
        """Answer from the script."""
        self.asked.append(f"history {contract.symbol} {duration} {bar_size}")
        return self._history

    def subscribe_quotes(self, contract: Contract) -> int:
        """Note it."""
        self.asked.append(f"quotes {contract.con_id}")
        return 1

    def subscribe_bars(self, contract: Contract) -> int:
        """Note it."""
        self.asked.append(f"bars {contract.con_id}")
        return 2

    def unsubscribe(self, request_id: int) -> None:
        """Note it."""
        self.asked.append(f"stop {request_id}")


def bar(begin_s: int) -> Bar:
    """Return the bar that begins at *begin_s*."""
    price = Decimal(begin_s)
    return Bar(
        at_ns=begin_s * SECOND, open=price, high=price, low=price, close=price, volume=Decimal(1)
    )


def streams() -> tuple[Streams, list[int]]:
    """Return streams and the beginnings (s) of the bars they deliver."""
    seen: list[int] = []

    def deliver(_contract: Contract, bars: Sequence[Bar]) -> None:
        seen.extend(b.at_ns // SECOND for b in bars)

    return Streams(SystemClock(), deliver, lambda _text: None), seen


def as_link(link: ScriptedLink) -> BrokerLink:
    """Pass the stream half for the whole."""
    return link  # type: ignore[return-value]  # streams use no other half


async def test_a_contract_that_is_resolved_already_gets_its_live_bars() -> None:
    """After a restart a strategy names the contract of its open trade, con id and all."""
    asked, seen = streams()
    asked.want([Contract(symbol="NVDA", con_id=ConId(7))])
    await asked.restore(as_link(ScriptedLink()), last_bars={})
    asked.take(BarSeen(con_id=ConId(7), bar=bar(100)))
    assert seen == [100]


async def test_missed_bars_come_before_live_ones_and_none_twice() -> None:
    """Live bars wait while history is fetched; the growing bar is left to the live stream."""
    asked, seen = streams()
    asked.want([Contract(symbol="SPY")])
    link = ScriptedLink([bar(100), bar(105), bar(110), bar(115)])
    await asked.restore(as_link(link), last_bars={"SPY": 100 * SECOND})
    asked.take(BarSeen(con_id=ConId(7), bar=bar(110)))
    asked.take(BarSeen(con_id=ConId(7), bar=bar(115)))
    assert seen == [], "live bars are held back"
    await asked.backfill(as_link(link), 117 * SECOND)
    assert seen == [105, 110, 115]
    asked.take(BarSeen(con_id=ConId(7), bar=bar(115)))
    assert seen == [105, 110, 115]


async def test_every_link_gets_fresh_requests_and_1101_cancels_the_old_ones() -> None:
    asked, _ = streams()
    asked.want([Contract(symbol="SPY")])
    link = ScriptedLink()
    await asked.restore(as_link(link), last_bars={})
    await asked.restore(as_link(link), last_bars={})
    assert link.asked == [
        "resolve SPY",
        "quotes 7",
        "bars 7",
        "stop 1",
        "stop 2",
        "quotes 7",
        "bars 7",
    ]
