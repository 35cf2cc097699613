"""What the runtime's tests share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from ibelay.gateway.session.line.intake import Intake
from ibelay.wire import requests as ask


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the placeOrder messages that reach the gateway, by order reference.

    Those it swallows are counted, too: they were sent.
    """
    seen: Counter[str] = Counter()
    serve = Intake.serve

    def counted(
        intake: Intake, request: ask.ClientRequest, desk: Callable[[ask.ClientRequest], None]
    ) -> None:
        if isinstance(request, ask.PlaceOrder):
            seen[request.order_ref] += 1
        serve(intake, request, desk)

    monkeypatch.setattr(Intake, "serve", counted)
    return seen
