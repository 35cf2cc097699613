"""Exercising an option: refused, each time for IB's reason or for ours.

Rules:
1. The contract must be an option (321) that exists (200) and is held in that quantity, in an
   account of ours (321); else there is no unlapsed position (322).
2. What could be exercised is not served, which is said under 322 as well.

**Source**: IB "Exercise Options" page; docs/evidence/gateway-recordings.md for code 322.
"""

from __future__ import annotations

from decimal import Decimal

from ibelay.gateway.session.floor import Floor
from ibelay.wire.requests import ExerciseOptions

EXERCISE, LAPSE = 1, 2
_OPTIONS = frozenset({"OPT", "FOP", "WAR"})


def why_not(floor: Floor, request: ExerciseOptions) -> tuple[int, str]:
    """Return IB's code and sentence for what cannot be exercised."""
    if request.contract.sec_type not in _OPTIONS:
        return 321, f"Error validating request: {request.contract.sec_type[:20]!r} is no option"
    if request.action not in {EXERCISE, LAPSE}:
        return 321, f"Error validating request: action {request.action}, expected 1 or 2"
    if request.account not in {"", floor.account}:
        return 321, f"Error validating request: invalid account code {request.account[:20]!r}"
    found = floor.exchange.find(request.contract)
    if len(found) != 1:
        return 200, "No security definition has been found for the request"
    con_id = found[0].contract.con_id
    rows = [row.position for row in floor.exchange.positions()]
    held = sum((one.quantity for one in rows if one.contract.con_id == con_id), Decimal(0))
    if not 0 < request.quantity <= held:
        cause = f"No unlapsed position exists in this option in account {floor.account}"
    else:
        cause = "the paper gateway does not exercise options"
    return 322, f"Error processing request: {cause}"
