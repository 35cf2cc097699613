"""The chaos proxy: stands between any client and any gateway, and breaks the line on command.

Rules:
1. Everything runs in one loop, by its transports and its time alone, with chance as an
   argument: the same proxy stands between real sockets and in a simulation.
2. There are at most ``MAX_LINKS`` connections; one more is cut.
3. Commands are the one vocabulary (``model.faults``); what only a gateway can do is refused.
   Both kinds of spans, market and wall, are the proxy's own time.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import Self

from ibelay.control.controlled import Done, Views
from ibelay.control.line.troubles import Troubles
from ibelay.control.operator import Operator
from ibelay.control.scenario import Scenario
from ibelay.errors import ConfigurationError
from ibelay.model.faults import Command, Performer, Span
from ibelay.model.ids import ClientId
from ibelay.proxy.acts.table import acts_of
from ibelay.proxy.audience import Audience
from ibelay.proxy.conversation.conversation import Common, Conversation
from ibelay.proxy.conversation.ears import Ears
from ibelay.proxy.doorstep import Doorstep
from ibelay.proxy.link import Link
from ibelay.proxy.options import this_machine
from ibelay.proxy.programme import Programme
from ibelay.proxy.side import Side
from ibelay.proxy.toxics.standing import Toxics
from ibelay.proxy.views import views_of

MAX_LINKS = 128
CONNECT_S = 10.0
_log = logging.getLogger(__name__)


class ChaosProxy:
    """A proxy that listens while it is entered.

    Args:
        upstream_host: Where the gateway listens.
        upstream_port: Its port.
        host: Address to listen on.
        port: TCP port; 0 picks a free one, see ``port`` after entering.
        chance: Draws what is left to chance, such as jitter.
        faults: What goes wrong on purpose from the beginning.
        scenarios: What goes wrong later.
        wall_ns: Says what time it is, ns since the epoch; steps at a time of day need it.
        paper_only: Whether connections to a live account are reset as soon as it is named.

    Attributes:
        on_message: Observers, each told of every message after the handshake: the loop's time
            in ns; ``to-client`` or ``to-gateway``; the client's id, if known; the payload; and
            whether it passes. Requests are told when they arrive, answers when they are handed
            on or lost (see ``conversation``, rule 7).
        observers: Told the same by connection, of each connection's beginning and end, and of
            each command that is done.
    """

    def __init__(
        self,
        upstream_host: str,
        upstream_port: int,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        chance: random.Random,
        faults: Sequence[Command] = (),
        scenarios: Sequence[Scenario] = (),
        wall_ns: Callable[[], int] | None = None,
        paper_only: bool = False,
    ) -> None:
        self.upstream = (upstream_host, upstream_port)
        self.chance = chance
        self.toxics = Toxics()
        self.programme = Programme(self.now_ns, self.do, self.flush, wall_ns)
        self.common = Common(Ears(self.programme.hear), paper_only=paper_only)
        self.audience = Audience(self.now_ns)
        self.agenda = self.programme.agenda
        self.on_message = self.audience.on_message
        self.observers = self.audience.observers
        self.operator = Operator(Performer.PROXY, acts_of(self), self.now_ns)
        self.views: Views = views_of(self)
        self._faults = faults
        for scenario in scenarios:
            self.programme.check(scenario)
        self._scenarios = scenarios
        self._door = Doorstep(lambda: Link(self).client, host, port)
        self._links: dict[Conversation, Link] = {}
        self._tasks = asyncio.TaskGroup()
        self._seekers: dict[asyncio.Task[None], None] = {}
        self._left = asyncio.Event()
        self._closing = False

    async def __aenter__(self) -> Self:
        """Bind the port, then begin what is to go wrong.

        Raises:
            ConfigurationError: The port cannot be bound, or a command not be done.
        """
        await self._tasks.__aenter__()
        try:
            await self._door.open(self._tasks)
            for command in self._faults:
                self._do(command)
            for scenario in self._scenarios:
                self.play(scenario)
        except ConfigurationError:
            self.programme.close()
            await self._door.close()
            await self._tasks.__aexit__(None, None, None)
            raise
        self.flush()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the port and cut every connection."""
        self._closing = True
        self.programme.close()
        await self._door.close()
        for seeker in list(self._seekers):
            seeker.cancel()
        for link in list(self._links.values()):
            link.abort()
        while self._links:  # their sockets are closed in turns of the loop to come
            self._left.clear()
            await self._left.wait()
        await self._tasks.__aexit__(exc_type, exc, traceback)

    # What users do --------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._door.port

    @property
    def log(self) -> Sequence[Done]:
        """What was done, in order, with the loop's time."""
        return list(self.operator.log)

    def do(self, command: Command) -> str:
        """Do what *command* says, at once; return what was done, in words.

        Raises:
            ConfigurationError: It cannot be done by a proxy, or not as things stand.
        """
        said = self._do(command)
        self.flush()
        return said

    def play(self, scenario: Scenario) -> None:
        """Play *scenario* from now on.

        Raises:
            ConfigurationError: It waits for a time of day, and this proxy has no clock.
        """
        self.programme.play(scenario)

    def flush(self) -> None:
        """Pass on what can be passed on, and plan what is to follow."""
        for link in list(self._links.values()):
            link.pump()
        self.programme.arm()

    # What commands need -----------------------------------------------------------------------

    @property
    def performer(self) -> Performer:
        """What this is."""
        return Performer.PROXY

    @property
    def troubles(self) -> Troubles:
        """The faults that stand."""
        return self.common.troubles

    @property
    def roll_backs(self) -> dict[ClientId, int]:
        """By how much the next nextValidId of a client goes back."""
        return self.common.roll_backs

    def sessions(self) -> list[Conversation]:
        """Return the conversations of all clients, in the order in which they came."""
        return list(self._links)

    def later(self, span: Span, name: str, act: Callable[[], None]) -> None:
        """Do *act* once *span* has gone by."""
        self.agenda.plan(self.now_ns() + span.ns, act, name)
        self.programme.arm()

    def forget(self, beginning: str) -> None:
        """Drop what was planned under a name with this beginning."""
        self.agenda.drop(beginning)

    def reset(self, session: Conversation) -> None:
        """End a connection with RSTs."""
        if session in self._links:
            self._links[session].reset()

    def close(self, session: Conversation) -> None:
        """End a connection with FINs, after what was said."""
        if session in self._links:
            self._links[session].close()

    def shut(self) -> None:
        """Listen no more; connections that stand go on."""
        self._door.shut()

    def reopen(self) -> None:
        """Listen again."""
        self._door.reopen()

    def move_to(self, port: int) -> int:
        """Listen on another port from now on; return which.

        Raises:
            ConfigurationError: It is not named, or its gateway's.
        """
        if this_machine(self.upstream[0]) and port == self.upstream[1]:
            raise ConfigurationError(f"the gateway is on port {port}: name another")
        return self._door.move_to(port)

    def start_afresh(self, client_ids: Collection[ClientId], roll_back: int) -> str:
        """Let ids come again; orders are the gateway's."""
        if roll_back > 0:
            self.roll_backs.update(dict.fromkeys(sorted(client_ids), roll_back))
        return "the gateway behind goes on"

    # What links need ----------------------------------------------------------------------------

    def now_ns(self) -> int:
        """Return the loop's time."""
        return int(asyncio.get_running_loop().time() * 1e9)

    def admit(self, link: Link) -> bool:
        """Count a link in, if there is room."""
        if self._closing or len(self._links) >= MAX_LINKS:
            return False
        self.common.tell = self.audience.message if self.on_message else None
        self._links[link.conversation] = link
        self.audience.opened(link.conversation)
        return True

    def ended(self, link: Link, by: str) -> None:
        """Tell observers that a client's connection ends."""
        self.audience.closed(link.conversation, by)

    def connect(self, link: Link) -> None:
        """Look for the gateway of a link."""
        seeker = self._tasks.create_task(self._find(link), name="connecting to the gateway")
        self._seekers[seeker] = None
        seeker.add_done_callback(self._seekers.pop)

    def dismiss(self, link: Link) -> None:
        """Count a link out."""
        self._links.pop(link.conversation, None)
        self._left.set()

    # How -----------------------------------------------------------------------------------

    async def _find(self, link: Link) -> None:
        loop = asyncio.get_running_loop()

        def gateway() -> Side:
            return link.gateway

        try:
            async with asyncio.timeout(CONNECT_S):
                await loop.create_connection(gateway, *self.upstream)
        except OSError as error:  # a timeout is one, too
            _log.warning("no gateway at %s:%d (%s)", *self.upstream, str(error) or "no answer")
            link.not_found()
        except asyncio.CancelledError:
            link.not_found()
            raise

    def _do(self, command: Command) -> str:
        said = self.operator.do(command)
        self.audience.done(command)
        return said
