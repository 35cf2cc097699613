"""The live feed of the page: server-sent events carrying the sections that changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import msgspec

from ibelay.web.status_view import StatusView

READERS_MAX = 32
_QUIET_S = 1.0
_PACE_S = 0.25
_RETRY_MS = 1000


class Feed:
    """Counts its readers, and ends them all when the server stops.

    Args:
        view: Where changes come from.
        closing: Set when the server stops.
        render: Makes the sections of this moment.
    """

    def __init__(
        self, view: StatusView, closing: asyncio.Event, render: Callable[[], dict[str, str]]
    ) -> None:
        self._view = view
        self._closing = closing
        self._render = render
        self._readers = 0

    @property
    def is_full(self) -> bool:
        """Whether one more reader would be too many."""
        return self._readers >= READERS_MAX

    async def read(self) -> AsyncIterator[bytes]:
        """Yield an event whenever a section differs from what this reader has.

        Looks at every change, at most four times a second, and once a second without one,
        since ages grow by themselves. The first event holds every section.
        """
        self._readers += 1
        try:
            yield f"retry: {_RETRY_MS}\n\n".encode()
            has: dict[str, str] = {}
            revision = self._view.revision
            while not self._closing.is_set():
                now = self._render()
                news = {name: html for name, html in now.items() if has.get(name) != html}
                has = now
                # A comment line when nothing is new: it finds out whether anybody still reads.
                yield b"data: " + msgspec.json.encode(news) + b"\n\n" if news else b":\n\n"
                revision = await self._next(revision)
        finally:
            self._readers -= 1

    async def _next(self, revision: int) -> int:
        """Wait for the pace, then for a change, the quiet time or the end of the server."""
        await self._closed_within(_PACE_S)
        async with asyncio.TaskGroup() as tasks:
            change = tasks.create_task(self._view.changed(revision))
            closing = tasks.create_task(self._closing.wait())
            await asyncio.wait(
                (change, closing), timeout=_QUIET_S, return_when=asyncio.FIRST_COMPLETED
            )
            change.cancel()
            closing.cancel()
        return self._view.revision

    async def _closed_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
