"""The resilience layer for trading bots on Interactive Brokers."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["IB", "__version__"]

if TYPE_CHECKING:
    from ibelay.dropin.ib import IB


def __getattr__(name: str) -> object:
    """Load the drop-in when it is first asked for: importing ibelay itself stays cheap."""
    if name == "IB":
        from ibelay.dropin.ib import IB  # noqa: PLC0415  # see above

        return IB
    raise AttributeError(f"module 'ibelay' has no attribute {name!r}")
