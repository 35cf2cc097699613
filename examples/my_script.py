"""A script for ib_async on ibelay's drop-in, written as a coroutine so that it can be simulated.

Let it live through bad days, in virtual time, from this folder::

    ibelay simulate --script my_script:main

Against a gateway that runs, it is an ordinary program::

    python my_script.py 4002
"""

from __future__ import annotations

import asyncio
import sys

from ib_async import LimitOrder, Stock, Ticker

from ibelay import IB
from ibelay.errors import TradingRefusedError

REFUSED = (ConnectionError, TradingRefusedError)


async def main(ib: IB, host: str, port: int, client_id: int) -> None:
    """Buy and sell ten shares, again and again, until cancelled."""
    contract = Stock("SPY", "SMART", "USD")
    ticker = await begin(ib, host, port, client_id, contract)
    side = "BUY"
    while True:
        await asyncio.sleep(30)
        price = ticker.ask if side == "BUY" else ticker.bid
        if not price > 0:
            continue
        try:
            trade = ib.placeOrder(contract, LimitOrder(side, 10, price))
        except REFUSED:
            continue  # the line is down: ibelay reconnects, and a price of now is for now
        await asyncio.sleep(20)
        if trade.isDone():
            side = "SELL" if trade.filled() and side == "BUY" else "BUY"
            continue
        try:
            ib.cancelOrder(trade.order)
        except REFUSED:
            continue


async def begin(ib: IB, host: str, port: int, client_id: int, contract: Stock) -> Ticker:
    """Connect and subscribe, as often as it takes; ibelay keeps what it was given."""
    while True:
        try:
            if not ib.isConnected():
                await ib.connectAsync(host, port, clientId=client_id, timeout=10)
            async with asyncio.timeout(10):
                await ib.qualifyContractsAsync(contract)
            return ib.reqMktData(contract)
        except (OSError, TimeoutError):
            await asyncio.sleep(5)


if __name__ == "__main__":
    asyncio.run(main(IB(), "127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 4002, 7))
