"""A link: a client's socket, the gateway's, and the conversation between them.

Rules:
1. What one side does not read is kept up to ``HIGH_BYTES``; then the other is read no further,
   so that a slow reader slows the writer. Messages that a fault keeps waiting count up to
   ``MAX_PENDING_BYTES``; with more the link is reset.
2. A FIN is passed on as a FIN, after all that was said before it, and each way by itself. An
   RST is passed on as an RST at once. Slow close makes either late. Half a TWS conversation is
   of no use: who does not hang up ``HALF_CLOSED_S`` after the other is cut.
3. A link that is to end says what is due, sends FINs both ways and throws away what still
   comes, until both sides have hung up or ``LINGER_S`` have gone by.
4. While nothing is to pass (frozen, mute) no gateway is looked for; a client that hangs up
   meanwhile was never there.
5. A link that has met a live account where none may be is reset.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Any, Protocol

from ibelay.control.agenda import NEVER_NS
from ibelay.model.faults import SlowClose
from ibelay.proxy.conversation.conversation import TO_CLIENT, TO_GATEWAY, Common, Conversation
from ibelay.proxy.side import Side
from ibelay.proxy.toxics.pipe import Look, Pipe
from ibelay.proxy.toxics.standing import Toxics

HIGH_BYTES = 256 << 10
LOW_BYTES = 64 << 10
MAX_PENDING_BYTES = 16 << 20
LINGER_S = 10.0
HALF_CLOSED_S = 60.0
BY_CLIENT, BY_GATEWAY, BY_FAULT = "client", "gateway", "fault"
_log = logging.getLogger(__name__)


class House(Protocol):
    """What a link needs of the proxy it belongs to."""

    chance: random.Random
    common: Common
    toxics: Toxics

    def now_ns(self) -> int:
        """Return the loop's time."""
        ...

    def admit(self, link: Link) -> bool:
        """Count a link in; False if there is no room."""
        ...

    def connect(self, link: Link) -> None:
        """Look for the gateway of a link; it hears ``made`` or is reset."""
        ...

    def ended(self, link: Link, by: str) -> None:
        """Hear that a client's connection ends, and by whom; once for each link."""
        ...

    def dismiss(self, link: Link) -> None:
        """Count a link out."""
        ...


