"""What an operator can choose of a chaos proxy.

A proxy that breaks orders on purpose belongs before a paper account: ports that IB uses for
live ones are refused unless the operator says so in so many words, and so are live accounts on
any other port (see ``conversation``, rule 6).

**Source**: IB's usual ports: 4001 and 7496 live, 4002 and 7497 paper.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from ibelay.errors import ConfigurationError
from ibelay.model.faults import Command

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LIVE_PORTS = frozenset({4001, 7496})
_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^:\s\[\]]+)):(?P<port>\d{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosOptions:
    """Settings of one proxy.

    Attributes:
        upstream: Where the gateway listens.
        host: Address to listen on; the TWS protocol has no password.
        port: TCP port; 0 picks a free one.
        seed: Draws what is left to chance.
        faults: What goes wrong on purpose from the beginning.
        scenario: TOML file of what goes wrong later, see ``ibelay.control.scenario``.
        control_port: Port for commands; 0 picks a free one, None for no control port.
        control_token_file: Where its token is kept; None for the usual place.
        live: Whether the gateway may be on a port of live accounts.
        beyond_loopback: Whether *host* may be reached from other machines.
    """

    upstream: tuple[str, int]
    host: str = "127.0.0.1"
    port: int = 4003
    seed: int = 1
    faults: tuple[Command, ...] = ()
    scenario: Path | None = None
    control_port: int | None = None
    control_token_file: Path | None = None
    live: bool = False
    beyond_loopback: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot work or must not be, in one sentence each.

        Raises:
            ConfigurationError: A setting is out of range, or dangerous and not confirmed.
        """
        for complaint in (self._ports(), self._dangers()):
            if complaint:
                raise ConfigurationError(complaint)

    def _ports(self) -> str:
        upstream_host, upstream_port = self.upstream
        for name, port in (("port", self.port), ("control port", self.control_port or 0)):
            if not 0 <= port <= 65535:
                return f"{name} {port} does not exist: expected 0 to 65535"
        if not 1 <= upstream_port <= 65535:
            return f"upstream port {upstream_port} does not exist: expected 1 to 65535"
        if this_machine(upstream_host) and self.port == upstream_port:
            return f"the proxy cannot listen on {self.port}, where its gateway is: choose another"
        return ""

    def _dangers(self) -> str:
        if self.upstream[1] in LIVE_PORTS and not self.live:
            return (
                f"port {self.upstream[1]} is IB's for live accounts, and a chaos proxy loses and "
                "breaks orders: use a paper account, or add --yes-this-is-a-live-account"
            )
        if self.host not in LOOPBACK and not self.beyond_loopback:
            return (
                f"host {self.host!r} can be reached from other machines and the TWS protocol has "
                "no password: listen on 127.0.0.1, or add --yes-others-may-connect"
            )
        return ""


def this_machine(host: str) -> bool:
    """Return whether *host* is this machine, by one of the names that say so themselves."""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return host.lower() in LOOPBACK
    return number.is_loopback or number.is_unspecified


def address(text: str) -> tuple[str, int]:
    """Return host and port written as ``HOST:PORT``, ``[::1]:PORT`` or ``PORT`` of this machine.

    Raises:
        ConfigurationError: It is none of these.
    """
    match = _ADDRESS.fullmatch(text)
    if match is not None:
        return match["six"] or match["host"], int(match["port"])
    if re.fullmatch(r"\d{1,5}", text):
        return "127.0.0.1", int(text)
    raise ConfigurationError(
        f"{text!r} is no address: expected HOST:PORT, such as 127.0.0.1:4002, or PORT"
    )
