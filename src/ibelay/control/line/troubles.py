"""What goes wrong at present, for all clients of one gateway or proxy.

Rules:
1. A fault that counts is used up in all, over the clients it is meant for, first come first
   served; the oldest that fits is used.
2. What lasts for a span is begun and ended by whoever commands; here it only stands.
3. ``calm`` is true while no message needs a second look, which is nearly always; what becomes
   of orders and of requests for data alone is decided where they are taken, not here.
"""

from __future__ import annotations

from typing import TypeVar

from ibelay.errors import ConfigurationError
from ibelay.model.faults import (
    Delay,
    Drop,
    Duplicate,
    LoseAck,
    RejectData,
    RejectNext,
    Reorder,
    Reset,
    Retime,
    Rewrite,
    SwallowOrders,
    Truncate,
    write,
)
from ibelay.model.ids import ClientId

MAX_RULES = 1000
Kinds = Delay | Drop | Duplicate | Reorder | Truncate | Rewrite
AtMessages = Kinds | Retime
Counted = AtMessages | LoseAck | SwallowOrders | RejectNext | RejectData
Wanted = TypeVar("Wanted", bound=Counted)
EVERYBODY = None


class _Rule:
    """A fault, how often it is still to happen, and how often it is first to be let pass."""

    __slots__ = ("fault", "left", "skip")

    def __init__(self, fault: Counted) -> None:
        self.fault = fault
        self.left = fault.count
        self.skip = fault.skip if isinstance(fault, RejectNext) else 0


class Troubles:
    """The faults that stand.

    Attributes:
        at_messages: Whether a fault stands that messages meet (``mishaps``).
        calm: See rule 3.
        freezes: Whether anybody's line is frozen.
    """

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._frozen: dict[ClientId | None, None] = {}
        self._no_data: set[str] = set()
        self.freezes = False
        self.muted = False
        self.no_accounts = False
        self.dialog = False
        self.refused_ids: set[ClientId] = set()
        self.upstream: Reset | None = None
        self.at_messages = False
        self.calm = True

    def add(self, fault: Counted) -> None:
        """Let *fault* happen as often as it says.

        Raises:
            ConfigurationError: Too many stand already.
        """
        if len(self._rules) >= MAX_RULES:
            raise ConfigurationError(
                f"{MAX_RULES} faults stand already: clear them before adding {write(fault)}"
            )
        self._rules.append(_Rule(fault))
        self._settle()

    def use(
        self,
        kind: type[Wanted],
        client_id: ClientId | None,
        number: int = 0,
        *,
        from_client: bool = False,
    ) -> Wanted | None:
        """Return the oldest fault of *kind* for this client and message, counted as used.

        Args:
            kind: A class of fault.
            client_id: Whose line it is; None before it has said.
            number: Of the message, where the fault is about one kind of message.
            from_client: Whether the client says it.
        """
        for rule in self._rules:
            fault = rule.fault
            if isinstance(fault, kind) and _fits(fault, client_id, (number, from_client)):
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                self._count(rule)
                return fault
        return None

    def freeze(self, client_id: ClientId | None) -> None:
        """Stop reading and writing, for one client or (None) for all."""
        self._frozen[client_id] = None
        self._settle()

    def thaw(self, client_id: ClientId | None) -> None:
        """Undo ``freeze``; None thaws everybody."""
        if client_id is None:
            self._frozen.clear()
        else:
            self._frozen.pop(client_id, None)
        self._settle()

    def frozen(self, client_id: ClientId | None) -> bool:
        """Return whether the line of *client_id* is frozen."""
        return EVERYBODY in self._frozen or client_id in self._frozen

    def stop_data(self, reason: str) -> None:
        """Let no stream say anything while *reason* stands."""
        self._no_data.add(reason)
        self._settle()

    def resume_data(self, reason: str) -> None:
        """Take *reason* away."""
        self._no_data.discard(reason)
        self._settle()

    @property
    def data_stopped(self) -> bool:
        """Whether streams are silent."""
        return bool(self._no_data)

    @property
    def competing(self) -> bool:
        """Whether another session has the market data."""
        return "competing" in self._no_data

    def lose_upstream(self, reset: Reset | None) -> None:
        """IB's servers are gone, or back (None)."""
        self.upstream = reset
        self._settle()

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._rules.clear()
        self._frozen.clear()
        self._no_data.clear()
        self.refused_ids.clear()
        self.muted = self.no_accounts = self.dialog = False
        self.lose_upstream(None)

    def standing(self) -> list[str]:
        """Return what stands, in words."""
        said = [write(rule.fault) for rule in self._rules]
        said += ["freeze" if who is None else f"freeze client={who}" for who in self._frozen]
        said += sorted(self._no_data)
        said += ["mute"] * self.muted + ["no-accounts"] * self.no_accounts
        said += ["dialog"] * self.dialog
        said += [f"client-id-in-use {client_id}" for client_id in sorted(self.refused_ids)]
        return said + ([write(self.upstream)] if self.upstream else [])

    def _count(self, rule: _Rule) -> None:
        if rule.left is None:
            return
        rule.left -= 1
        if not rule.left:
            self._rules.remove(rule)
            self._settle()

    def _settle(self) -> None:
        self.at_messages = any(isinstance(rule.fault, AtMessages) for rule in self._rules)
        self.calm = not (self.at_messages or self._no_data or self.upstream)
        self.freezes = bool(self._frozen)


def _fits(fault: Counted, client_id: ClientId | None, message: tuple[int, bool]) -> bool:
    if fault.client is not None and fault.client != client_id:
        return False
    return not isinstance(fault, Kinds) or message == (
        fault.message.number,
        fault.message.from_client,
    )
