"""A script on the drop-in that places order after order until it is killed.

Run as ``python -m tests.dropin.killed_script PORT FOLDER``; tells each reference once the order
is out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ib_async import LimitOrder, Stock

from ibelay import IB


def main(port: int, folder: Path) -> None:
    """Place orders until killed, never waiting for an answer."""
    ib = IB(journal=folder)
    ib.connect("127.0.0.1", port, clientId=5)
    contract = Stock("SPY", "SMART", "USD")
    ib.qualifyContracts(contract)
    while True:
        trade = ib.placeOrder(contract, LimitOrder("BUY", 1, 10.0))
        sys.stdout.write(f"{trade.order.orderRef}\n")
        sys.stdout.flush()
        ib.sleep(0.01)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
