"""Messages about what IB offers besides trading."""

from __future__ import annotations

from ibelay.wire.encode.message import message


def soft_dollar_tiers_none(request_id: int) -> bytes:
    """Return softDollarTiers of an account without any."""
    return message(77, request_id, 0)


def user_info(request_id: int, white_branding: str) -> bytes:
    """Return userInfo."""
    return message(107, request_id, white_branding)


def display_group_list(request_id: int, groups: str) -> bytes:
    """Return displayGroupList; *groups* are numbers joined by ``|``."""
    return message(67, 1, request_id, groups)


def display_group_updated(request_id: int, contract_info: str) -> bytes:
    """Return displayGroupUpdated: ``con_id@exchange`` or ``none``."""
    return message(68, 1, request_id, contract_info)


def verify_completed(text: str, *, with_authentication: bool) -> bytes:
    """Return verifyCompleted, or verifyAndAuthCompleted, of a failed verification."""
    return message(70 if with_authentication else 66, 1, False, text)
