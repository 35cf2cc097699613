"""From the open socket to "may send": handshake, accounts, first order id.

Rules:
1. Logged on = the server version, a non-empty managedAccounts and nextValidId are all in;
   real gateways send them in any order and push other messages in between.
2. 326 fails the logon at once: the gateway closes the socket later, or never.
3. An empty managedAccounts together with nextValidId is a gateway without a login.
4. A server version outside what we offered is refused: it would be mis-read silently.

Source: shared facts section 6a and F50; client notes section 1 and section 4 (d), (f).
"""

from __future__ import annotations

import asyncio

from ibelay.errors import (
    BrokerRefusedError,
    ClientIdInUseError,
    GatewayMuteError,
    IbelayError,
    LinkError,
    NotLoggedInError,
)
from ibelay.ib.codec import MAX_SERVER_VERSION, MIN_SERVER_VERSION
from ibelay.model.ids import OrderId
from ibelay.ports.broker import Address

CLIENT_ID_IN_USE = 326


class Logon:
    """What the gateway told about itself on one connection."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._at = f"the gateway at {address.host}:{address.port}"
        self.server_version = 0
        self.next_order_id = OrderId(0)
        self._accounts: tuple[str, ...] | None = None
        self._last_notice = ""
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def accounts(self) -> tuple[str, ...]:
        """Accounts of the login; empty until they were told."""
        return self._accounts or ()

    def shake(self, fields: list[str]) -> bool:
        """Take the answer to our greeting; return whether the API may be started."""
        if len(fields) != 2 or not fields[0].isdigit():
            self._fail(LinkError(f"{self._at} does not speak the TWS API; check the port"))
            return False
        version = int(fields[0])
        if not MIN_SERVER_VERSION <= version <= MAX_SERVER_VERSION:
            self._fail(
                BrokerRefusedError(
                    f"{self._at} answered with server version {version}, expected"
                    f" {MIN_SERVER_VERSION} to {MAX_SERVER_VERSION}; use a supported TWS or"
                    " IB Gateway"
                )
            )
            return False
        self.server_version = version
        return True

    def accounts_seen(self, text: str) -> None:
        """Take managedAccounts."""
        self._accounts = tuple(name for name in text.split(",") if name)
        self._conclude()

    def next_id_seen(self, order_id: int) -> None:
        """Take nextValidId."""
        self.next_order_id = OrderId(order_id)
        self._conclude()

    def notice(self, code: int, text: str) -> None:
        """Take a notice; 326 ends the logon, others may explain its end."""
        self._last_notice = f"; its last notice was {code}: {text}"
        if code == CLIENT_ID_IN_USE:
            self._fail(
                ClientIdInUseError(
                    f"{self._at} still holds a connection with client id"
                    f" {self._address.client_id}; it is retried until the gateway lets go, or"
                    " stop the other program that uses it"
                )
            )

    def lost(self, reason: str) -> None:
        """Take the end of the connection."""
        self._fail(
            LinkError(
                f"{self._at} ended the connection before the logon was complete ({reason}"
                f"{self._last_notice}); check its trusted addresses and read its log"
            )
        )

    def mute(self, timeout_s: float) -> GatewayMuteError:
        """Return the error for a gateway that did not finish within *timeout_s*."""
        if not self.server_version:
            missing = "did not answer the API handshake"
        elif self._accounts is None:
            missing = "did not name its accounts"
        else:
            missing = "did not send its next order id"
        return GatewayMuteError(
            f"{self._at} accepted the connection but {missing} within {timeout_s:g} s"
            f"{self._last_notice}; look for a dialog on its screen, or restart it"
        )

    def _conclude(self) -> None:
        if self._accounts is None or not self.next_order_id or self.ready.done():
            return
        if self._accounts:
            self.ready.set_result(None)
        else:
            self._fail(
                NotLoggedInError(
                    f"{self._at} manages no account; expected a completed login, so finish it"
                    " there (two-factor question?)"
                )
            )

    def _fail(self, error: IbelayError) -> None:
        if not self.ready.done():
            self.ready.set_exception(error)
            self.ready.exception()  # seen: open may have failed before it came to wait for it
