"""``ibelay chaos``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def chaos(  # noqa: PLR0913  # one option per setting of the proxy
    *,
    upstream: str,
    listen: str = "4003",
    scenario: Path | None = None,
    fault: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    seed: int = 1,
    control_port: int | None = None,
    control_token_file: Path | None = None,
    drill: Annotated[bool, Parameter(negative="")] = False,
    minutes: float | None = None,
    wait: float | None = None,
    report: Path | None = None,
    yes_this_is_a_live_account: Annotated[bool, Parameter(negative="")] = False,
    yes_others_may_connect: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Run a proxy that stands between any TWS client and any gateway and breaks the line.

    Let the bot connect to the proxy's port in place of the gateway's. Without faults nothing is
    changed. Stop it with Ctrl-C.

    Examples:
        `ibelay chaos --listen 4003 --upstream 127.0.0.1:4002 --control-port 4071`

        `ibelay chaos --upstream 4002 --fault "latency 80ms jitter=40ms" --fault lose-ack`

        `ibelay chaos --upstream 4002 --scenario FILE --seed 7`

        `ibelay chaos --upstream 4002 --drill --report drill.md`

    Args:
        upstream: Where the gateway listens, as HOST:PORT; a port alone is of this machine.
        listen: Port to listen on, 0 picks a free one and says which; or HOST:PORT.
        scenario: TOML file of what goes wrong when; the same that a paper gateway plays.
        fault: What goes wrong from the beginning, such as `latency 80ms` or `drop execDetails 2`.
        seed: Draws what is left to chance, such as jitter.
        control_port: Loopback port for `ibelay chaosctl`, usually 4071; none if not given.
        control_token_file: Where the control port's token is kept; a file of its own in the
            state folder if not given.
        drill: Wait for a bot, let it live through a bad half-hour (or FILE of `--scenario`), and
            say what it did right and wrong; exits 1 if it fails.
        minutes: How long the drill lasts, 30 if not given; a shorter one plays the beginning.
        wait: Minutes that the drill waits for a bot, 10 if not given; then it ends with 1.
        report: Where the drill's report is written, as FILE.md and FILE.json.
        yes_this_is_a_live_account: Break the line of a live account, with real money: of a
            gateway on a port that IB uses for them, 4001 or 7496, or that names one.
        yes_others_may_connect: Listen on an address that other machines can reach.
    """
    from ibelay.app.clock import SystemClock  # noqa: PLC0415  # commands load lazily
    from ibelay.cli.trouble.drill import drill_of  # noqa: PLC0415  # the same
    from ibelay.errors import ConfigurationError  # noqa: PLC0415  # the same
    from ibelay.model.faults import read  # noqa: PLC0415  # the same
    from ibelay.proxy.main import run  # noqa: PLC0415  # the same
    from ibelay.proxy.options import ChaosOptions, address  # noqa: PLC0415  # the same

    if control_token_file is not None and control_port is None:
        raise ConfigurationError(
            "--control-token-file is for a control port: add --control-port, or leave it out"
        )
    rehearsed = drill_of(drill=drill, minutes=minutes, wait=wait, scenario=scenario, report=report)
    host, port = address(listen)
    options = ChaosOptions(
        upstream=address(upstream),
        host=host,
        port=port,
        seed=seed,
        faults=tuple(read(text) for text in fault),
        scenario=None if drill else scenario,
        control_port=control_port,
        control_token_file=control_token_file,
        live=yes_this_is_a_live_account,
        beyond_loopback=yes_others_may_connect,
    )
    wall_ns = SystemClock().wall_ns
    if rehearsed is not None:
        return rehearsed.run(lambda guest: run(options, wall_ns=wall_ns, guest=guest))
    run(options, wall_ns=wall_ns)
    return 0