class Link:
    """One client and its gateway.

    Args:
        house: The proxy.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self.conversation = Conversation(house.common)
        self.client = Side(self)
        self.gateway = Side(self)
        self._to_client = Pipe(self._look(TO_CLIENT), house.chance)
        self._to_gateway = Pipe(self._look(TO_GATEWAY), house.chance)
        self._looking = self._seeks = self._leaves = self._over = self._said_plain = False
        self._told_end = False
        self._timer: asyncio.Handle | None = None
        self._deadline: asyncio.TimerHandle | None = None

    # What the sides say -------------------------------------------------------------------

    def made(self, side: Side) -> None:
        """Hear that a side is connected."""
        self._looking = self._looking and side is self.client
        if side is self.client and not self._house.admit(self):
            self._over = self._told_end = True
            side.abort()
        elif self._over or (side is self.gateway and self.client.gone):
            side.abort()
        else:
            self.pump()

    def received(self, side: Side, data: bytes) -> None:
        """Take what arrived."""
        if self._over or self._leaves:
            return
        if side is self.client:
            self.conversation.from_client(data)
        else:
            self.conversation.from_gateway(data)
        if self.conversation.live:
            _log.error(
                "the gateway is logged in to a live account (%s); the connection is reset: use a "
                "paper account, or start with --yes-this-is-a-live-account",
                self.conversation.live,
            )
            self.reset()
            return
        if self.conversation.plain and not self._said_plain:
            self._said_plain = True
            _log.warning(
                "a connection is no TWS conversation (%s); its bytes pass, its messages cannot "
                "be told apart",
                self.conversation.plain,
            )
        self.pump()

    def lost(self, side: Side, error: Exception | None) -> None:
        """Hear that a side is gone, and let the other know (rule 2)."""
        other = self.gateway if side is self.client else self.client
        if side is self.client:
            self._tell_end(BY_CLIENT)
        elif not self.conversation.half_open:
            self._tell_end(BY_GATEWAY)
        if not self.conversation.half_open:
            if error is None or self._over or self._leaves:
                other.close()
            elif slow_ns := self._slow_ns():
                self._deadline = asyncio.get_running_loop().call_later(slow_ns / 1e9, self.reset)
            else:
                self.reset()
        self._conclude()

    def not_found(self) -> None:
        """Hear that there is no gateway: what a client hears then is a reset."""
        self._looking = False
        self._tell_end(BY_GATEWAY)
        self.reset()

    # What the proxy does ------------------------------------------------------------------

    def pump(self) -> None:
        """Pass on what can be passed on, and plan when to go on."""
        if self._over:
            return
        now_ns = self._house.now_ns()
        if self._flows(now_ns):
            self._pass(now_ns)
            if not self.conversation.pending_bytes:
                self._disarm()
                return
        self._move(now_ns)

    def close(self) -> None:
        """End with FINs, after what was said (rule 3)."""
        self.pump()
        if not self._over:
            self._leave(self._house.now_ns(), client_too=True)
            self.pump()

    def reset(self) -> None:
        """End with RSTs."""
        self._tell_end(BY_FAULT)
        self._over = True
        self.client.reset()
        self.gateway.reset()
        self._conclude()

    def abort(self) -> None:
        """End at once."""
        self._tell_end(BY_FAULT)
        self._over = True
        self.client.abort()
        self.gateway.abort()
        self._conclude()

    # How -------------------------------------------------------------------------------------

    def _move(self, now_ns: int) -> None:
        """Pump, whatever stands, waits or ends."""
        talk = self.conversation
        if self.client.ended:
            self._tell_end(BY_CLIENT)
        if not talk.stuck and not self._leaves:
            if self.gateway.ended and not talk.half_open:
                self._tell_end(BY_GATEWAY)
            self._seek()
            self._take_ends(now_ns)
            self._take(now_ns)
        elif self.client.ended and not self._seeks:
            self.abort()
            return
        if not talk.stuck or self._leaves:
            self._write(self.client, self._to_client, now_ns)
            self._write(self.gateway, self._to_gateway, now_ns)
        if talk.left and not self._leaves:
            self._leave(now_ns, client_too=not talk.half_open)
        pipes = self._to_client.pending_bytes + self._to_gateway.pending_bytes
        if talk.pending_bytes + pipes > MAX_PENDING_BYTES:
            _log.warning("more than %d bytes wait; the connection is reset", MAX_PENDING_BYTES)
            self.reset()
        self._brake()
        self._conclude()
        self._arm(now_ns)

    def _look(self, way: str) -> Look:
        def look(kind: type[Any]) -> Any:
            toxics = self._house.toxics
            return toxics.look(kind, self.conversation.client_id, way) if toxics else None

        return look

    def _seek(self) -> None:
        if not self._seeks:
            self._seeks = self._looking = True
            self._house.connect(self)

    def _flows(self, now_ns: int) -> bool:
        """Return whether nothing stands, waits, ends or is to be sought: nearly always."""
        talk = self.conversation
        return (
            self._seeks
            and not (self._leaves or talk.left or talk.half_open or self._house.toxics)
            and self.client.flows
            and self.gateway.flows
            and self._to_client.clear(now_ns)
            and self._to_gateway.clear(now_ns)
            and not talk.stuck
        )

    def _pass(self, now_ns: int) -> None:
        """Write what is to be written, past the pipes."""
        if to_client := self.conversation.for_client(now_ns):
            self.client.write(b"".join(to_client))
        if to_gateway := self.conversation.for_gateway(now_ns):
            self.gateway.write(b"".join(to_gateway))

    def _take(self, now_ns: int) -> None:
        for pipe, messages in (
            (self._to_client, self.conversation.for_client(now_ns)),
            (self._to_gateway, self.conversation.for_gateway(now_ns)),
        ):
            if messages:
                pipe.push(b"".join(messages), now_ns)

    def _take_ends(self, now_ns: int) -> None:
        if self.conversation.half_open:
            return
        slow_ns = self._slow_ns() if self.client.ended or self.gateway.ended else 0
        if self.client.ended:
            self.conversation.client_ended()
            self._take(now_ns)
            self._to_gateway.finish(now_ns, slow_ns)
        if self.gateway.ended:
            self.conversation.gateway_ended()
            self._take(now_ns)
            self._to_client.finish(now_ns, slow_ns)

    def _write(self, side: Side, pipe: Pipe, now_ns: int) -> None:
        if not side.writable:
            return
        pieces = pipe.pull(now_ns)
        if self._house.toxics:
            for piece in pieces:
                side.write(piece)
        elif pieces:
            side.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        if pipe.cut and not self._leaves:
            self._leave(now_ns, client_too=True)
        if pipe.ended(now_ns) or pipe.cut:
            side.finish()
            self._wait_for_the_other()

    def _wait_for_the_other(self) -> None:
        """Bear with half a conversation for a while only (rule 2)."""
        if self._deadline is None and not self.conversation.plain:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(HALF_CLOSED_S, self.abort)

    def _leave(self, now_ns: int, *, client_too: bool) -> None:
        """Begin to end (rule 3)."""
        self._leaves = True
        self.conversation.leave()
        if client_too:
            self._tell_end(BY_FAULT)
        if not self.conversation.stuck:
            self._take(now_ns)
        self._to_gateway.finish(now_ns)
        if client_too:
            self.conversation.half_open = False
            self._to_client.finish(now_ns)
        if self._deadline is not None:
            self._deadline.cancel()
        late = self.abort if client_too else self.gateway.abort
        self._deadline = asyncio.get_running_loop().call_later(LINGER_S, late)
        self._write(self.client, self._to_client, now_ns)
        self._write(self.gateway, self._to_gateway, now_ns)

    def _brake(self) -> None:
        """Let sides be read as rule 1 says."""
        talk = self.conversation
        waits = talk.pending_bytes if talk.stuck and not self._leaves else 0
        for side, pipe in ((self.client, self._to_gateway), (self.gateway, self._to_client)):
            pending = pipe.pending_bytes + waits
            if self._leaves or talk.half_open or pending < LOW_BYTES:
                side.read(on=True)
            elif pending > HIGH_BYTES:
                side.read(on=False)

    def _conclude(self) -> None:
        """Close what has said and heard all; be dismissed once both sides are gone."""
        client, gateway = self.client, self.gateway
        if self.conversation.half_open and not self._over:
            if client.ended:
                client.abort()
            if gateway.ended:
                gateway.close()
        elif client.done and (gateway.done or (self._leaves and not gateway.exists)):
            client.close()
            gateway.close()
        if client.gone and not self._looking and (gateway.gone or not gateway.exists):
            self._stop()
            self._house.dismiss(self)

    def _tell_end(self, by: str) -> None:
        if not self._told_end:
            self._told_end = True
            self._house.ended(self, by)

    def _stop(self) -> None:
        self._over = True
        for planned in (self._timer, self._deadline):
            if planned is not None:
                planned.cancel()

    def _slow_ns(self) -> int:
        slow = self._look("both")(SlowClose)
        return 0 if slow is None else int(slow.span.ns)

    def _arm(self, now_ns: int) -> None:
        """Plan the next pump for when something is due."""
        self._disarm()
        if self._over or (self.conversation.stuck and not self._leaves):
            return
        # What is late when the end begins is for nobody any more: it is not taken.
        due_ns = NEVER_NS if self._leaves else self.conversation.next_ns
        for side, pipe in ((self.client, self._to_client), (self.gateway, self._to_gateway)):
            if side.writable:
                due_ns = min(due_ns, pipe.next_ns)
        loop = asyncio.get_running_loop()
        if due_ns <= now_ns:
            self._timer = loop.call_soon(self.pump)
        elif due_ns < NEVER_NS:
            self._timer = loop.call_at((due_ns + 1) / 1e9, self.pump)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
