"""Makes links: each call opens a fresh connection with fresh objects."""

from __future__ import annotations

import socket

from ibelay.errors import LinkError
from ibelay.ib.link import IbLink
from ibelay.ib.repeats import Repeats
from ibelay.ib.requests import RequestIds
from ibelay.ports.broker import Address, EventSink
from ibelay.ports.clock import Clock


class IbConnector:
    """Opens connections to TWS, IB Gateway or the paper gateway.

    Args:
        clock: Monotonic time stamps what is heard; wall time stamps quotes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._repeats = Repeats()
        self._ids = RequestIds()

    async def open(self, address: Address, sink: EventSink, *, timeout_s: float) -> IbLink:
        """Connect, negotiate and log on within *timeout_s* seconds; do not synchronise.

        Whatever goes wrong, the socket is really closed before the exception leaves, so the
        gateway does not find our own leftover in the way of the next attempt (326).

        Raises:
            ClientIdInUseError: At once when the gateway says 326.
            GatewayMuteError: The socket opened, the logon did not finish in time.
            NotLoggedInError: The gateway manages no account.
            BrokerRefusedError: The gateway speaks a version we cannot.
            LinkError: Refused, unreachable, or lost meanwhile.
        """
        link = IbLink(address, sink, self._clock, self._repeats, self._ids)
        try:
            await link.log_on(timeout_s)
        except BaseException as error:
            link.abort()
            await link.closed()
            if isinstance(error, OSError) and not isinstance(error, LinkError):
                raise LinkError(_unreachable(address, error, timeout_s)) from error
            raise
        return link


def _unreachable(address: Address, error: OSError, timeout_s: float) -> str:
    """Say in one sentence why the socket did not open and what to check."""
    at = f"{address.host}:{address.port}"
    if isinstance(error, TimeoutError):
        return (
            f"{at} did not accept a connection within {timeout_s:g} s; check the address, the"
            " network and the firewall"
        )
    if isinstance(error, socket.gaierror):
        return f"the host name of {at} is unknown ({error.strerror}); check the address"
    if isinstance(error, ConnectionRefusedError):
        return (
            f"nothing listens at {at}; start TWS or IB Gateway, enable its API socket and check"
            " the port (Gateway 4001 live, 4002 paper; TWS 7496 live, 7497 paper)"
        )
    return f"{at} cannot be reached ({error}); check the address, the network and the gateway"
