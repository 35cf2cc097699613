"""The bot seen from outside: its status, asked for over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

_TIMEOUT_S = 2.0


class StatusFeed:
    """Polls the bot's supervisor for its status; keeps the last answer.

    Args:
        port: Of the status page, on loopback.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.answer: dict[str, Any] = {}

    @property
    def bot(self) -> dict[str, Any]:
        """The bot's own status, or an empty mapping before the first."""
        status = self.answer.get("bot")
        return status if isinstance(status, dict) else {}

    @property
    def supervisor(self) -> dict[str, Any]:
        """The supervisor's word on the process."""
        status = self.answer.get("supervisor")
        return status if isinstance(status, dict) else {}

    @property
    def ready(self) -> bool:
        """Whether a live bot says it is READY."""
        connection = self.bot.get("connection") or {}
        return bool(self.answer.get("is_live")) and connection.get("inner_state") == "ready"

    @property
    def pid(self) -> int:
        """Process id of the bot, 0 while there is none."""
        return int(self.supervisor.get("pid") or 0)

    @property
    def holding(self) -> list[str]:
        """What is held, as "100 SPY"."""
        return [
            f"{position['quantity']} {position['symbol']}"
            for position in self.bot.get("positions", ())
            if position["quantity"] not in {"0", "0.00"}
        ]

    async def poll(self) -> None:
        """Ask once; an unanswered question leaves the last answer."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                self.answer = json.loads(await self._get("/api/bot/status"))
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            return

    async def _get(self, path: str) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            writer.write(f"{request}Connection: close\r\n\r\n".encode())
            await writer.drain()
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise ValueError(head.split(b"\r\n", 1)[0].decode(errors="replace"))
        return body
