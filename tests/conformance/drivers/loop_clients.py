"""Speaks through ib_async or ib_insync, as ``CONFORMANCE_CLIENT`` says.

A request goes through ``IB`` where ``IB`` has it, as a user would send it, and its awaitable
must resolve as well; else through the ``Client`` below. What the decoder gives to the wrapper
is recorded on its way.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
from collections.abc import Callable
from typing import Any

speech: Any = importlib.import_module("speech")
LIBRARY: Any = importlib.import_module(os.environ["CONFORMANCE_CLIENT"])
WRAPPER: Any = importlib.import_module(f"{LIBRARY.__name__}.wrapper").Wrapper

CONNECT_S = 60.0
_OWN = {
    "reset", "setEventsDone", "connectionClosed", "startReq", "startTicker", "endTicker",
    "startSubscription", "endSubscription", "orderKey", "setTimeout", "tcpDataArrived",
    "tcpDataProcessed", "error",
}  # fmt: skip
# What the decoder knows and the wrapper leaves to its user.
_EXTRA = (
    "displayGroupList", "displayGroupUpdated", "verifyMessageAPI", "verifyCompleted",
    "verifyAndAuthMessageAPI", "verifyAndAuthCompleted", "replaceFAEnd", "currentTimeInMillis",
    "rerouteMktDataReq", "rerouteMktDepthReq",
)  # fmt: skip
_OBJECTS = {
    "contract": "Contract",
    "order": "Order",
    "filter": "ExecutionFilter",
    "subscription": "ScannerSubscription",
    "wsheventdata": "WshEventData",
}
# Fields that are lists of objects.
_PARTS = {"comboLegs": "ComboLeg", "algoParams": "TagValue", "conditions": "PriceCondition"}
# What IB asks for by itself when it connects, so that asking again has to go past it; and
# what IB gives up with a log entry: at once, or after the second that a busy machine may take.
_BELOW = {
    "reqAccountSummary", "reqAccountUpdates", "reqAccountUpdatesMulti", "reqPnL", "reqPnLSingle",
    "requestFA", "reqMarketRule",
}  # fmt: skip


def _record_callbacks() -> None:
    for name, value in list(vars(WRAPPER).items()):
        if inspect.isfunction(value) and not name.startswith("_") and name not in _OWN:
            setattr(WRAPPER, name, _told(name, value))
    for name in _EXTRA:
        if not hasattr(WRAPPER, name):
            setattr(WRAPPER, name, _told(name, lambda *_args: None))
    theirs = WRAPPER.error

    def error(self: Any, request_id: int, code: int, text: str, *rest: object) -> None:
        speech.say("error", request_id, code, text)
        theirs(self, request_id, code, text, *rest)

    WRAPPER.error = error


def _told(name: str, theirs: Callable[..., Any]) -> Callable[..., Any]:
    def told(self: Any, *args: object, **named: object) -> Any:
        speech.say(name, *args, *named.values())
        return theirs(self, *args, **named)

    return told


class Driver:
    """One connection after the other."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._last_id = -1
        self.ib: Any = None

    async def connect(self, *, host: str, port: int, client_id: int) -> None:
        """Connect with the library's full synchronisation."""
        self.ib = ib = LIBRARY.IB()
        ib.RaiseRequestErrors = True
        draw = ib.client.getReqId

        def drawn() -> int:
            self._last_id = draw()
            return self._last_id

        ib.client.getReqId = drawn
        try:
            await ib.connectAsync(host, port, client_id, timeout=CONNECT_S)
        except (OSError, TimeoutError) as error:
            speech.say("closed", repr(error))
            return
        speech.say("connected", ib.client.serverVersion())

    def disconnect(self) -> None:
        """End the connection as a user would."""
        self.ib.disconnect()
        speech.say("closed")

    async def call(self, name: str, given: dict[str, Any]) -> None:
        """Send the request; its answer may come later."""
        method = self._method(name, given)
        if method is None:
            speech.say("absent")
            return
        self._last_id = given.get("orderid", -1)
        arguments = {
            p.name: self._argument(p, given)
            for p in inspect.signature(method).parameters.values()
            if self._is_given(p, given)
        }
        try:
            sent = method(**arguments)
        except (TypeError, ValueError, AttributeError, LookupError, AssertionError) as error:
            speech.say("complaint", f"{name} raised {error!r}")
            sent = None
        if inspect.isawaitable(sent):
            speech.say("awaits")
            self._tasks.create_task(self._result(sent))
            await asyncio.sleep(0)  # a coroutine sends its request in its first step
            await asyncio.sleep(0)
        order_id = getattr(getattr(sent, "order", None), "orderId", None)
        speech.say("called", self._last_id if order_id is None else order_id)

    def _method(self, name: str, given: dict[str, Any]) -> Any:
        """Return ``IB``'s method, the awaitable one first, or the client's."""
        if name == "placeOrder" and given.get("order", {}).get("whatIf"):
            name = "whatIfOrder"
        if given.get("whattoshow") == "SCHEDULE":
            name = "reqHistoricalSchedule"
            given["numdays"] = 2
        ends_stream = name.startswith("cancel") and name != "cancelOrder"
        if name not in _BELOW and not ends_stream:
            for candidate in (f"{name}Async", name):
                if hasattr(self.ib, candidate):
                    return getattr(self.ib, candidate)
        return getattr(self.ib.client, name, None)

    def _is_given(self, parameter: inspect.Parameter, given: dict[str, Any]) -> bool:
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            return False
        key = speech.canonical(parameter.name)
        return key in given or parameter.default is parameter.empty

    def _argument(self, parameter: inspect.Parameter, given: dict[str, Any]) -> Any:
        key = speech.canonical(parameter.name)
        if key == "order" and "orderid" in given:
            return self._known_order(given["orderid"], given.get("order", {}))
        if key in _OBJECTS:
            return getattr(LIBRARY, _OBJECTS[key])(**_with_parts(given.get(key, {})))
        if key == "reqid" and key not in given:
            return self.ib.client.getReqId()
        if key not in given and speech.is_option(parameter.name):
            return []
        return given[key]

    def _known_order(self, order_id: int, changes: dict[str, Any]) -> Any:
        """Return the library's own order of that id, changed; a new one if it knows none."""
        for trade in self.ib.trades():
            if trade.order.orderId == order_id:
                for name, value in _with_parts(changes).items():
                    setattr(trade.order, name, value)
                return trade.order
        return LIBRARY.Order(orderId=order_id, **_with_parts(changes))

    async def _result(self, awaited: Any) -> None:
        try:
            speech.say("result", await awaited)
        except ConnectionError:
            return
        except Exception as error:  # noqa: BLE001  # whatever it raises is its answer
            if type(error).__name__ != "RequestError":  # the error itself was told
                speech.say("complaint", f"a request raised {error!r}")


