"""When orders may fill.

Rules:
1. Orders fill from the open up to, and not at, the close; without bounds, always.
2. ``outside_rth`` lifts rule 1 for limit, stop and stop-limit orders. Market orders wait
   for the session whatever they say (IB ignores the flag there, code 2109).
3. At the close DAY orders end, except those with ``outside_rth``; orders that arrive after
   the close wait.
"""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.gateway.exchange.events import OrderRequest


@dataclass(frozen=True, slots=True)
class SessionHours:
    """The regular session of the day in ns since the epoch, UTC; None for no bound."""

    open_ns: int | None = None
    close_ns: int | None = None

    def opened(self, now_ns: int) -> bool:
        """Return whether the session has begun."""
        return self.open_ns is None or now_ns >= self.open_ns

    def closed(self, now_ns: int) -> bool:
        """Return whether the session is over."""
        return self.close_ns is not None and now_ns >= self.close_ns

    def may_fill(self, request: OrderRequest, now_ns: int) -> bool:
        """Return whether *request* may trade at *now_ns* (rules 1 and 2)."""
        if request.outside_rth and request.order_type != "MKT":
            return True
        return self.opened(now_ns) and not self.closed(now_ns)

    @staticmethod
    def ends_at_close(request: OrderRequest) -> bool:
        """Return whether the close ends *request* (rule 3)."""
        return request.tif == "DAY" and not request.outside_rth
