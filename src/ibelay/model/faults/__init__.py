"""What can be made to go wrong on purpose: one vocabulary for all who do it. Pure."""

from __future__ import annotations

from enum import StrEnum

from ibelay.model.faults.book import (
    Cancel,
    Correct,
    Fill,
    IdRollback,
    ManualTrade,
    Partial,
    Reject,
    RejectNext,
    SecondPermId,
    SetPrice,
    Split,
)
from ibelay.model.faults.clock import Pause, Resume, SetSpeed, Step
from ibelay.model.faults.forms import Ratio, Span, Target
from ibelay.model.faults.gate import (
    Accept,
    ClientIdInUse,
    Fin,
    Mute,
    NoAccounts,
    PortChanged,
    Refuse,
    Restart,
    Rst,
)
from ibelay.model.faults.line import (
    Delay,
    Drop,
    Duplicate,
    Freeze,
    HalfOpen,
    LoseAck,
    Pacing,
    Reorder,
    SwallowOrders,
    Thaw,
)
from ibelay.model.faults.messages import BY_NAME, BY_NUMBER, MESSAGES, Message
from ibelay.model.faults.text import VOCABULARY, Command, read, usage, values_of, write
from ibelay.model.faults.upstream import Clear, Competing, FarmDown, Midnight, Notice, Reset


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


__all__ = [
    "BY_NAME",
    "BY_NUMBER",
    "MESSAGES",
    "VOCABULARY",
    "Accept",
    "Cancel",
    "Clear",
    "ClientIdInUse",
    "Command",
    "Competing",
    "Correct",
    "Delay",
    "Drop",
    "Duplicate",
    "FarmDown",
    "Fill",
    "Fin",
    "Freeze",
    "HalfOpen",
    "IdRollback",
    "LoseAck",
    "ManualTrade",
    "Message",
    "Midnight",
    "Mute",
    "NoAccounts",
    "Notice",
    "Pacing",
    "Partial",
    "Pause",
    "PortChanged",
    "Ratio",
    "Refuse",
    "Reject",
    "RejectNext",
    "Reorder",
    "Reset",
    "Restart",
    "Resume",
    "Rst",
    "SecondPermId",
    "SetPrice",
    "SetSpeed",
    "Span",
    "Split",
    "Step",
    "SwallowOrders",
    "Target",
    "Thaw",
    "read",
    "usage",
    "values_of",
    "write",
]
