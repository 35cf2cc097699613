"""As much of HTTP/1.1 as a control port needs: one request, one answer, closed.

Rules:
1. A request has at most 16 KiB of head and 64 KiB of body; chunked bodies are refused.
2. What cannot be read gets a status and one sentence, never silence.

**Source**: RFC 9112, sections 3, 5 and 6.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

MAX_HEAD = 16 << 10
MAX_BODY = 64 << 10
_REQUEST = re.compile(rb"([A-Z]{1,16}) (/[!-~]{0,1000}) HTTP/1\.[01]")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t -~]*?)[ \t]*")
_ONCE = frozenset({"host", "content-length", "authorization", "origin", "content-type"})
_ALWAYS = (
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n"
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class Problem(NamedTuple):
    """Why a request is not served: a status and a sentence."""

    status: HTTPStatus
    sentence: str


def read(data: bytes) -> Request | Problem | None:
    """Return the request in *data*, why it is none, or None while it is not all there."""
    head, end, body = data.partition(b"\r\n\r\n")
    if len(head) > MAX_HEAD:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        return Problem(status, f"the head is too large: expected at most {MAX_HEAD} bytes")
    if not end:
        return None
    first, *lines = head.split(b"\r\n")
    match = _REQUEST.fullmatch(first)
    headers = _headers(lines)
    if match is None or headers is None:
        return Problem(HTTPStatus.BAD_REQUEST, "that is no HTTP/1.1 request")
    length = _length(headers)
    if isinstance(length, Problem):
        return length
    if len(body) < length:
        return None
    return Request(match[1].decode(), match[2].decode().partition("?")[0], headers, body[:length])


def answer(status: HTTPStatus, content: Mapping[str, Any]) -> bytes:
    """Return an answer in JSON."""
    body = (json.dumps(content, indent=2, default=str) + "\n").encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{_ALWAYS}\r\n"
    )
    return head.encode() + body


def _headers(lines: list[bytes]) -> dict[str, str] | None:
    headers: dict[str, str] = {}
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            return None
        name = match[1].decode().lower()
        if name in _ONCE and name in headers:
            return None
        headers[name] = match[2].decode()
    return headers


def _length(headers: Mapping[str, str]) -> int | Problem:
    if "transfer-encoding" in headers:
        return Problem(HTTPStatus.LENGTH_REQUIRED, "chunked bodies are not read: send a length")
    text = headers.get("content-length", "0")
    if not re.fullmatch(r"\d{1,12}", text):
        return Problem(HTTPStatus.BAD_REQUEST, "Content-Length is no number")
    if int(text) > MAX_BODY:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return Problem(status, f"the body is too large: expected at most {MAX_BODY} bytes")
    return int(text)
