"""What many positions cost an order: market orders that fill at once and open.

The exchange alone, without sockets; what only closes is not checked for margin. Each order
follows a quote of what it trades, so that one mark is new to the account every time. The
target is the one of an order round trip, P10.
Run: ``python -m benchmarks.bench_account [--orders 2000]``.
"""

from __future__ import annotations

import argparse
import time
from decimal import Decimal

from ibelay.gateway.exchange.book import Exchange
from ibelay.gateway.exchange.events import Executed, OrderRequest
from ibelay.gateway.market.api import Instrument, QuoteChange
from ibelay.model.contract import Contract
from ibelay.model.ids import ClientId, ConId, OrderId
from ibelay.model.market import Quote
from ibelay.model.order import Action

TARGET = 2_000
SIZES = (5, 50, 200, 1_000)
_DEEP = Decimal(1_000_000)
_MS_NS = 1_000_000


def stock(number: int) -> Instrument:
    """Return the stock with this number."""
    contract = Contract(symbol=f"S{number}", con_id=ConId(number), currency="USD")
    return Instrument(contract=contract, long_name=contract.symbol)


def option(number: int) -> Instrument:
    """Return a call on the stock with this number; options on ten strikes share a stock."""
    contract = Contract(
        symbol=f"S{number % 10 + 1}",
        sec_type="OPT",
        con_id=ConId(100_000 + number),
        currency="USD",
        multiplier=Decimal(100),
        strike=Decimal(90 + number),
        right="C",
        last_trade_date="20300118",
    )
    under = ConId(number % 10 + 1)
    return Instrument(
        contract=contract, long_name="", under_con_id=under, under_sec_type="STK", expires_ns=None
    )


class Trader:
    """Trades on an exchange and counts its orders."""

    def __init__(self, instruments: list[Instrument]) -> None:
        self.instruments = instruments
        self._exchange = Exchange(account="DU1", cash=Decimal(10**9), instruments=instruments)
        self._now_ns = self._order_id = 0

    def quote(self, instrument: Instrument) -> None:
        """Move the price of *instrument*."""
        self._now_ns += _MS_NS
        bid = Decimal(100) + Decimal(self._now_ns // _MS_NS % 50) / 100
        quote = Quote(at_ns=self._now_ns, bid=bid, ask=bid, bid_size=_DEEP, ask_size=_DEEP)
        self._exchange.on_market(QuoteChange(con_id=instrument.contract.con_id, quote=quote))

    def trade(self, instrument: Instrument) -> None:
        """Buy one more of a stock, or sell one more of an option.

        Raises:
            RuntimeError: It did not fill, so there is nothing to measure.
        """
        self._order_id += 1
        request = OrderRequest(
            client_id=ClientId(1),
            order_id=OrderId(self._order_id),
            contract=instrument.contract,
            action=Action.SELL if instrument.contract.sec_type == "OPT" else Action.BUY,
            quantity=Decimal(1),
            order_type="MKT",
        )
        said = self._exchange.place(self._now_ns, request)
        if not any(isinstance(event, Executed) for event in said):
            raise RuntimeError(f"an order for {instrument.contract.symbol} did not fill: {said}")


def orders_a_second(instruments: list[Instrument], count: int) -> float:
    """Return how many orders a second fill in an account that holds all of *instruments*."""
    trader = Trader(instruments)
    for one in instruments:
        trader.quote(one)
        trader.trade(one)
    started = time.perf_counter()
    for number in range(count):
        one = instruments[number % len(instruments)]
        trader.quote(one)
        trader.trade(one)
    return count / (time.perf_counter() - started)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=2000)
    count = parser.parse_args().orders
    print(f"market orders filled a second; target {TARGET:,} with 200 positions")
    for size in SIZES:
        stocks = [stock(number) for number in range(1, size + 1)]
        half = stocks[: size - size // 2]
        options = [option(number) for number in range(size // 2)]
        print(f"{size:>5} stocks                 {orders_a_second(stocks, count):>10,.0f}")
        print(f"{size:>5} half of them options   {orders_a_second(half + options, count):>10,.0f}")


if __name__ == "__main__":
    main()
