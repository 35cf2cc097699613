"""Which toxics stand, and for whom.

The latest of a kind for the same client and way takes the place of the one before; among those
that fit a connection the latest counts.
"""

from __future__ import annotations

from typing import TypeVar

from ibelay.errors import ConfigurationError
from ibelay.model.faults import Bandwidth, Latency, Limit, Slicer, SlowClose, write
from ibelay.model.ids import ClientId

Toxic = Latency | Bandwidth | Slicer | Limit | SlowClose
Wanted = TypeVar("Wanted", bound=Toxic)
MAX_TOXICS = 1000
BOTH = "both"


class Toxics:
    """The toxics that stand."""

    def __init__(self) -> None:
        self._standing: dict[tuple[object, ...], Toxic] = {}

    def __bool__(self) -> bool:
        return bool(self._standing)

    def put(self, toxic: Toxic) -> None:
        """Let *toxic* stand.

        Raises:
            ConfigurationError: Too many stand already.
        """
        key = _key(toxic)
        self._standing.pop(key, None)
        if len(self._standing) >= MAX_TOXICS:
            raise ConfigurationError(
                f"{MAX_TOXICS} toxics stand already: clear them before adding {write(toxic)}"
            )
        self._standing[key] = toxic

    def end(self, toxic: Toxic) -> None:
        """Take *toxic* away, unless another has taken its place."""
        if self._standing.get(_key(toxic)) is toxic:
            del self._standing[_key(toxic)]

    def clear(self) -> None:
        """Take all away."""
        self._standing.clear()

    def look(self, kind: type[Wanted], client_id: ClientId | None, way: str) -> Wanted | None:
        """Return the toxic of *kind* that counts for this client and way, None if none does."""
        for toxic in reversed(self._standing.values()):
            meant = toxic.client in {None, client_id} and getattr(toxic, "way", BOTH) in {BOTH, way}
            if meant and isinstance(toxic, kind):
                return toxic
        return None

    def said(self) -> list[str]:
        """Return what stands, in words."""
        return [write(toxic) for toxic in self._standing.values()]


def _key(toxic: Toxic) -> tuple[object, ...]:
    return (type(toxic), getattr(toxic, "way", BOTH), toxic.client)
