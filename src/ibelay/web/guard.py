"""The door: applies the rules of ``security`` to every request before the app sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ibelay.telemetry.masking import mask_text
from ibelay.web.security import (
    HEADERS,
    SAFE_METHODS,
    Asked,
    Refusal,
    Rules,
    actor,
    refusal,
    size_refusal,
)

_log = structlog.get_logger("ibelay.web")
_BODY_WAIT_S = 10.0
_LOGGED_MAX = 1000


class Guard:
    """ASGI middleware around the whole app.

    Reads the body of a changing request itself, within its limits of size and time, leaves
    who asked in ``scope["ibelay.actor"]``, and adds the security headers to every answer.

    Args:
        app: What is guarded.
        rules: What is allowed.
    """

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules
        self._logged = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through to the app, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headed = _with_headers(send)
        asked = facts_of(Request(scope))
        refused = refusal(asked, self._rules)
        if refused is None and asked.method not in SAFE_METHODS:
            body = await _body(receive)
            if isinstance(body, Refusal):
                refused = body
            else:
                receive = _once(body, receive)
        if refused is not None:
            await self._refuse(asked, refused)(scope, receive, headed)
            return
        scope["ibelay.actor"] = actor(asked, self._rules)
        await self._app(scope, receive, headed)

    def _refuse(self, asked: Asked, refused: Refusal) -> JSONResponse:
        # Bounded: whoever knocks for hours must not fill the disk with his refusals.
        if self._logged < _LOGGED_MAX:
            self._logged += 1
            path = mask_text(asked.path[:200])
            _log.warning(
                "web_refused",
                status=refused.status,
                method=asked.method,
                path=path,
                reason=refused.sentence,
            )
        headers = {"www-authenticate": "Bearer"} if refused.status == 401 else {}
        # What was not read of the body must not be taken for the next request.
        headers["connection"] = "close"
        return JSONResponse({"error": refused.sentence}, refused.status, headers)


def facts_of(request: Request) -> Asked:
    """Return the facts of *request* that security decides on."""
    headers: Mapping[str, str] = request.headers
    return Asked(
        method=request.method,
        path=request.url.path,
        host=headers.get("host", ""),
        origin=headers.get("origin", ""),
        fetch_site=headers.get("sec-fetch-site", ""),
        content_type=headers.get("content-type", ""),
        content_length=headers.get("content-length", ""),
        authorization=headers.get("authorization", ""),
        cookies=tuple(request.cookies.items()),
    )


async def _body(receive: Receive) -> bytes | Refusal:
    """Return the whole body, or why it is refused."""
    body = b""
    try:
        async with asyncio.timeout(_BODY_WAIT_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return Refusal(400, "the body ended early; send it whole")
                chunk: bytes = message.get("body", b"")
                body += chunk
                too_large = size_refusal(len(body))
                if too_large is not None:
                    return too_large
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        return Refusal(408, f"the body did not arrive in {_BODY_WAIT_S:.0f} s; send it at once")


def _once(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives *body* first, then whatever *receive* still has."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _with_headers(send: Send) -> Send:
    async def headed(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            extra = [pair for pair in HEADERS if pair[0] not in given]
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return headed
