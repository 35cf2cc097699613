r"""One client and the gateway behind it: which messages each is to get.

Rules:
1. Without faults every byte passes as it came, and only what is remembered is read. The
   client's id is learned from startApi.
2. Orders get through as ``control.line.orders`` says; then requests meet their mishaps.
3. What the gateway says is changed where a fault says so (no account, ids that go back, twins
   of orders), then it goes through the client's line (``control.line``).
4. While the line is half-open everything vanishes, and both sides are kept waiting.
5. What is no TWS conversation passes as it comes; then there are no messages to lose.
6. Where only paper accounts may be broken, a gateway that names another is left, and the client
   is told nothing more.
7. Observers hear of a request when it arrives, of an answer when it is handed on or lost, and
   of what the proxy says itself as of an answer. The handshake they do not hear.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ibelay.control.acts.upstream import CODE_COMPETING, NO_DATA_COMPETING
from ibelay.control.agenda import NEVER_NS
from ibelay.control.line.line import Line
from ibelay.control.line.mishaps import Mishaps
from ibelay.control.line.orders import OrderWay, Sort
from ibelay.control.line.rewriting import LENGTH_BYTES
from ibelay.control.line.troubles import Troubles
from ibelay.model.faults import Target
from ibelay.model.ids import ClientId, OrderId, is_paper
from ibelay.proxy.conversation import changes
from ibelay.proxy.conversation.cutter import Cutter
from ibelay.proxy.conversation.dialect import MANAGED_ACCOUNTS, START_API, Dialect, whole
from ibelay.proxy.conversation.ears import Ears
from ibelay.proxy.conversation.known import Known, Memory
from ibelay.proxy.conversation.twins import Twins
from ibelay.wire.handshake import API_PREFIX, MAX_SERVER_VERSION

TO_CLIENT, TO_GATEWAY = "to-client", "to-gateway"
ID_IN_USE = "Unable to connect as the client id is already in use. Retry with a unique id."
TOO_FAST = "Max rate of messages per second has been exceeded"
MAX_BREACHES = 3
Tell = Callable[[str, ClientId | None, bytes, bool], None]
Hear = Callable[[str, bytes, bool], None]
_SORTS = {3: Sort.PLACE, 4: Sort.CANCEL, 58: Sort.CANCEL_ALL}


@dataclass(slots=True)
class Common:
    """What all conversations of one proxy share.

    Attributes:
        ears: Hear what happens, for scenarios.
        troubles: The faults that stand.
        roll_backs: By how much the next nextValidId of a client goes back.
        paper_only: Whether a live account's connection is left (rule 6).
        tell: Tells observers (rule 7): way, client, payload, whether it passes.
    """

    ears: Ears
    troubles: Troubles = field(default_factory=Troubles)
    roll_backs: dict[ClientId, int] = field(default_factory=dict)
    paper_only: bool = False
    tell: Tell | None = None


class Conversation:
    """One client and its gateway, without their sockets.

    Args:
        common: What all share.

    Attributes:
        left: Whether the gateway's side is to be closed.
        half_open: Whether the client's side is to stay as it is then.
        client_id: Who the client is, once it has said so.
        hear: Told what observers of all conversations are told, of this one: way, payload,
            whether it passes.
        live: The head of a live account that was named where none may be, else empty.
    """

    def __init__(self, common: Common) -> None:
        self.left = False
        self.live = ""
        self.half_open = False
        self.client_id: ClientId | None = None
        self.hear: Hear | None = None
        self.started = False
        self.dialect = Dialect(MAX_SERVER_VERSION)
        self._remembered: tuple[bytes, ...] = ()
        self._common = common
        self._troubles = common.troubles
        self._from_client = Cutter(API_PREFIX)
        self._from_gateway = Cutter()
        self._greeted = self._answered = False
        self._line = Line(common.troubles, self._fields)
        self._requests = Mishaps(common.troubles, from_client=True)
        self._orders: OrderWay[bytes] = OrderWay(common.troubles, self._line, self.say)
        self._memory = Memory()
        self._twins = Twins()
        self._breaches = 0

    @property
    def plain(self) -> str:
        """Why this is no conversation that can be followed, empty if it is."""
        return self._from_client.plain or self._from_gateway.plain

    @property
    def stuck(self) -> bool:
        """Whether nothing passes and nothing is lost, on purpose."""
        troubles = self._troubles
        return troubles.frozen(self.client_id) or (troubles.muted and not self.started)

    @property
    def pending_bytes(self) -> int:
        """What waits here, both ways."""
        return self._line.pending_bytes + self._requests.pending_bytes

    @property
    def next_ns(self) -> int:
        """When something late is due."""
        if self.stuck or self.half_open:
            return NEVER_NS
        return min(self._line.next_ns, self._requests.next_ns)

    # What arrives -------------------------------------------------------------------

    def from_client(self, data: bytes) -> None:
        """Take the client's next bytes."""
        for unit in self._from_client.feed(data):
            if self._from_client.plain or self._from_gateway.plain:
                self._go_plain()
                self._requests.put(unit)
            elif not self._greeted:
                self._greeted = True
                self._requests.put(unit)
            elif not self.left:
                self._request(unit)

    def from_gateway(self, data: bytes) -> None:
        """Take the gateway's next bytes."""
        units = self._from_gateway.feed(data)
        if units and not self._answered and not self.plain:
            self._answered = True
            self._agree(units)
        if units and self.plain:
            self._go_plain()
            for unit in units:
                self._line.put(unit)
            return
        calm = self._line.calm
        for unit in units:
            if self.left:
                break
            if calm and not unit.startswith(self._remembered, LENGTH_BYTES):
                self._line.put(unit)
            else:
                self._answer(unit)
                calm = self._line.calm

    def client_ended(self) -> None:
        """Take the end of what the client says; what was not whole passes as it is."""
        if rest := self._from_client.rest():
            self._requests.put(rest)

    def gateway_ended(self) -> None:
        """Take the end of what the gateway says."""
        if rest := self._from_gateway.rest():
            self._line.put(rest)

    # What goes on ---------------------------------------------------------------------

    def for_client(self, now_ns: int) -> list[bytes]:
        """Return what is to go to the client now."""
        messages = self._line.messages(now_ns, now_ns) if self._line.pending_bytes else []
        if self.half_open:
            return []
        if self._heard and self.started and not self.plain:
            for message in messages:
                self._say_of(TO_CLIENT, message[LENGTH_BYTES:], passed=True)
        return messages

    def for_gateway(self, now_ns: int) -> list[bytes]:
        """Return what is to go to the gateway now."""
        messages = self._requests.take(now_ns, now_ns) if self._requests.pending_bytes else []
        return [] if self.half_open else messages

    # What goes wrong on purpose -----------------------------------------------------------

    def say(self, request_id: int, code: int, text: str) -> None:
        """Say a message with a code; nobody hears it before the handshake."""
        if self.started and not self.plain and not self.half_open:
            self._speak(self.dialect.notice(request_id, code, text))

    def charge(self) -> None:
        """Count a breach of pacing that never was; leave the third time."""
        self.say(-1, 100, TOO_FAST)
        self._breaches += 1
        self.left = self.left or self._breaches >= MAX_BREACHES

    def vanish(self) -> None:
        """Let nothing come or go any more; the gateway's side stays until ``leave``."""
        self.half_open = self._line.half_open = True

    def leave(self) -> None:
        """End it on the gateway's side."""
        self.left = True

    def lose_streams(self) -> None:
        """Let every stream fall silent until it is asked for again."""
        self._line.kill_streams()

    def refuse_streams(self, code: int, text: str) -> None:
        """Say a message with a code about every stream of the client."""
        for request_id in list(self._memory.streams):
            self.say(request_id, code, text)

    def upstream_is_back(self) -> None:
        """Say what waited for IB's servers, and pass on the orders that waited for them."""
        self._line.release()
        for unit in self._orders.postponed():
            self._place(unit, self.dialect.number(unit[LENGTH_BYTES:]))

    def find(self, target: Target) -> Known | None:
        """Return the order that is meant, if the gateway has told of it here."""
        return self._memory.find(target)

    def double(self, perm_id: int) -> None:
        """Let an order appear a second time, if it is known here."""
        known = self._memory.find(Target(perm_id=perm_id))  # type: ignore[arg-type]  # any whole number
        if known is None:
            return
        self._twins.add(perm_id)
        for fields in (known.opened, known.status):
            if fields is not None:
                self._repeat(int(fields[0]), fields)

    # One message --------------------------------------------------------------------------

    def _fields(self, payload: bytes) -> list[str]:
        return self.dialect.fields(payload)

    def _request(self, unit: bytes) -> None:
        payload = unit[LENGTH_BYTES:]
        number = self.dialect.number(payload)
        if number == START_API and not self.started:
            self._start(unit, payload)
            return
        sort = _SORTS.get(number)
        if sort is Sort.PLACE:
            self._hear_order(payload)
        if sort is not None and not self.half_open:
            self._tell(payload, passed=self._place(unit, number))
            return
        begun = self._memory.request(number, self.dialect.fields(payload))
        if begun is not None:
            self._line.asked_for(begun)
        passed = not self.half_open and self._requests.meet(number, unit)
        self._tell(payload, passed=passed)
        if begun is not None and self._troubles.competing:
            self.say(begun, CODE_COMPETING, NO_DATA_COMPETING)

    def _start(self, unit: bytes, payload: bytes) -> None:
        client_id = ClientId(self.dialect.client_id(payload))
        self.client_id = self._line.client_id = self._requests.client_id = client_id
        self.started = True
        refused = client_id in self._troubles.refused_ids
        self._tell(payload, passed=not refused)
        if refused:
            self._line.put(self.dialect.notice(-1, 326, ID_IN_USE))
            self.left = True
        else:
            self._requests.meet(START_API, unit)

    def _place(self, unit: bytes, number: int) -> bool:
        """Pass an order or a cancel on if it gets through (rule 2)."""
        fields = self.dialect.fields(unit[LENGTH_BYTES:])
        said = whole(fields[1]) if len(fields) > 1 else None
        order_id = None if said is None else OrderId(said)
        if not self._orders.passes(_SORTS[number], unit, order_id):
            return False
        return self._requests.meet(number, unit)

    def _hear_order(self, payload: bytes) -> None:
        order = changes.order_in(payload, self.dialect)
        if order is not None and self.client_id is not None:
            self._memory.ordered(self.client_id, order.order_id, order.symbol)
            if not order.what_if:
                self._common.ears.ordered((self.client_id, order.order_id), order.symbol)

    def _agree(self, units: list[bytes]) -> None:
        """Learn the version from the gateway's first frame, and let that pass."""
        version = changes.version_in(units[0][LENGTH_BYTES:])
        if version is None:
            units.append(self._from_gateway.give_up("its first frame says no version"))
        else:
            self.dialect = Dialect(version)
            self._remembered = self.dialect.heads(changes.REMEMBERED)
            self._line.put(units.pop(0))

    def _answer(self, unit: bytes) -> None:
        number = self.dialect.number(unit, LENGTH_BYTES)
        if number in changes.FILLS:
            self._fill(number, unit)
        elif number in changes.READ:
            self._read(number, unit, unit[LENGTH_BYTES:])
        else:
            self._speak(unit)

    def _fill(self, number: int, unit: bytes) -> None:
        """Pass on an execution or a commission; clients ask for all of the day again and again."""
        fields = self.dialect.fields(unit[LENGTH_BYTES:], changes.FILLS[number])
        self._line.answering = self._memory.answer(number, fields)
        self._common.ears.told(number, fields)
        self._speak(unit)
        self._line.answering = False

    def _read(self, number: int, unit: bytes, payload: bytes) -> None:
        """Pass on what tells of orders, ids or accounts, changed where a fault says so."""
        if number == MANAGED_ACCOUNTS and self._common.paper_only:
            live = [one for one in self.dialect.accounts(payload) if not is_paper(one)]
            if live:  # nobody's business but its owner's: the head is enough
                self.live, self.left = f"{live[0][:2]}…", True
                return
        fields = self.dialect.fields(payload)
        self._line.answering = self._memory.answer(number, fields)
        known = self._memory.orders.get(changes.order_id_in(number, fields))
        self._common.ears.told(number, fields, known.symbol if known else "")
        changed = changes.changed(number, fields, self._common, self.client_id)
        self._speak(unit if changed is None else self.dialect.message(number, changed))
        if self._twins:
            self._repeat(number, fields)
        self._line.answering = False

    def _repeat(self, number: int, fields: list[str]) -> None:
        """Say a message again of an order's twin."""
        twin = self._twins.again(number, fields)
        if twin is not None:
            self._speak(self.dialect.message(number, twin[1:-1]))

    def _speak(self, message: bytes) -> None:
        if self.half_open or not self._line.say(message):
            self._lost(message[LENGTH_BYTES:])

    def _lost(self, payload: bytes) -> None:
        if self.started:
            self._say_of(TO_CLIENT, payload, passed=False)

    def _tell(self, payload: bytes, *, passed: bool) -> None:
        self._say_of(TO_GATEWAY, payload, passed=passed)

    @property
    def _heard(self) -> bool:
        return self.hear is not None or self._common.tell is not None

    def _say_of(self, way: str, payload: bytes, *, passed: bool) -> None:
        if self._common.tell is not None:
            self._common.tell(way, self.client_id, payload, passed)
        if self.hear is not None:
            self.hear(way, payload, passed)

    def _go_plain(self) -> None:
        """Cut neither way any more; what was not whole on either passes as it is."""
        if rest := self._from_client.give_up(self.plain):
            self._requests.put(rest)
        if rest := self._from_gateway.give_up(self.plain):
            self._line.put(rest)
