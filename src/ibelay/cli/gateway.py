"""``ibelay gateway``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter


def gateway(  # one option per setting of the gateway
    *,
    host: str = "127.0.0.1",
    port: int = 4002,
    market: str = "synthetic",
    date: str | None = None,
    symbols: Annotated[str, Parameter(show_default=False)] = "",
    seed: int = 1,
    speed: float = 1.0,
    start: str | None = None,
    fault: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
) -> int:
    """Run a paper gateway that speaks the TWS protocol; no account is needed.

    Its book outlives its clients. Stop it with Ctrl-C.

    Examples:
        `ibelay gateway --port 4002`

        `ibelay gateway --market lean:PATH --date 2013-10-07 --symbols SPY,IBM --speed 60`

    Args:
        host: Loopback address to listen on.
        port: Port to listen on; 0 picks a free one and says which.
        market: `synthetic`, or `lean:PATH` with a folder of LEAN-format data.
        date: Market day as YYYY-MM-DD; needed with `lean:PATH`.
        symbols: Symbols, separated by commas; four of the synthetic market if not given.
        seed: Chooses the synthetic day.
        speed: Market seconds per real second, 1 to 1000.
        start: New York time to begin at, HH:MM or HH:MM:SS.
        fault: What goes wrong on purpose: swallow-orders, mute or no-accounts.
    """
    from ibelay.errors import ConfigurationError  # noqa: PLC0415  # commands load lazily
    from ibelay.gateway.main import run  # noqa: PLC0415  # the same
    from ibelay.gateway.options import GatewayOptions  # noqa: PLC0415  # the same
    from ibelay.model.faults import Fault  # noqa: PLC0415  # the same

    known = {member.value: member for member in Fault}
    for name in fault:
        if name not in known:
            msg = f"fault {name!r} is not known; expected one of {', '.join(sorted(known))}"
            raise ConfigurationError(msg)
    if market.startswith("lean:") and date is None:
        raise ConfigurationError("a replay needs a day: add --date YYYY-MM-DD")
    defaults = GatewayOptions()
    chosen = tuple(part.strip().upper() for part in symbols.split(",") if part.strip())
    run(
        GatewayOptions(
            host=host,
            port=port,
            market=market,
            date=date or defaults.date,
            symbols=chosen or defaults.symbols,
            seed=seed,
            speed=speed,
            start=start,
            faults=frozenset(known[name] for name in fault),
        )
    )
    return 0
