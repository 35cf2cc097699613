"""A foreign client in a process of its own, and all that it has said so far."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.conformance.environments import ForeignClient, command

PATIENCE_S = 30.0
NO_ID = -1


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a driver said; see ``drivers/speech.py``."""

    name: str
    args: list[Any]


class Remote:
    """A running driver; see ``started``.

    Args:
        client: Whose library it speaks through.
        process: The driver.
    """

    def __init__(self, client: ForeignClient, process: subprocess.Popen[str]) -> None:
        self.client = client
        self._process = process
        self._heard: list[Event] = []
        self._ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def mark(self) -> int:
        """How much has been heard; ``since`` takes it."""
        with self._changed:
            return len(self._heard)

    def since(self, mark: int = 0) -> list[Event]:
        """Return what was heard after *mark*."""
        with self._changed:
            return self._heard[mark:]

    def complaints(self) -> list[str]:
        """Return what the library logged or raised while it decoded."""
        return [str(event.args[0]) for event in self.since() if event.name == "complaint"]

    def until(
        self, true: Callable[[list[Event]], object], *, mark: int = 0, within_s: float = PATIENCE_S
    ) -> bool:
        """Wait until what was heard since *mark* satisfies; return whether it does in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or true(self._heard[mark:]), within_s)
            return bool(true(self._heard[mark:]))

    def expect(self, *names: str, mark: int = 0) -> Event:
        """Return the first event of one of these *names* since *mark*.

        Raises:
            AssertionError: None came in time.
        """

        def found(events: list[Event]) -> list[Event]:
            return [event for event in events if event.name in names]

        if not self.until(found, mark=mark):
            last = [event.name for event in self.since(mark)][-10:]
            raise AssertionError(f"{self.client.name} did not say {names}; its last words: {last}")
        return found(self.since(mark))[0]

    def connect(self, port: int, client_id: int) -> int:
        """Connect and wait for the first messages of a session; return the server version."""
        mark = self.mark
        self._say({"do": "connect", "host": "127.0.0.1", "port": port, "client_id": client_id})
        outcome = self.expect("connected", "closed", mark=mark)
        if outcome.name == "closed":
            raise ConnectionRefusedError(f"{self.client.name}: {self.codes(mark)}")
        self.expect("nextValidId", mark=mark)
        self.expect("managedAccounts", mark=mark)
        return int(outcome.args[0])

    def try_to_connect(self, port: int, client_id: int) -> list[int]:
        """Connect where it must fail; return the codes it was given."""
        mark = self.mark
        self._say({"do": "connect", "host": "127.0.0.1", "port": port, "client_id": client_id})
        self.expect("closed", "connectionClosed", "error", mark=mark)
        self.until(lambda _heard: self.codes(mark), mark=mark)
        return self.codes(mark)

    def codes(self, mark: int = 0) -> list[int]:
        """Return the codes of the errors heard since *mark*."""
        return [event.args[1] for event in self.since(mark) if event.name == "error"]

    def catch_up(self) -> None:
        """Return once the library has decoded all that was said to it until now."""
        _told, mark = self.call("reqCurrentTime")
        self.expect("currentTime", mark=mark)

    def disconnect(self) -> None:
        """End the connection as a user of the library would, with nothing left to decode.

        Some libraries forget the server's version before their decoder has stopped.
        """
        self.catch_up()
        mark = self.mark
        self._say({"do": "disconnect"})
        self.expect("closed", "disconnected", mark=mark)

    def call(self, name: str, given: Mapping[str, Any] | None = None) -> tuple[Event, int]:
        """Have the library send a request; return how that went, and a mark from before."""
        mark = self.mark
        self._say({"do": "call", "name": name, "with": dict(given or {})})
        self.expect("called", "absent", mark=mark)
        told = [e for e in self.since(mark) if e.name in {"called", "absent", "declined"}]
        return min(told, key=lambda event: event.name == "called"), mark

    def stop(self) -> None:
        """Hang up; the driver ends by itself, or is ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)

    def _say(self, what: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = _event(line)
            with self._changed:
                self._heard.append(said)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _event(line: str) -> Event:
    """Read one line of a driver; what is not its own speech is a complaint."""
    try:
        said = json.loads(line)
        return Event(said["event"], said["args"])
    except (ValueError, TypeError, KeyError):
        return Event("complaint", [f"it printed {line.strip()!r}"])


@contextmanager
def started(client: ForeignClient) -> Iterator[Remote]:
    """Start the driver of *client*; it ends with the context."""
    words, environment = command(client)
    with subprocess.Popen(
        words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        remote = Remote(client, process)
        try:
            yield remote
        finally:
            remote.stop()
