"""Requests of the TWS API that this gateway knows by name only. A table of data.

``number: (name, where its id stands after the number, None if it has none)``. They are
answered with code 322, which clients take for a failed request; 321 would be more like IB,
but ib_async counts it as a warning and waits for ever.

**Source**: IB API reference; ids' places as ib_async 2.1 and ibapi send them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

UNSERVED: Mapping[int, tuple[str, int | None]] = MappingProxyType(
    {
        10: ("reqMktDepth", 1),
        11: ("cancelMktDepth", 1),
        54: ("calculateImpliedVolatility", 1),
        55: ("calculateOptionPrice", 1),
        56: ("cancelCalculateImpliedVolatility", 1),
        57: ("cancelCalculateOptionPrice", 1),
    }
)
