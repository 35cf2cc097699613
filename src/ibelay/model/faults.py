"""What can be made to go wrong on purpose: one vocabulary for gateway, proxy and scenarios."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """A fault a gateway can be told to have (the value is what operators write).

    SWALLOW_ORDERS: placeOrder and cancelOrder are read and never answered; nothing of them
    reaches the book (F08). MUTE: the socket opens and the handshake is never answered (F03).
    NO_ACCOUNTS: the gateway answers with an empty account list, as when nobody has logged in
    (F50).

    **Source**: failure modes F03, F08 and F50 of the shared IB facts, section 5.
    """

    SWALLOW_ORDERS = "swallow-orders"
    MUTE = "mute"
    NO_ACCOUNTS = "no-accounts"
