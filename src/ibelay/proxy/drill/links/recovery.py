"""How a client notices a loss, comes back, and becomes whole again.

Rules:
1. A client that trades is whole when positions, open orders and executions have been asked for
   since it is back and the answers are complete; after an upstream loss without positions, whose
   stream stands. Everybody is whole only when no stream is owed.
2. A client that comes under an id nobody knew, while another is missed, is that other one.
3. What is asked for and completely answered clears the orders that the answers do not show.
"""

from __future__ import annotations

from ibelay.model.ids import ClientId
from ibelay.proxy.drill.facts import Asked, Began, Closed, Ended, Fact, Opened, Told, Who
from ibelay.proxy.drill.findings import Docket, Heading, span_text
from ibelay.proxy.drill.links import charges
from ibelay.proxy.drill.links.clients import Client, part_asked, part_ended
from ibelay.proxy.drill.links.gate import Gate
from ibelay.proxy.drill.links.lines import UPSTREAM_BACK, UPSTREAM_LOST, Line, Lines
from ibelay.proxy.drill.links.outages import (
    A_CONNECTION,
    EXECUTIONS,
    OPEN_ORDERS,
    POSITIONS,
    Kind,
    Outage,
)
from ibelay.proxy.drill.links.streams import Streams
from ibelay.proxy.drill.thresholds import SECOND_NS, Thresholds
from ibelay.proxy.drill.trading.book import Book
from ibelay.wire.answers import EndTold, NextIdTold, NoticeTold

MAX_CLIENTS = 64
MAX_OUTAGES = 500
_REACTION_NS = 2 * SECOND_NS


