"""A small bot, and its tests against a paper gateway: no account, no login, no market hours.

    pytest examples/test_my_bot.py

``ibelay_gateway`` is there as soon as ibelay is installed beside pytest. Replace ``buy_protected``
by a function of your own bot.
"""

from __future__ import annotations

import pytest
from ib_async import IB, MarketOrder, Stock, StopOrder, Trade

from ibelay.testing.gateway import RunningGateway

SPY = Stock("SPY", "SMART", "USD")


def buy_protected(ib: IB, quantity: int) -> Trade:
    """The bot: buy at the market, and put a stop one percent below what was paid."""
    entry = ib.placeOrder(SPY, MarketOrder("BUY", quantity))
    while not entry.isDone():
        ib.waitOnUpdate(timeout=1)
    paid = entry.orderStatus.avgFillPrice
    return ib.placeOrder(SPY, StopOrder("SELL", quantity, round(paid * 0.99, 2), tif="GTC"))


def connected(gateway: RunningGateway) -> IB:
    """Return ib_async, connected to *gateway*."""
    ib = IB()
    ib.connect(gateway.host, gateway.port, clientId=1)
    return ib


def test_what_is_bought_has_a_stop(ibelay_gateway: RunningGateway) -> None:
    """The gateway's own books are asked, not what the client believes."""
    ib = connected(ibelay_gateway)
    buy_protected(ib, 10)
    ib.reqCurrentTime()  # its answer says that the stop before it has arrived
    ib.disconnect()
    assert ibelay_gateway.positions()["SPY"].quantity == 10
    (stop,) = ibelay_gateway.working_orders()
    assert (stop.request.order_type, stop.request.quantity) == ("STP", 10)


def test_the_stop_sells_when_the_price_falls(ibelay_gateway: RunningGateway) -> None:
    """``do`` takes every command of ``ibelay gatewayctl do``."""
    ib = connected(ibelay_gateway)
    stop = buy_protected(ib, 10)
    ib.reqCurrentTime()
    ibelay_gateway.do(f"set-price SPY {stop.order.auxPrice * 0.99:.2f}")
    while not stop.isDone():
        ib.waitOnUpdate(timeout=1)
    ib.disconnect()
    assert ibelay_gateway.positions()["SPY"].quantity == 0


@pytest.mark.ibelay_gateway(symbols=("SPY",), seed=7)
def test_the_book_outlives_a_cut_line(ibelay_gateway: RunningGateway) -> None:
    """The line is reset in mid-trade; whoever comes back finds position and stop."""
    first = connected(ibelay_gateway)
    buy_protected(first, 10)
    first.reqCurrentTime()
    ibelay_gateway.do("rst")
    with pytest.raises(ConnectionError):  # how ib_async tells whoever waits in it
        first.waitOnUpdate(timeout=30)

    second = connected(ibelay_gateway)
    assert [held.position for held in second.positions()] == [10]
    assert [trade.order.orderType for trade in second.openTrades()] == ["STP"]
    second.disconnect()
