"""Which executions pass a filter; empty or 0 is no condition.

Rules:
1. A time means "from then on"; one that cannot be read, a side or an account that does not
   exist are an error of the request.
2. Symbols and types are compared as IB writes them, in capitals.

**Source**: IB "Execution Filter" page; shared IB facts, section 1d, code 321.
"""

from __future__ import annotations

from collections.abc import Callable

from ibelay.errors import WireError
from ibelay.gateway.exchange.events import Executed
from ibelay.model.order import Action
from ibelay.wire import requests as ask
from ibelay.wire.times import parse_moment

_SIDES = {"BUY": Action.BUY, "BOT": Action.BUY, "SELL": Action.SELL, "SLD": Action.SELL}
Passes = Callable[[Executed], bool]


def filtered(request: ask.RequestExecutions, account: str) -> Passes:
    """Return what tells whether a fill passes.

    Raises:
        WireError: The filter names something that does not exist.
    """
    if request.account not in {"", account}:
        raise WireError(f"account {request.account[:20]!r} is not {account}")
    side = _SIDES.get(request.side.upper())
    if request.side and side is None:
        raise WireError(f"side {request.side[:20]!r} is neither BUY nor SELL")
    since_ns = parse_moment(request.time) if request.time else 0
    symbol, sec_type = request.symbol.upper(), request.sec_type.upper()

    def passes(fill: Executed) -> bool:
        done = fill.execution
        contract = done.contract
        return (
            request.client_id in {0, done.client_id}
            and done.at_ns >= since_ns
            and symbol in {"", contract.symbol}
            and sec_type in {"", contract.sec_type}
            and request.exchange in {"", "SMART", contract.exchange, contract.primary_exchange}
            and side in {None, done.action}
        )

    return passes
