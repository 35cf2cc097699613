"""Identifiers, and which of them may be believed for how long.

Rules:
1. ``order_ref`` is ours, chosen before an order exists, echoed by IB for the order's
   whole life: it is the idempotency key.
2. ``perm_id`` is IB's, account-wide and durable, known only after the first
   acknowledgement; 0 means "not yet known".
3. ``order_id`` is scoped to (TWS user, client id), rolls back after a gateway restart,
   and is reused: it addresses an order, it never identifies one.
4. ``exec_id`` changes its last segment when IB corrects an execution; what is the same
   execution is decided by :func:`execution_key`.

Source: shared facts section 3; IB "Order Submission" and "Executions" pages.
"""

from __future__ import annotations

import re
from typing import NewType

OrderId = NewType("OrderId", int)
PermId = NewType("PermId", int)
ClientId = NewType("ClientId", int)
ConId = NewType("ConId", int)
OrderRef = NewType("OrderRef", str)
ExecId = NewType("ExecId", str)
UnitRef = NewType("UnitRef", str)
Epoch = NewType("Epoch", int)

ORDER_REF_MAX = 40
_YEAR_2020_S = 1_577_836_800
_ORDER_REF = re.compile(r"[A-Za-z0-9._:/+\-]{1,40}")
_BOT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_\-]{0,11}")


def is_paper(account: str) -> bool:
    """Return whether *account* is one of IB's paper accounts: their codes begin with D.

    **Source**: IB's paper accounts are DU and digits, those of an advisor DF and DI; live ones
    are U, F and I.
    """
    return account.startswith("D")


def bot_name(text: str) -> str:
    """Return *text* if it can be the name of a bot, which prefixes its order references.

    Raises:
        ValueError: *text* is not 1 to 12 letters, digits, ``_`` or ``-``, starting with a letter.
    """
    if not _BOT_NAME.fullmatch(text):
        msg = (
            f"bot name {text!r} cannot be used: expected 1 to 12 letters, digits, '_' or '-', "
            "starting with a letter"
        )
        raise ValueError(msg)
    return text


def unit_ref(bot: str, epoch: int, number: int) -> UnitRef:
    """Return the reference of the *number*-th unit (bracket or single order) of an epoch.

    A unit's reference is a proper prefix of the references of its orders.
    """
    return UnitRef(f"{bot}:{epoch}:{number}")


def first_epoch(wall_ns: int) -> Epoch:
    """Return the epoch a new store begins with: seconds since 2020.

    A store can be lost, deleted or set aside while the broker still shows the orders and fills
    of its day. Counting from 1 again would give new orders the references of old ones, and old
    fills would be booked to them.
    """
    return Epoch(wall_ns // 1_000_000_000 - _YEAR_2020_S)


def order_ref(unit: UnitRef, leg: int) -> OrderRef:
    """Return the reference of leg *leg* of *unit*: ``ps60:3:17.0``.

    Raises:
        ValueError: The result would be longer than 40 characters.
    """
    text = f"{unit}.{leg}"
    if not _ORDER_REF.fullmatch(text):
        msg = f"order reference {text!r} is longer than {ORDER_REF_MAX} plain ASCII characters"
        raise ValueError(msg)
    return OrderRef(text)


def is_ours(reference: str, bot: str) -> bool:
    """Return whether an order reference was made by the bot called *bot*."""
    return reference.startswith(f"{bot}:")


def execution_key(exec_id: str) -> str:
    """Return what stays the same when IB corrects an execution.

    ``0000e0d5.6576fd38.01.01`` and its correction ``…01.02`` share the key
    ``0000e0d5.6576fd38.01``: a correction replaces, it does not add.
    """
    head, dot, _tail = exec_id.rpartition(".")
    return head if dot else exec_id


def supersedes(exec_id: str, known: str) -> bool:
    """Return whether *exec_id* is a later correction of the execution *known*.

    The last segment counts up, so that a repeated original never undoes its correction,
    whatever order the two arrive in.
    """
    if execution_key(exec_id) != execution_key(known):
        return False
    return _revision(exec_id) > _revision(known)


def _revision(exec_id: str) -> tuple[int, str]:
    """Return the last segment so that longer numbers are later ones: 9, 10, 11."""
    tail = exec_id.rpartition(".")[2].lstrip("0")
    return len(tail), tail
