"""CPython's loop of Windows, the Proactor's, over the sockets of this system.

The transports, the accepting and the ends of connections are CPython's own
(``asyncio.proactor_events``), which is what Windows runs. Only the completions are made here, of
``select``: what Windows' kernel does is not shown by this.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
from asyncio import proactor_events
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")
Ask = Callable[[Callable[[], Any]], Awaitable[Any]]
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class _Operation(asyncio.Future[Any]):
    """What was asked of a socket and is not done; forgotten at once when it is cancelled."""

    def __init__(self, attempt: Callable[[], Any], forget: Callable[[], None]) -> None:
        super().__init__()
        self.attempt, self._forget = attempt, forget

    def cancel(self, msg: Any | None = None) -> bool:
        self._forget()
        return super().cancel(msg)


class Completions:
    """Does what is asked of sockets as soon as they can, and says so."""

    def __init__(self) -> None:
        self._selector = selectors.SelectSelector()
        self._asked: dict[tuple[int, int], _Operation] = {}

    def set_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Know the loop."""

    def select(self, timeout: float | None = None) -> list[Any]:
        """Complete what can be, within a time."""
        for key, events in self._selector.select(timeout):
            for event in (READ, WRITE):
                if events & event and (key.fd, event) in self._asked:
                    self._complete(key.fd, event)
        return []

    def recv(self, sock: socket.socket, count: int, flags: int = 0) -> asyncio.Future[Any]:
        """Receive bytes."""
        return self._ask(sock, READ, lambda: sock.recv(count, flags))

    def recv_into(self, sock: socket.socket, buffer: Any, flags: int = 0) -> asyncio.Future[Any]:
        """Receive bytes into a buffer."""
        return self._ask(sock, READ, lambda: sock.recv_into(buffer, 0, flags))

    def send(self, sock: socket.socket, data: bytes, flags: int = 0) -> asyncio.Future[Any]:
        """Send all of *data*, as Windows does."""
        left = memoryview(bytes(data))

        def attempt() -> None:
            nonlocal left
            while left:
                left = left[sock.send(left, flags) :]

        return self._ask(sock, WRITE, attempt)

    def accept(self, listening: socket.socket) -> asyncio.Future[Any]:
        """Accept a connection."""

        def attempt() -> tuple[socket.socket, Any]:
            one, address = listening.accept()
            one.setblocking(False)
            return one, address

        return self._ask(listening, READ, attempt)

    def connect(self, sock: socket.socket, address: Any) -> asyncio.Future[Any]:
        """Connect."""
        error = sock.connect_ex(address)

        def attempt() -> None:
            nonlocal error
            if error:
                error = 0
                raise BlockingIOError
            if failed := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(failed, "cannot connect")

        return self._ask(sock, WRITE, attempt)

    def close(self) -> None:
        """Complete nothing more."""
        self._selector.close()

    def _stop_serving(self, listening: socket.socket) -> None:
        """Accept no more there: the loop has cancelled it."""

    def _ask(self, sock: socket.socket, event: int, attempt: Callable[[], Any]) -> _Operation:
        number = sock.fileno()
        operation = _Operation(attempt, lambda: self._forget(number, event))
        assert (number, event) not in self._asked, "asked twice at a time"
        self._asked[number, event] = operation
        self._watch(number)
        self._complete(number, event)
        return operation

    def _complete(self, number: int, event: int) -> None:
        operation = self._asked[number, event]
        try:
            done = operation.attempt()
        except BlockingIOError:
            return
        except OSError as error:
            self._forget(number, event)
            operation.set_exception(error)
        else:
            self._forget(number, event)
            operation.set_result(done)

    def _forget(self, number: int, event: int) -> None:
        if self._asked.pop((number, event), None) is not None:
            self._watch(number)

    def _watch(self, number: int) -> None:
        events = sum(event for event in (READ, WRITE) if (number, event) in self._asked)
        if number in self._selector.get_map():
            self._selector.unregister(number)
        if events:
            self._selector.register(number, events)


class CompletionLoop(proactor_events.BaseProactorEventLoop):
    """The Proactor's loop, without Windows.

    Attributes:
        failures: What escaped from callbacks.
    """

    def __init__(self) -> None:
        super().__init__(Completions())
        self.failures: list[dict[str, Any]] = []
        self.set_exception_handler(lambda _loop, said: self.failures.append(said))

    def run_forever(self) -> None:
        """Run as Windows' does, which reads what wakes it from the start."""
        self.call_soon(vars(proactor_events.BaseProactorEventLoop)["_loop_self_reading"], self)
        super().run_forever()


@asynccontextmanager
async def in_completions(
    make: Callable[[], AbstractAsyncContextManager[T]],
) -> AsyncIterator[tuple[T, Ask]]:
    """Let what *make* makes run in such a loop, in a thread of its own; nothing may escape there.

    Gives it, and what calls a function there.
    """
    here = asyncio.get_running_loop()
    ready: asyncio.Future[tuple[T, asyncio.AbstractEventLoop, asyncio.Event]] = here.create_future()

    async def stand() -> None:
        stop = asyncio.Event()
        async with make() as one:
            told = (one, asyncio.get_running_loop(), stop)
            here.call_soon_threadsafe(ready.set_result, told)
            await stop.wait()

    def run() -> list[dict[str, Any]]:
        with asyncio.Runner(loop_factory=CompletionLoop) as runner:
            loop = runner.get_loop()
            assert isinstance(loop, CompletionLoop)
            runner.run(stand())
        return loop.failures

    async with asyncio.TaskGroup() as group:
        running = group.create_task(asyncio.to_thread(run))
        one, loop, stop = await ready

        async def ask(function: Callable[[], Any]) -> Any:
            async def answer() -> Any:
                return function()

            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answer(), loop))

        try:
            yield one, ask
        finally:
            loop.call_soon_threadsafe(stop.set)
    assert running.result() == []
