"""``ibelay gateway``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter


def gateway(  # noqa: PLR0913  # one option per setting of the gateway
    *,
    host: str = "127.0.0.1",
    port: int = 4002,
    market: str = "synthetic",
    date: str | None = None,
    days: int = 1,
    symbols: Annotated[str, Parameter(show_default=False)] = "",
    seed: int = 1,
    resolution: str | None = None,
    speed: float = 1.0,
    start: str | None = None,
    nights: bool = False,
    read_only: Annotated[bool, Parameter(negative="")] = False,
    fault: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    scenario: Path | None = None,
    reset_at: str | None = None,
    pacing: Literal["pace", "reject", "off"] = "pace",
    control_port: int | None = None,
    control_token_file: Path | None = None,
) -> int:
    """Run a paper gateway that speaks the TWS protocol; no account is needed.

    Its book outlives its clients. Stop it with Ctrl-C.

    Examples:
        `ibelay gateway --port 4002 --start 10:00`

        `ibelay gateway --market lean:PATH --date 2013-10-07 --symbols SPY,IBM --speed 60`

        `ibelay gateway --market csv:PATH`

    Args:
        host: Loopback address to listen on.
        port: Port to listen on; 0 picks a free one and says which.
        market: `synthetic`; `lean:PATH`, a folder of LEAN-format data; `csv:PATH` or
            `parquet:PATH`, a table with columns time, symbol, bid, ask, bid_size, ask_size, last
            and last_size.
        date: First market day as YYYY-MM-DD; needed with `lean:PATH`.
        days: Trading days to play; a table has its own.
        symbols: Symbols, separated by commas, such as `SPY,ES:FUT,EUR.USD:CASH`; if not given,
            four stocks, or everything in a table.
        seed: Chooses the synthetic prices.
        resolution: `tick`, `second` or `minute` of a LEAN folder; the finest there is if not
            given.
        speed: Market seconds per real second, 0.001 to 1000.
        start: New York time to begin at, HH:MM or HH:MM:SS; two minutes before the
            open if not given.
        nights: Play through nights and weekends at the clock's speed; otherwise they pass at
            once.
        read_only: Refuse orders, as a Gateway does whose API is set to read-only.
        scenario: TOML file of what goes wrong later.
        reset_at: New York time, HH:MM, at which IB's servers reset every day.
        pacing: What becomes of more than 50 messages a second: `pace` serves them in time,
            `reject` answers 100 and disconnects the third time, `off` counts nothing.
        control_port: Loopback port for `ibelay gatewayctl`, usually 4070; none if not given.
        control_token_file: Where the control port's token is kept; a file of its own in the
            state folder if not given.
        fault: What goes wrong from the beginning, such as `mute` or `drop execDetails 2`.
    """
    from ibelay.errors import ConfigurationError  # noqa: PLC0415  # commands load lazily
    from ibelay.gateway.main import run  # noqa: PLC0415  # the same
    from ibelay.gateway.options import GatewayOptions  # noqa: PLC0415  # the same
    from ibelay.gateway.session.line.pacing import Pacing  # noqa: PLC0415  # the same
    from ibelay.model.faults import read  # noqa: PLC0415  # the same

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
            days=days,
            symbols=chosen or None,
            seed=seed,
            resolution=resolution,
            speed=speed,
            start=start,
            skip_nights=not nights,
            read_only=read_only,
            scenario=scenario,
            reset_at=reset_at,
            pacing=Pacing(pacing),
            control_port=control_port,
            control_token_file=control_token_file,
            faults=tuple(read(text) for text in fault),
        )
    )
    return 0
