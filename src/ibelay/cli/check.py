"""``ibelay check``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter


def check(  # one option per setting of the check
    *,
    paper: bool = True,
    symbol: str = "SPY",
    quantity: int = 1,
    market: Annotated[bool, Parameter(negative="")] = False,
    host: str = "127.0.0.1",
    port: int = 4002,
    client_id: int = 98,
    timeout: float = 10.0,
    live_account_i_know_what_i_do: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Check the order path of a gateway, step by step, with times; exit 1 if a step fails.

    Places orders far from the market and cancels them. Refuses an account that is not a
    paper account.

    Examples:
        `ibelay check --paper --symbol SPY --quantity 1`

        `ibelay check --paper --symbol SPY --quantity 1 --market`

    Args:
        paper: Expect a paper account (the default).
        symbol: A US stock.
        quantity: Shares per order.
        market: Also open a bracket at market and close it, timing the exit.
        host: The gateway's host.
        port: The gateway's port.
        client_id: Unlike every bot's.
        timeout: Seconds a step may take.
        live_account_i_know_what_i_do: Run against a live account, with real money.
    """
    from ibelay.app.check.options import CheckOptions  # noqa: PLC0415  # commands load lazily
    from ibelay.app.check.run import run_check  # noqa: PLC0415  # the same

    return run_check(
        CheckOptions(
            symbol=symbol.upper(),
            quantity=quantity,
            market=market,
            host=host,
            port=port,
            client_id=client_id,
            timeout_s=timeout,
            paper=paper,
            allow_live=live_account_i_know_what_i_do,
        )
    )
