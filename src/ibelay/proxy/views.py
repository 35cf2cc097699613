"""What a control port shows of a chaos proxy: plain values, nothing is changed by looking."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from ibelay.control import controlled
from ibelay.control.agenda import Agenda
from ibelay.control.controlled import Done, Json, Views
from ibelay.control.line.troubles import Troubles
from ibelay.model.faults import Performer, words_of
from ibelay.proxy.conversation.conversation import Conversation
from ibelay.proxy.toxics.standing import Toxics

MAX_ROWS = 1000


class Shown(Protocol):
    """What is looked at."""

    upstream: tuple[str, int]
    agenda: Agenda
    toxics: Toxics

    @property
    def port(self) -> int:
        """The port that is listened on."""
        ...

    @property
    def log(self) -> Sequence[Done]:
        """What was done."""
        ...

    @property
    def troubles(self) -> Troubles:
        """The faults that stand."""
        ...

    def sessions(self) -> Sequence[Conversation]:
        """Return the conversations."""
        ...

    def now_ns(self) -> int:
        """Return the proxy's time."""
        ...


def views_of(proxy: Shown) -> Views:
    """Return what can be looked at, by path."""
    return {
        "/status": partial(status, proxy),
        "/clients": partial(clients, proxy),
        "/faults": partial(faults, proxy),
        "/vocabulary": vocabulary,
    }


def status(proxy: Shown) -> Json:
    """Return the proxy at a glance."""
    host, port = proxy.upstream
    return {
        "port": proxy.port,
        "upstream": f"{host}:{port}",
        "clients": [one.client_id for one in proxy.sessions()],
        "faults": _standing(proxy),
        "planned": len(proxy.agenda.planned()),
    }


def clients(proxy: Shown) -> Json:
    """Return who is connected."""
    return {
        "clients": [
            {
                "client_id": one.client_id,
                "server_version": one.dialect.version if one.started else None,
                "started": one.started,
                "stuck": one.stuck,
                "half_open": one.half_open,
                "plain": one.plain,
            }
            for one in proxy.sessions()
        ]
    }


def faults(proxy: Shown) -> Json:
    """Return what goes wrong, what is to follow, and what was done; times are seconds from now."""
    now_ns = proxy.now_ns()
    return {
        "standing": _standing(proxy),
        "planned": [
            {"in_s": (at_ns - now_ns) / 1e9, "what": name}
            for at_ns, name in proxy.agenda.planned()[:MAX_ROWS]
        ],
        "done": [
            {"s_ago": (now_ns - done.at_ns) / 1e9, "command": done.command, "said": done.said}
            for done in proxy.log
        ],
    }


def vocabulary() -> Json:
    """Return every command a proxy knows."""
    return controlled.vocabulary(words_of(Performer.PROXY))


def _standing(proxy: Shown) -> list[str]:
    return proxy.troubles.standing() + proxy.toxics.said()