class Recovery:
    """Watches the connections of all clients.

    Attributes:
        outages: The first ``MAX_OUTAGES``.
        beyond: How many there were more.
        stirred: Instruments of orders that an answer showed to be over; taken by who looks.
    """

    def __init__(
        self,
        thresholds: Thresholds,
        lines: Lines,
        book: Book,
        streams: Streams,
        docket: Docket,
    ) -> None:
        self._limit = thresholds
        self._lines = lines
        self._book = book
        self._streams = streams
        self._docket = docket
        self._gate = Gate()
        self._clients: dict[ClientId, Client] = {}
        self.outages: list[Outage] = []
        self.beyond = 0
        self.stirred: set[str] = set()

    @property
    def works(self) -> bool:
        """Whether some client has a connection that works, as far as anybody can tell."""
        return any(
            one.line is not None and (one.outage is None or one.outage.connected_ns is not None)
            for one in self._clients.values()
        )

    def see(self, fact: Fact, line: Line | None) -> None:
        """Take in *fact*, after streams and book have."""
        match fact:
            case Opened():
                self._opened(fact.at_ns)
            case Began() | Ended():
                self._fault(fact)
            case Closed() if line is not None:
                self._closed(fact, line)
            case Asked() if line is not None:
                self._asked(fact, line)
            case Told(passed=True) if line is not None:
                self._told(fact, line)
        client = self._client_of(line)
        if client is not None:
            self._check_whole(client, fact.at_ns)

    def tick(self, now_ns: int) -> None:
        """Find what has lasted too long at *now_ns*."""
        for client in self._clients.values():
            line = self._lines.open.get(client.line) if client.line is not None else None
            if line is not None:
                self._check_silence(client, line, now_ns)
            if client.outage is not None:
                self._check_noticed(client.outage, now_ns)
                self._check_overdue(client, client.outage, now_ns)

    def _opened(self, now_ns: int) -> None:
        for client in self._clients.values():
            outage = client.outage
            if outage is None or outage.connected_ns is not None:
                continue
            if outage.kind is Kind.DEAD and outage.noticed_ns is None:
                outage.noticed_ns = now_ns
                self._docket.note(now_ns, "gave the dead line up by connecting anew")
            outage.attempts += 1

    def _fault(self, fact: Began | Ended) -> None:
        self._gate.see(fact)
        if self._gate.open:
            for client in self._clients.values():
                if client.outage is not None and client.outage.kind is not Kind.UPSTREAM:
                    self._back(client.outage, fact.at_ns)

    def _back(self, outage: Outage, now_ns: int) -> None:
        if outage.back_ns is None:
            outage.back_ns = now_ns

    def _closed(self, fact: Closed, line: Line) -> None:
        client = self._client_of(line)
        if client is None:
            return
        client.line = None
        outage = client.outage
        if outage is not None and outage.kind is Kind.DEAD and outage.connected_ns is None:
            if outage.noticed_ns is None:
                outage.noticed_ns = fact.at_ns
                after = span_text(fact.at_ns - outage.lost_ns)
                said = "the bot hung up the dead line" if fact.by is Who.CLIENT else "it was cut"
                self._docket.note(fact.at_ns, f"{said} after {after}")
            return
        if fact.by is not Who.CLIENT:
            self._lose(client, Kind.CUT, fact.at_ns)
        elif line.silent_ns(fact.at_ns) > _REACTION_NS:
            self._lose(client, Kind.DEAD, line.silent_since_ns() or fact.at_ns)
            if client.outage is not None:
                client.outage.noticed_ns = fact.at_ns
            self._docket.note(fact.at_ns, "the bot hung up a line that was silent")
        else:
            self._lose(client, Kind.LEFT, fact.at_ns)
            self._docket.note(fact.at_ns, "the bot hung up")

    def _lose(self, client: Client, kind: Kind, at_ns: int) -> None:
        client.asked_ns.clear()
        client.answered_ns.clear()
        live = sum(one.live for one in self._book.of_client(client.client_id))
        if client.outage is None:
            client.outage = Outage(kind, client.client_id, at_ns, at_ns, trusted=live)
            client.outage.streams_lost = self._streams.lost_of[client.client_id]
            if len(self.outages) < MAX_OUTAGES:
                self.outages.append(client.outage)
            else:
                self.beyond += 1
        else:
            client.outage.lose_again(kind, at_ns)
        self._book.losses += 1
        if kind is Kind.LEFT:
            return
        self._docket.try_out(Heading.RECOVERY, Heading.RECONNECTS)
        if kind is Kind.DEAD:
            self._docket.try_out(Heading.NOTICING)
        if live:
            self._docket.try_out(Heading.FILLS)
        if self._gate.open and kind is not Kind.UPSTREAM:
            self._back(client.outage, at_ns)

    def _asked(self, fact: Asked, line: Line) -> None:
        client = self._client_of(line)
        part = part_asked(fact.request)
        if client is None or part is None:
            return
        client.asked_ns[part] = fact.at_ns
        if client.outage is not None and client.outage.connected_ns is not None:
            client.outage.asked.add(part)

    def _told(self, fact: Told, line: Line) -> None:
        client = self._client_of(line)
        if client is not None and client.outage is not None:
            self._heard_in_outage(client.outage, line, fact.at_ns)
        match fact.answer:
            case NextIdTold() if client is None and line.client_id is not None:
                self._established(line.client_id, line, fact.at_ns)
            case EndTold(name=name) if client is not None:
                self._answered(client, name, line)
            case NoticeTold(code=code) if client is not None and code in UPSTREAM_LOST:
                known = client.outage is not None and client.outage.kind is Kind.UPSTREAM
                if not known or (client.outage and client.outage.connected_ns is not None):
                    self._lose(client, Kind.UPSTREAM, fact.at_ns)
            case NoticeTold(code=code) if client is not None and code in UPSTREAM_BACK:
                outage = client.outage
                if outage is not None and outage.kind is Kind.UPSTREAM:
                    self._connected(client, outage, fact.at_ns)

    def _heard_in_outage(self, outage: Outage, line: Line, now_ns: int) -> None:
        dead = outage.kind is Kind.DEAD and outage.connected_ns is None
        if not dead or line.held_ns is not None:
            return
        outage.ridden = True
        outage.connected_ns = now_ns
        self._back(outage, now_ns)
        silent = span_text(now_ns - outage.lost_ns)
        self._docket.note(now_ns, f"the line spoke again after {silent} of silence")

    def _established(self, client_id: ClientId, line: Line, now_ns: int) -> None:
        client = self._clients.get(client_id) or self._adopted(client_id, now_ns)
        if client is None:
            if len(self._clients) < MAX_CLIENTS:
                self._clients[client_id] = Client(client_id, line.number)
                self._docket.note(now_ns, f"connected as client {client_id}")
            return
        if client.line is not None and client.outage is None:
            self._lose(client, Kind.LEFT, now_ns)
        client.line = line.number
        if client.outage is not None:
            self._connected(client, client.outage, now_ns)

    def _connected(self, client: Client, outage: Outage, now_ns: int) -> None:
        self._back(outage, now_ns)
        outage.connected_ns = now_ns
        outage.ridden = False
        if A_CONNECTION in outage.missing:
            outage.late_ns = now_ns  # that has been found; the rest has its own time
        client.asked_ns.clear()
        client.answered_ns.clear()
        outage.missing.clear()
        if client.client_id in self._book.traders:
            outage.missing = {OPEN_ORDERS, EXECUTIONS}
            if outage.kind is not Kind.UPSTREAM:
                outage.missing.add(POSITIONS)
        after = span_text(now_ns - outage.lost_ns)
        if outage.kind is Kind.UPSTREAM:
            self._docket.note(now_ns, f"heard that IB is back after {after}")
        else:
            self._docket.note(now_ns, f"connected again after {after}, attempt {outage.attempts}")

    def _adopted(self, client_id: ClientId, now_ns: int) -> Client | None:
        """Return the client that is missed, now under another id; None if nobody is."""
        missed = [one for one in self._clients.values() if one.outage is not None]
        gone = next((one for one in missed if one.line is None), None)
        if gone is None:
            return None
        live = sum(one.live for one in self._book.of_client(gone.client_id))
        finding = charges.another_id(now_ns, gone.client_id, client_id, live)
        self._docket.find(finding)
        del self._clients[gone.client_id]
        self._streams.adopt(gone.client_id, client_id)
        self._clients[client_id] = gone
        gone.client_id = client_id
        return gone

    def _answered(self, client: Client, end: str, line: Line) -> None:
        part = part_ended(end)
        if part is None or part not in client.asked_ns:
            return
        client.answered_ns[part] = client.asked_ns.pop(part)
        if client.outage is not None and part in client.outage.asked:
            client.outage.missing.discard(part)
        if line.upstream_lost_ns is not None:
            return  # a gateway without its servers does not know
        if part == OPEN_ORDERS:
            self.stirred |= self._book.end_unseen(client.client_id, client.answered_ns[part])
        asked = [client.answered_ns.get(one) for one in (OPEN_ORDERS, EXECUTIONS)]
        known = [at for at in asked if at is not None]
        if len(known) == len(asked):
            self._book.clear_unseen(client.client_id, min(known))

    def _check_whole(self, client: Client, now_ns: int) -> None:
        outage = client.outage
        if outage is None or outage.connected_ns is None or outage.missing:
            return
        if self._streams.owed_by(client.client_id):
            return
        client.outage = None
        if self._streams.lost_of[client.client_id] > outage.streams_lost:
            outage.missing.add("data")
            return
        outage.whole_ns = now_ns
        self._docket.note(
            now_ns, f"whole again, {span_text(now_ns - outage.began_ns)} after the loss"
        )

    def _check_silence(self, client: Client, line: Line, now_ns: int) -> None:
        outage = client.outage
        if outage is not None and (outage.kind is Kind.DEAD and outage.connected_ns is None):
            return
        if line.held_ns is not None or line.silent_ns(now_ns) > self._limit.notice_ns:
            self._lose(client, Kind.DEAD, line.silent_since_ns() or now_ns)

    def _check_noticed(self, outage: Outage, now_ns: int) -> None:
        if outage.kind is not Kind.DEAD or outage.unnoticed or outage.connected_ns is not None:
            return
        until = now_ns if outage.noticed_ns is None else outage.noticed_ns
        if until - outage.lost_ns <= self._limit.notice_ns:
            return
        outage.unnoticed = True
        at_ns = outage.lost_ns + self._limit.notice_ns
        self._docket.find(charges.unnoticed(at_ns, self._limit.notice_ns))

    def _check_overdue(self, client: Client, outage: Outage, now_ns: int) -> None:
        since = outage.late_ns or outage.back_ns
        if outage.kind is Kind.LEFT or since is None or now_ns - since <= self._limit.recover_ns:
            return
        if outage.connected_ns is not None:
            client.outage = None
        elif A_CONNECTION in outage.missing:
            return
        else:
            outage.missing.add(A_CONNECTION)
        if not outage.missing:
            return  # only streams, which are found by themselves
        self._docket.find(charges.overdue(now_ns, now_ns - since, outage.missing))
        if EXECUTIONS in outage.missing and outage.trusted:
            self._docket.find(charges.executions_not_asked_for(now_ns, outage.trusted))

    def _client_of(self, line: Line | None) -> Client | None:
        """Return the client whose present connection *line* is."""
        if line is None or line.client_id is None:
            return None
        client = self._clients.get(line.client_id)
        return client if client is not None and client.line == line.number else None
