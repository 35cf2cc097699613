"""The endpoints that change something, and the one that opens a session.

A command is handed to the bot, which journals and obeys it: the answer is 202, and the
next status shows the effect. Read-only servers do not mount these at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec
import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ibelay.ports.control import AddSymbol, AnyCommand, ClearSafeMode, Reconnect, RemoveSymbol
from ibelay.web.security import SESSION_PATH, Rules
from ibelay.web.status_view import Shown, StatusView

_log = structlog.get_logger("ibelay.web")
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.\- ]{0,11}")
_CAUSE_MAX = 500

BodyT = TypeVar("BodyT", bound=msgspec.Struct)


class SymbolBody(msgspec.Struct, forbid_unknown_fields=True):
    """``{"symbol": "AAPL"}``."""

    symbol: str


class CauseBody(msgspec.Struct, forbid_unknown_fields=True):
    """``{"cause": "gateway was updated"}``."""

    cause: str


class TokenBody(msgspec.Struct, forbid_unknown_fields=True):
    """``{"token": "…"}``."""

    token: str


def mount_session(app: FastAPI, rules: Rules) -> None:
    """Mount the exchange of the token for a cookie that scripts cannot read."""

    @app.post(SESSION_PATH)
    async def open_session(request: Request) -> JSONResponse:
        """Exchange the token for a session cookie."""
        body = await _read(request, TokenBody, '{"token": "…"}')
        if not rules.is_token(body.token):
            raise HTTPException(401, "that is not the token of this server; see what it printed")
        answer = JSONResponse({"signed_in": True})
        answer.set_cookie(
            rules.cookie_name,
            rules.cookie_value,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer


def mount_commands(app: FastAPI, view: StatusView, shown: Callable[[], Shown]) -> None:
    """Mount what sends commands to the bot."""

    @app.post("/api/worklist", status_code=202)
    async def add_symbol(request: Request) -> JSONResponse:
        """Watch a symbol."""
        body = await _read(request, SymbolBody, '{"symbol": "AAPL"}')
        command = AddSymbol(by=_by(request), symbol=checked_symbol(body.symbol))
        return await _pass_on(view, shown(), command)

    @app.delete("/api/worklist/{symbol}", status_code=202)
    async def remove_symbol(request: Request, symbol: str) -> JSONResponse:
        """Stop watching a symbol; its open position stays managed."""
        name, now = checked_symbol(symbol), shown()
        watched = {line.symbol for line in now.status.watch_list} if now.status else set()
        if now.is_live and name not in watched:
            raise HTTPException(404, f"{name} is not on the watch list, so it cannot be removed")
        return await _pass_on(view, now, RemoveSymbol(by=_by(request), symbol=name))

    @app.post("/api/safe-mode/clear", status_code=202)
    async def clear_safe_mode(request: Request) -> JSONResponse:
        """Leave safe mode, with the cause for the journal."""
        body = await _read(request, CauseBody, '{"cause": "what it was and what was done"}')
        cause, now = body.cause.strip(), shown()
        if not cause or len(cause) > _CAUSE_MAX:
            raise HTTPException(
                400, f"the cause has {len(cause)} characters; expected 1 to {_CAUSE_MAX}"
            )
        if now.is_live and now.status is not None and not now.status.safe_mode:
            raise HTTPException(409, "the bot is not in safe mode, so there is nothing to clear")
        return await _pass_on(view, now, ClearSafeMode(by=_by(request), cause=cause))

    @app.post("/api/reconnect", status_code=202)
    async def reconnect(request: Request) -> JSONResponse:
        """Drop the link to the gateway and connect again now."""
        return await _pass_on(view, shown(), Reconnect(by=_by(request)))


def checked_symbol(text: str) -> str:
    """Return *text* as a symbol: trimmed, in capitals.

    Raises:
        HTTPException: 400, it cannot be one.
    """
    symbol = text.strip().upper()
    if not _SYMBOL.fullmatch(symbol):
        raise HTTPException(
            400,
            f"symbol {text[:40]!r} cannot be used; expected 1 to 12 letters, digits, dots, "
            "hyphens or spaces, such as AAPL or BRK B",
        )
    return symbol


async def _read(request: Request, kind: type[BodyT], example: str) -> BodyT:
    """Return the request's body as *kind*, or refuse it with what was expected."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(400, f"the body is not right ({error}); expected {example}") from error


async def _pass_on(view: StatusView, shown: Shown, command: AnyCommand) -> JSONResponse:
    name = str(type(command).__struct_config__.tag)
    if not await view.send(msgspec.json.encode(command)):
        reason = shown.problem or "the bot does not take commands now"
        raise HTTPException(503, f"the command was not passed on: {reason}; try again later")
    _log.info("command_passed", command=name, by=command.by)
    return JSONResponse({"accepted": True, "command": name}, 202)


def _by(request: Request) -> str:
    return str(request.scope["ibelay.actor"])
