"""Virtual time: an event loop, a network and clocks in which an hour costs milliseconds."""

from __future__ import annotations

from ibelay.testing.virtual.clock import HostClock
from ibelay.testing.virtual.door import VirtualDoor
from ibelay.testing.virtual.host import Host
from ibelay.testing.virtual.loop import StuckError, VirtualLoop
from ibelay.testing.virtual.network import Network, Pace

__all__ = ["Host", "HostClock", "Network", "Pace", "StuckError", "VirtualDoor", "VirtualLoop"]
