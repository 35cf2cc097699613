"""Who may ask the control port: programs on this machine that know the token.

Rules:
1. ``Host`` must name this port on loopback, or a web page could reach it by a name of its own
   that resolves to 127.0.0.1 (DNS rebinding).
2. A browser's request from another site is refused by ``Origin`` and ``Sec-Fetch-Site``.
3. Every request carries ``Authorization: Bearer`` with the token, compared in constant time.
4. What changes something is a POST with JSON, which no form of a web page can send.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus

from ibelay.control.port.http import Problem, Request

_NAMES = ("127.0.0.1", "localhost", "[::1]")


def refusal(request: Request, *, token: str, port: int) -> Problem | None:
    """Return why *request* is not served, None if it may be."""
    hosts = {f"{name}:{port}" for name in _NAMES}
    if request.headers.get("host", "").lower() not in hosts:
        return Problem(HTTPStatus.FORBIDDEN, f"Host must be 127.0.0.1:{port}")
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() not in {f"http://{host}" for host in hosts}:
        return Problem(HTTPStatus.FORBIDDEN, "requests from web pages are refused")
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return Problem(HTTPStatus.FORBIDDEN, "requests from other sites are refused")
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return Problem(
            HTTPStatus.UNAUTHORIZED, "the token is missing or wrong: send Authorization: Bearer"
        )
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and kind != "application/json":
        return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected application/json")
    return None
