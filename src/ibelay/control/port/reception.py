"""What the control port answers: views for GET, commands for POST. Pure.

Rules:
1. A list of commands is read whole before the first is done; then they are done in order.
2. The first that cannot be done ends the list: 409 with its sentence, and what was done.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, NamedTuple

from ibelay.control.controlled import Controlled
from ibelay.control.port.guard import refusal
from ibelay.control.port.http import Problem, Request
from ibelay.errors import ConfigurationError
from ibelay.model.faults import Command, read

COMMANDS = "/commands"
MAX_COMMANDS = 100


class Reply(NamedTuple):
    """A status and what is said in JSON."""

    status: HTTPStatus
    content: dict[str, Any]


def serve(request: Request | Problem, whom: Controlled, *, token: str, port: int) -> Reply:
    """Return the answer to a request."""
    if isinstance(request, Problem):
        return _problem(request)
    problem = refusal(request, token=token, port=port)
    if problem is not None:
        return _problem(problem)
    if request.path == COMMANDS:
        if request.method != "POST":
            return _problem(Problem(HTTPStatus.METHOD_NOT_ALLOWED, "commands are sent by POST"))
        return _commands(request.body, whom)
    view = whom.views.get(request.path)
    if view is None:
        known = ", ".join([*whom.views, COMMANDS])
        return _problem(Problem(HTTPStatus.NOT_FOUND, f"there is no such page: expected {known}"))
    if request.method != "GET":
        return _problem(Problem(HTTPStatus.METHOD_NOT_ALLOWED, "this is only to be looked at"))
    return Reply(HTTPStatus.OK, view())


def _commands(body: bytes, whom: Controlled) -> Reply:
    try:
        commands = _read(body)
    except ConfigurationError as error:
        return _problem(Problem(HTTPStatus.BAD_REQUEST, str(error)))
    done: list[str] = []
    try:
        for command in commands:
            done.append(whom.do(command))  # noqa: PERF401  # what was done is kept
    except ConfigurationError as error:
        return Reply(HTTPStatus.CONFLICT, {"error": str(error), "done": done})
    finally:
        whom.flush()
    return Reply(HTTPStatus.OK, {"done": done})


def _read(body: bytes) -> list[Command]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"the body is no JSON ({error})") from error
    do = asked.get("do") if isinstance(asked, dict) else None
    texts = [do] if isinstance(do, str) else do
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise ConfigurationError('expected {"do": "a command"} or a list of commands')
    if not 0 < len(texts) <= MAX_COMMANDS:
        raise ConfigurationError(f"{len(texts)} commands at once: expected 1 to {MAX_COMMANDS}")
    return [read(text) for text in texts]


def _problem(problem: Problem) -> Reply:
    return Reply(problem.status, {"error": problem.sentence})
