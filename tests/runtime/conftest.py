"""What the runtime's tests share."""

from __future__ import annotations

from collections import Counter

import pytest

from ibelay.gateway.session.desks.orders import OrderDesk
from ibelay.wire import requests as ask


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the placeOrder messages that reach the gateway, by order reference."""
    seen: Counter[str] = Counter()
    place = OrderDesk._place

    def counted(desk: OrderDesk, request: ask.PlaceOrder) -> None:
        seen[request.order_ref] += 1
        place(desk, request)

    monkeypatch.setattr(OrderDesk, "_place", counted)
    return seen
