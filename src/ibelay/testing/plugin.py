"""The pytest plugin: a paper gateway for every test that asks for ``ibelay_gateway``.

It is there as soon as ibelay is installed beside pytest; nothing is loaded before a test
asks for it. A mark gives it other options than the defaults::

    @pytest.mark.ibelay_gateway(symbols=("SPY", "AAPL"), start="10:00", speed=60)
    def test_my_bot(ibelay_gateway): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ibelay.testing.gateway import RunningGateway

MARK = "ibelay_gateway"


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line(
        "markers", f"{MARK}(**options): options of the paper gateway (GatewayOptions)"
    )


@pytest.fixture
def ibelay_gateway(request: pytest.FixtureRequest) -> Iterator[RunningGateway]:
    """A paper gateway of this test alone: ``host``, ``port``, and what happened on it.

    It listens on a free port of the loopback and trades a seeded synthetic day from 10:00
    New York time on, the same in every run.
    """
    # Loaded only here: a plugin must not slow down tests that do not ask for it.
    from ibelay.gateway.options import GatewayOptions  # noqa: PLC0415 - see above
    from ibelay.testing.gateway import RunningGateway  # noqa: PLC0415 - the same

    settings: dict[str, object] = {"port": 0, "start": "10:00"}
    for mark in reversed(list(request.node.iter_markers(MARK))):
        settings |= mark.kwargs
    known = {field.name for field in fields(GatewayOptions)}
    unknown = sorted(settings.keys() - known)
    if unknown:
        raise pytest.UsageError(
            f"the mark {MARK} does not know {', '.join(unknown)}: "
            f"expected options out of {', '.join(sorted(known))}"
        )
    with RunningGateway(GatewayOptions(**settings)) as running:  # type: ignore[arg-type]  # names checked
        yield running
