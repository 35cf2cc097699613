"""A script as people write them: it connects, trades, sends again what is not answered."""

from __future__ import annotations

import asyncio

from ib_async import IB, MarketOrder, StartupFetchNONE, Stock

CLIENT_ID = 5
PATIENCE_S = 3.0


async def naive(host: str = "proxy", port: int = 4003) -> None:
    """Buy and sell for ever; after a loss connect again, and go on as if nothing was.

    It fetches nothing when it connects, as people do to whom that takes too long (F19).
    """
    ib, spy, side = IB(), Stock("SPY", "SMART", "USD", conId=756733), "BUY"
    await ib.connectAsync(host, port, clientId=CLIENT_ID, fetchFields=StartupFetchNONE)
    ib.reqMktData(spy)
    while True:
        try:
            if not ib.isConnected():
                await ib.connectAsync(
                    host, port, clientId=CLIENT_ID, timeout=2, fetchFields=StartupFetchNONE
                )
            if await _filled(ib, spy, side):
                side = "SELL" if side == "BUY" else "BUY"
                await asyncio.sleep(10)
        except (OSError, TimeoutError):
            await asyncio.sleep(0.05)


async def _filled(ib: IB, spy: Stock, side: str) -> bool:
    """Send an order and wait a little; False if nothing came of it in that time."""
    trade = ib.placeOrder(spy, MarketOrder(side, 100))
    for _tenth in range(int(PATIENCE_S * 10)):
        await asyncio.sleep(0.1)
        if trade.isDone():
            return True
    return False
