"""The token of a control port: made once, readable by its owner alone."""

from __future__ import annotations

import os
import secrets  # noqa: TID251  # a token is a secret
import sys
from pathlib import Path

from ibelay.control.listening import reason
from ibelay.errors import ConfigurationError

MAX_TOKEN = 1000


def usual_file(port: int, kind: str = "gateway") -> Path:
    """Return where the token of a control port is kept unless it is said otherwise.

    That is the user's state folder, which ``XDG_STATE_HOME`` may name.
    """
    if sys.platform == "win32":
        state = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "ibelay" / f"{kind}-{port}.token"


def make_token(path: Path) -> str:
    """Return the token in *path*; make the file, with mode 0600, if there is none.

    Raises:
        ConfigurationError: It cannot be made or read.
    """
    if path.exists():
        return read_token(path)
    token = secrets.token_urlsafe(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"the token file {path} cannot be made ({error.strerror}): "
            "choose another with --control-token-file"
        ) from error
    with os.fdopen(number, "w", encoding="ascii") as file:
        file.write(token + "\n")
    return token


def read_token(path: Path) -> str:
    """Return the token in *path*.

    Raises:
        ConfigurationError: There is none.
    """
    try:
        with path.open(encoding="ascii") as file:
            token = file.read(MAX_TOKEN).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error) if isinstance(error, OSError) else "no text in ASCII"
        raise ConfigurationError(
            f"the token file {path} cannot be read ({why}): it is made when what it opens starts "
            "with a control port; name it with --token-file"
        ) from error
    if not token or not token.isprintable():
        raise ConfigurationError(f"the token file {path} holds no token: delete it and start again")
    return token
