"""How the drop-in was told to connect, and how one attempt ends early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from ib_async import Event
from ib_async.ib import StartupFetch

from ibelay.errors import ClientIdInUseError

PATIENCE_S = 4.0
PATIENCE_MAX_S = 60.0
_IN_USE = 326


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectOptions:
    """The arguments of ``IB.connect``."""

    host: str
    port: int
    client_id: int
    timeout: float | None
    readonly: bool
    account: str
    raise_sync_errors: bool
    fetch_fields: StartupFetch

    def same_place(self, other: ConnectOptions | None) -> bool:
        """Return whether *other* is the same gateway with the same client id."""
        place = (self.host, self.port, self.client_id)
        return other is not None and place == (other.host, other.port, other.client_id)

    def arguments(self) -> dict[str, Any]:
        """Return them as ib_async wants them."""
        return {
            "host": self.host,
            "port": self.port,
            "clientId": self.client_id,
            "timeout": self.timeout,
            "readonly": self.readonly,
            "account": self.account,
            "raiseSyncErrors": self.raise_sync_errors,
            "fetchFields": self.fetch_fields,
        }

    def again(self, patience_s: float) -> dict[str, Any]:
        """Return them for a reconnect.

        What did not end is unknown, never empty: a reconnect that is not complete is none.
        """
        return {**self.arguments(), "timeout": patience_s, "raiseSyncErrors": True}


@asynccontextmanager
async def refusing_326(errors: Event, client_id: int) -> AsyncIterator[None]:
    """End the body at once when the gateway says that the client id is in use.

    ib_async waits out its whole timeout, or for ever (docs/evidence/ib_async-connection-life.md).

    Raises:
        ClientIdInUseError: The gateway said so.
    """
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("connecting needs a running task")
    outside = task.cancelling()
    told: list[str] = []

    def on_error(_request: int, code: int, text: str, _contract: object) -> None:
        if code == _IN_USE and not told:
            told.append(text)
            task.cancel()

    errors += on_error
    try:
        yield
    except asyncio.CancelledError:
        if told and task.uncancel() <= outside:
            raise ClientIdInUseError(
                f"client id {client_id} is in use at the gateway ({told[0]}); stop the other"
                " program that uses it, or choose another id"
            ) from None
        raise
    finally:
        errors -= on_error
