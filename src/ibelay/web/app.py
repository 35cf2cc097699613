"""The HTTP API and the status page. Import it late: FastAPI takes its time.

Reading is open on loopback unless ``open_reads`` is False; changing always needs the token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from importlib import resources

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from ibelay.web import answers
from ibelay.web.commands import mount_commands, mount_session
from ibelay.web.feed import Feed
from ibelay.web.guard import Guard
from ibelay.web.page import page, sections, sign_in_page
from ibelay.web.security import Actor, Rules
from ibelay.web.status_view import Shown, StatusView, look

Look = Callable[[], Shown]

_ASSETS = {
    "app.js": "text/javascript",
    "style.css": "text/css",
    "icon.svg": "image/svg+xml",
}


def create_app(
    view: StatusView,
    *,
    token: str,
    allowed_origins: Sequence[str] = (),
    allowed_hosts: Sequence[str] = (),
    read_only: bool = False,
    open_reads: bool = True,
    stale_after_s: float = 10.0,
) -> FastAPI:
    """Return the app; serve it with :func:`ibelay.web.server.serve_web`.

    Args:
        view: Where status comes from and commands go to; a ``Supervisor`` is one.
        token: The secret that allows changes, at least 16 characters.
        allowed_origins: Other sites whose scripts may use the API ("https://name").
        allowed_hosts: Names of this machine beside the loopback ones.
        read_only: Do not mount what changes something.
        open_reads: Whether reading needs no token; must be False on a public address.
        stale_after_s: Age in seconds from which numbers are shown as stale.

    Raises:
        ConfigurationError: The token is too short.
    """
    rules = Rules(
        token=token,
        hosts=frozenset(host.lower() for host in allowed_hosts),
        origins=frozenset(allowed_origins),
        open_reads=open_reads,
    )
    app = FastAPI(title="ibelay", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.state.rules = rules
    app.state.closing = asyncio.Event()

    def shown() -> Shown:
        return look(view, stale_after_s)

    _mount_records(app, shown)
    _mount_page(app, view, shown, rules, controls=not read_only)
    _mount_assets(app)
    mount_session(app, rules)
    if not read_only:
        mount_commands(app, view, shown)
    app.add_exception_handler(HTTPException, _sentence)
    app.add_exception_handler(Exception, _our_fault)
    app.add_middleware(Guard, rules=rules)
    if allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(allowed_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["authorization", "content-type"],
        )
    return app


def _mount_records(app: FastAPI, shown: Look) -> None:
    @app.get("/health")
    async def health() -> JSONResponse:
        """Say whether the bot is connected, synchronised and heard of lately."""
        answer = answers.health(shown())
        return JSONResponse(answer, 200 if answer["status"] == "healthy" else 503)

    @app.get("/api/ibkr/status")
    async def connection() -> JSONResponse:
        """Return the connection's record."""
        return _known(answers.connection(shown()), shown())

    @app.get("/api/worklist")
    async def worklist() -> JSONResponse:
        """Return the watch list with prices."""
        return _known(answers.worklist(shown()), shown())

    @app.get("/api/bot/status")
    async def bot() -> JSONResponse:
        """Return everything known of the bot and its process."""
        return JSONResponse(answers.bot(shown()))


def _mount_page(
    app: FastAPI, view: StatusView, shown: Look, rules: Rules, *, controls: bool
) -> None:
    feed = Feed(view, app.state.closing, lambda: sections(shown(), controls=controls))

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def status_page(request: Request) -> HTMLResponse:
        if not rules.open_reads and request.scope["ibelay.actor"] is Actor.NOBODY:
            return HTMLResponse(sign_in_page())
        return HTMLResponse(page(shown(), controls=controls))

    @app.get("/api/stream", response_class=StreamingResponse)
    async def stream() -> Response:
        """Send the page's sections as they change (server-sent events)."""
        if feed.is_full:
            return JSONResponse({"error": "too many live feeds are open; close a page"}, 503)
        return StreamingResponse(feed.read(), media_type="text/event-stream")


def _mount_assets(app: FastAPI) -> None:
    folder = resources.files("ibelay.web").joinpath("assets")
    contents = {name: folder.joinpath(name).read_bytes() for name in _ASSETS}

    @app.get("/assets/{name}", include_in_schema=False)
    async def asset(name: str) -> Response:
        if name not in contents:
            raise HTTPException(404)
        return Response(
            contents[name], media_type=_ASSETS[name], headers={"cache-control": "no-cache"}
        )


def _known(answer: answers.Json | None, shown: Shown) -> JSONResponse:
    if answer is None:
        reason = shown.problem or "the bot has not reported yet"
        return JSONResponse({"error": f"nothing is known yet: {reason}; ask again shortly"}, 503)
    return JSONResponse(answer)


async def _sentence(request: Request, error: Exception) -> JSONResponse:
    """Answer an HTTP error with one sentence instead of its bare name."""
    if not isinstance(error, HTTPException):
        raise error
    sentence = error.detail
    if error.status_code == 404 and sentence == "Not Found":
        sentence = f"there is nothing at {request.url.path}; the page of this server is at /"
    if error.status_code == 405:
        sentence = (
            f"{request.method} is not possible on {request.url.path}, "
            "or this server was started read-only"
        )
    return JSONResponse({"error": sentence}, error.status_code, error.headers)


async def _our_fault(_request: Request, _error: Exception) -> JSONResponse:
    """Answer a bug of ours; the server logs it with its traceback."""
    return JSONResponse(
        {"error": "ibelay failed to answer; the log of the supervisor says why"}, 500
    )