def _with_parts(fields: dict[str, Any]) -> dict[str, Any]:
    """Return *fields* with the objects that their lists are made of."""
    made = dict(fields)
    for name in _PARTS.keys() & made.keys():
        kind = getattr(LIBRARY, _PARTS[name])
        made[name] = [kind(**one) for one in made[name] or ()]
    return made


async def main() -> None:
    """Do what the test says."""
    speech.listen_for_complaints()
    _record_callbacks()
    commands = speech.commands()
    async with asyncio.TaskGroup() as tasks:
        driver = Driver(tasks)
        told: asyncio.Queue[Any] = asyncio.Queue()
        tasks.create_task(_serve(driver, told))
        while (command := await asyncio.to_thread(next, commands, None)) is not None:
            told.put_nowait(command)
        # The test has hung up, perhaps while the library waits to be let in.
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
    if driver.ib is not None:
        driver.ib.disconnect()  # else it does so while the interpreter ends, and says so


async def _serve(driver: Driver, told: asyncio.Queue[Any]) -> None:
    while True:
        command = await told.get()
        if command["do"] == "connect":
            await driver.connect(
                host=command["host"], port=command["port"], client_id=command["client_id"]
            )
        elif command["do"] == "disconnect":
            driver.disconnect()
        else:
            await driver.call(command["name"], command["with"])


if __name__ == "__main__":
    asyncio.run(main())
