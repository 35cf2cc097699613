"""What the runtime's tests share."""

from __future__ import annotations

from collections import Counter

import pytest

from ibelay.gateway.session.order_desk import OrderDesk
from ibelay.wire import requests as ask


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the placeOrder messages that reach the gateway, by order reference."""
    seen: Counter[str] = Counter()
    serve = OrderDesk.serve

    def counted(desk: OrderDesk, request: ask.OrderRequests) -> None:
        if isinstance(request, ask.PlaceOrder):
            seen[request.order_ref] += 1
        serve(desk, request)

    monkeypatch.setattr(OrderDesk, "serve", counted)
    return seen
