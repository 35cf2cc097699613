"""A gateway's door on the virtual network (see ``gateway.door``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ibelay.errors import ConfigurationError
from ibelay.testing.virtual.network import Network


class VirtualDoor:
    """Listens on the virtual network, or does not.

    Args:
        network: Where.
        make: Makes the protocol of a new connection.
        host: Name of the host.
        port: 0 picks a free one.

    Attributes:
        port: The port, known once the door is open.
    """

    def __init__(
        self, network: Network, make: Callable[[], asyncio.Protocol], host: str, port: int
    ) -> None:
        self._network = network
        self._make = make
        self._host = host
        self._listening = False
        self.port = port

    async def open(self, tasks: asyncio.TaskGroup) -> None:
        """Listen.

        Raises:
            ConfigurationError: Somebody else listens there.
        """
        del tasks
        self.reopen()

    def shut(self) -> None:
        """Refuse connections from now on."""
        self._network.stop_listening(self._host, self.port)
        self._listening = False

    def reopen(self) -> None:
        """Accept connections."""
        if self._listening:
            return
        try:
            self.port = self._network.listen(self._make, self._host, self.port)
        except OSError as error:
            raise ConfigurationError(
                f"port {self.port} of {self._host} is taken ({error.strerror}): choose another"
            ) from error
        self._listening = True

    def move_to(self, port: int) -> int:
        """Listen on another port, and no more on this one; return which.

        Raises:
            ConfigurationError: Somebody else listens there; all stays as it was.
        """
        before = self.port
        was_listening, self._listening = self._listening, False
        self.port = port
        try:
            self.reopen()
        except ConfigurationError:
            self.port, self._listening = before, was_listening
            raise
        self._network.stop_listening(self._host, before)
        return self.port

    async def close(self) -> None:
        """Listen no more."""
        self.shut()
