"""Who may ask for what. Pure: facts of a request in, a refusal or nothing out.

Rules, checked in this order:
1. The Host header must name this machine (or a configured name): a page elsewhere cannot
   reach us by pointing its own name at 127.0.0.1 (DNS rebinding).  421
2. A request that changes something must not come from another site, by its
   Sec-Fetch-Site or its Origin, unless that origin is configured.  403
3. A request that changes something needs the token as bearer, or the cookie that
   ``POST /api/session`` gives for it. Reads need it too once they are not open.  401
4. Bodies are at most 64 KiB (413) of JSON (415).

The cookie is not the token but a digest of it, so a leaked cookie does not reveal it, and
its name holds another digest, since browsers share cookies between ports of one host.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from ibelay.errors import ConfigurationError

BODY_MAX_BYTES = 64 * 1024
TOKEN_MIN = 16
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SESSION_PATH = "/api/session"

_CONTENT_POLICY = (
    b"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    b"object-src 'none'"
)
HEADERS = (
    (b"content-security-policy", _CONTENT_POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Actor(StrEnum):
    """As whom a request was let in; commands carry it as their ``by``."""

    NOBODY = "nobody"
    DASHBOARD = "dashboard"
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The facts of a request that decide; empty texts where a header is missing."""

    method: str
    path: str
    host: str = ""
    origin: str = ""
    fetch_site: str = ""
    content_type: str = ""
    content_length: str = ""
    authorization: str = ""
    cookies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP status and one sentence for the person who asked."""

    status: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is allowed here.

    Attributes:
        token: The secret of this server.
        hosts: Names in the Host header that are us, beside the loopback ones.
        origins: Other sites that may use the API, as "https://name".
        open_reads: Whether reading needs no token (only ever on loopback).
    """

    token: str
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    open_reads: bool = True

    def __post_init__(self) -> None:
        if len(self.token) < TOKEN_MIN:
            msg = (
                f"the web token has {len(self.token)} characters; expected at least {TOKEN_MIN}, "
                "generated, not thought up"
            )
            raise ConfigurationError(msg)

    @property
    def cookie_name(self) -> str:
        """The name of the session cookie."""
        return f"ibelay_{self._digest('name')[:8]}"

    @property
    def cookie_value(self) -> str:
        """What the session cookie must hold."""
        return self._digest("session")

    def is_token(self, text: str) -> bool:
        """Return whether *text* is the token, in a time that does not tell how nearly."""
        return hmac.compare_digest(text.encode(), self.token.encode())

    def _digest(self, purpose: str) -> str:
        return hmac.new(self.token.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def actor(asked: Asked, rules: Rules) -> Actor:
    """Return as whom *asked* may act."""
    scheme, _, given = asked.authorization.partition(" ")
    if scheme.lower() == "bearer" and rules.is_token(given.strip()):
        return Actor.API
    for name, value in asked.cookies:
        if name == rules.cookie_name and hmac.compare_digest(
            value.encode(), rules.cookie_value.encode()
        ):
            return Actor.DASHBOARD
    return Actor.NOBODY


def refusal(asked: Asked, rules: Rules) -> Refusal | None:
    """Return why *asked* is refused, or None if it may pass."""
    if not _is_us(asked.host, rules):
        return Refusal(
            421, "this server is not called that; use http://localhost with the port it was given"
        )
    changes = asked.method not in SAFE_METHODS
    if changes and _is_from_elsewhere(asked, rules):
        return Refusal(403, "requests from other sites are refused; use the page of this server")
    if _needs_token(asked, rules, changes=changes) and actor(asked, rules) is Actor.NOBODY:
        return Refusal(
            401,
            "a token is needed: send 'Authorization: Bearer TOKEN', or open the address with "
            "#token= that was printed at start",
        )
    if changes and asked.content_length.isdecimal():
        return size_refusal(int(asked.content_length)) or _type_refusal(asked)
    return _type_refusal(asked) if changes else None


def size_refusal(size: int) -> Refusal | None:
    """Return why a body of *size* bytes is refused, or None."""
    if size <= BODY_MAX_BYTES:
        return None
    return Refusal(413, f"the body is too large; expected at most {BODY_MAX_BYTES} bytes")


def host_name(host: str) -> str:
    """Return the name in a Host header, without its port and in lower case."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower().rstrip(".")


def _is_us(host: str, rules: Rules) -> bool:
    name = host_name(host)
    return name in LOOPBACK_NAMES or name in rules.hosts


def _is_from_elsewhere(asked: Asked, rules: Rules) -> bool:
    if asked.origin in rules.origins:
        return False
    if asked.fetch_site not in ("", "same-origin", "none"):
        return True
    return bool(asked.origin) and _place(asked.origin) != asked.host.lower()


def _place(origin: str) -> str:
    """Return host and port of an origin, in lower case; empty for ``null`` and nonsense."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _needs_token(asked: Asked, rules: Rules, *, changes: bool) -> bool:
    if asked.path == SESSION_PATH:
        return False  # this is where the token is brought
    if changes:
        return True
    return not rules.open_reads and asked.path.startswith("/api/")


def _type_refusal(asked: Asked) -> Refusal | None:
    kind = asked.content_type.partition(";")[0].strip().lower()
    has_body = asked.content_length not in ("", "0")
    if kind == "application/json" or (not kind and not has_body):
        return None
    return Refusal(415, "the body must be JSON; send 'Content-Type: application/json'")
