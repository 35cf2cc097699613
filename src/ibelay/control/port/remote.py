"""Talks to the control port of a gateway or a proxy from another process."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from ibelay.control.listening import reason
from ibelay.control.port.token import read_token, usual_file
from ibelay.errors import ConfigurationError, LinkError

HOST = "127.0.0.1"
DEFAULT_PORT = 4070
DEFAULT_CHAOS_PORT = 4071
TIMEOUT_S = 10.0
MAX_PORT = 65535
MAX_ANSWER = 32 << 20
Json = dict[str, Any]


class Kind(NamedTuple):
    """What can be commanded: its word in the name of its token file, its name, how it starts."""

    word: str
    name: str
    start: str


GATEWAY = Kind("gateway", "gateway", "ibelay gateway")
CHAOS = Kind("chaos", "chaos proxy", "ibelay chaos --upstream HOST:PORT")


class Remote:
    """A gateway or a proxy, by its control port.

    Args:
        port: Its control port.
        token_file: Where its token is; None for the usual place.
        kind: What it is.

    Raises:
        ConfigurationError: There is no such port.
    """

    def __init__(
        self, port: int = DEFAULT_PORT, token_file: Path | None = None, kind: Kind = GATEWAY
    ) -> None:
        if not 1 <= port <= MAX_PORT:
            raise ConfigurationError(f"port {port} does not exist: expected 1 to {MAX_PORT}")
        self._port = port
        self._kind = kind
        self._token_file = token_file or usual_file(port, kind.word)

    @property
    def _foreign(self) -> str:
        return f"what listens at {HOST}:{self._port} is no {self._kind.name} of ours"

    def look(self, path: str) -> Json:
        """Return what it shows at *path*.

        Raises:
            LinkError: Nobody answers.
            ConfigurationError: The token is wrong, or there is no such page.
        """
        return self._ask("GET", path)

    def do(self, commands: Sequence[str]) -> list[str]:
        """Send commands; return what was done.

        Raises:
            LinkError: Nobody answers.
            ConfigurationError: The token is wrong, or a command cannot be done.
        """
        done = self._ask("POST", "/commands", {"do": list(commands)}).get("done")
        if not isinstance(done, list) or not all(isinstance(one, str) for one in done):
            raise LinkError(self._foreign)
        return done

    def _ask(self, method: str, path: str, content: Json | None = None) -> Json:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=TIMEOUT_S)
        try:
            connection.connect()  # before the token: that nobody is there says more
            headers = {
                "Authorization": f"Bearer {read_token(self._token_file)}",
                "Content-Type": "application/json",
            }
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            said = json.loads(response.read(MAX_ANSWER))
        except (OSError, http.client.HTTPException) as error:
            why = reason(error) if isinstance(error, OSError) else "what it says is no HTTP"
            raise LinkError(
                f"no {self._kind.name} answers at {HOST}:{self._port} ({why}): "
                f"start one with `{self._kind.start} --control-port {self._port}`"
            ) from error
        except ValueError as error:
            raise LinkError(self._foreign) from error
        finally:
            connection.close()
        return self._checked(response.status, said)

    def _checked(self, status: int, said: object) -> Json:
        if not isinstance(said, dict):
            raise LinkError(self._foreign)
        if status == HTTPStatus.UNAUTHORIZED:
            raise ConfigurationError(
                f"the token in {self._token_file} is not this {self._kind.name}'s: "
                "name the right file with --token-file"
            )
        if status != HTTPStatus.OK:
            raise ConfigurationError(str(said.get("error", f"the answer was {status}")))
        return said
