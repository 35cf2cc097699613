"""An ib_async script, one import changed: it buys ten shares and keeps a stop under them.

Start a paper gateway in one terminal and this in another, then do your worst::

    ibelay gateway --port 4002 --speed 10 --start 09:31
    python examples/dropin_bot.py

Stop the gateway with Ctrl-Z and let it go on with ``fg``: the script notices, reconnects, and
prints on, with the same ``Trade`` and ``Ticker`` objects.
"""

from __future__ import annotations

import sys

from ib_async import LimitOrder, Stock, StopOrder

from ibelay import IB


def main(port: int) -> None:
    """Trade until Ctrl-C."""
    ib = IB()
    ib.connect("127.0.0.1", port, clientId=7)
    ib.disconnectedEvent += lambda: print("connection lost; ibelay is reconnecting")
    contract = Stock("SPY", "SMART", "USD")
    ib.qualifyContracts(contract)
    ticker = ib.reqMktData(contract)
    while not ticker.ask > 0:
        ib.sleep(0.1)

    entry = ib.placeOrder(contract, LimitOrder("BUY", 10, round(ticker.ask + 0.05, 2)))
    entry.fillEvent += lambda _trade, fill: print("filled", fill.execution.shares)
    while not entry.isDone():
        ib.sleep(0.1)
    stop = ib.placeOrder(contract, StopOrder("SELL", 10, round(ticker.bid * 0.99, 2), tif="GTC"))

    while ib.sleep(1):
        print(f"bid {ticker.bid}, stop {stop.orderStatus.status}, connected {ib.isConnected()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4002)
