"""Talks to the control port of a gateway or a proxy from another process."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ibelay.control.port.token import read_token, usual_file
from ibelay.errors import ConfigurationError, LinkError

HOST = "127.0.0.1"
DEFAULT_PORT = 4070
TIMEOUT_S = 10.0
MAX_ANSWER = 32 << 20
Json = dict[str, Any]


class RemoteGateway:
    """A gateway, by its control port.

    Args:
        port: Its control port.
        token_file: Where its token is; None for the usual place.
    """

    def __init__(self, port: int = DEFAULT_PORT, token_file: Path | None = None) -> None:
        self._port = port
        self._token_file = token_file or usual_file(port)

    def look(self, path: str) -> Json:
        """Return what the gateway shows at *path*.

        Raises:
            LinkError: No gateway answers.
            ConfigurationError: The token is wrong, or there is no such page.
        """
        return self._ask("GET", path)

    def do(self, commands: Sequence[str]) -> list[str]:
        """Send commands; return what was done.

        Raises:
            LinkError: No gateway answers.
            ConfigurationError: The token is wrong, or a command cannot be done.
        """
        return list(self._ask("POST", "/commands", {"do": list(commands)})["done"])

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
            raise LinkError(
                f"no gateway answers at {HOST}:{self._port} ({error}): "
                f"start one with `ibelay gateway --control-port {self._port}`"
            ) from error
        except ValueError as error:
            raise LinkError(f"what listens at {HOST}:{self._port} is no gateway of ours") from error
        finally:
            connection.close()
        return self._checked(response.status, said)

    def _checked(self, status: int, said: object) -> Json:
        if not isinstance(said, dict):
            raise LinkError(f"what listens at {HOST}:{self._port} is no gateway of ours")
        if status == HTTPStatus.UNAUTHORIZED:
            raise ConfigurationError(
                f"the token in {self._token_file} is not this gateway's: "
                "name the right file with --token-file"
            )
        if status != HTTPStatus.OK:
            raise ConfigurationError(str(said.get("error", f"the gateway answered {status}")))
        return said
