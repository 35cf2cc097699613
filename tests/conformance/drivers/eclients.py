"""Speaks through ``ibapi``, whichever release of it is on the path.

Its callbacks are recorded by an ``EWrapper`` of its own; a call is made by the names of its
arguments, so that one table of families serves every release. Beyond what the library checks,
fields that its decoder leaves unread are a complaint: too many is as wrong as too few.
"""

from __future__ import annotations

import importlib
import inspect
import operator
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

speech: Any = importlib.import_module("speech")

CLIENT: Any = importlib.import_module("ibapi.client")
DECODER: Any = importlib.import_module("ibapi.decoder")
WRAPPER: Any = importlib.import_module("ibapi.wrapper").EWrapper
_OWN = {"__init__", "logAnswer", "winError", "error"}


def _class(module: str, name: str) -> Callable[..., Any]:
    def make(**given: Any) -> Any:
        return getattr(importlib.import_module(module), name)(**given)

    return make


_OBJECTS: dict[str, Callable[..., Any]] = {
    "contract": _class("ibapi.contract", "Contract"),
    "order": _class("ibapi.order", "Order"),
    "filter": _class("ibapi.execution", "ExecutionFilter"),
    "subscription": _class("ibapi.scanner", "ScannerSubscription"),
    "ordercancel": _class("ibapi.order_cancel", "OrderCancel"),
    "wsheventdata": _class("ibapi.common", "WshEventData"),
}


# Fields that are lists of objects.
_PARTS: dict[str, Callable[..., Any]] = {
    "comboLegs": _class("ibapi.contract", "ComboLeg"),
    "algoParams": _class("ibapi.tag_value", "TagValue"),
    "conditions": _class("ibapi.order_condition", "PriceCondition"),
}


def _callback(name: str) -> Callable[..., None]:
    def record(_self: object, *args: object) -> None:
        if name == "nextValidId":
            Driver.next_id = max(Driver.next_id, int(str(args[0])))
        speech.say(name, *args)

    return record


def _error(_self: object, *args: object) -> None:
    """Say an error in one form; what the library itself raised during a call, as declined."""
    names = [name for name in inspect.signature(WRAPPER.error).parameters if name != "self"]
    given = dict(zip(names, args, strict=False))
    code, text = given["errorCode"], given["errorString"]
    if threading.current_thread() is threading.main_thread() and Driver.calling:
        speech.say("declined", code, text)
    else:
        speech.say("error", given["reqId"], code, text)


def _has_no_answer(given: dict[str, Any]) -> bool:
    """Return whether this release could not decode what is asked for: schedules came late."""
    return given.get("whattoshow") == "SCHEDULE" and not hasattr(WRAPPER, "historicalSchedule")


def _recorder() -> Any:
    callbacks = {
        name: _callback(name)
        for name, value in vars(WRAPPER).items()
        if inspect.isfunction(value) and name not in _OWN and not name.endswith("ProtoBuf")
    }
    return type("Recorder", (WRAPPER,), {**callbacks, "error": _error})()


def _count_unread_fields() -> None:
    """Complain of what a decoder leaves unread of a message.

    The decoder's module reads a message through ``iter``; the one given to it here keeps the
    iterator, which knows how many fields are left.
    """
    reading: list[Any] = []
    interpret = DECODER.Decoder.interpret

    def kept(fields: Any) -> Any:
        reading[:] = [iter(fields)]
        return reading[0]

    def checked(self: Any, fields: Any, *message_id: int) -> None:
        reading.clear()
        interpret(self, fields, *message_id)
        left = operator.length_hint(reading[0]) if reading else 0
        if left:
            speech.say("complaint", f"{left} fields unread of {message_id} {fields}")

    DECODER.iter = kept
    DECODER.Decoder.interpret = checked


class Driver:
    """One connection after the other."""

    next_id = 1
    calling = False

    def __init__(self) -> None:
        self.app: Any = None

    def connect(self, *, host: str, port: int, client_id: int) -> None:
        """Connect, and read on a thread."""
        self.app = CLIENT.EClient(_recorder())
        self.app.connect(host, port, client_id)
        if self.app.serverVersion() is None:
            speech.say("closed")
            return
        speech.say("connected", self.app.serverVersion())
        threading.Thread(target=self.app.run, daemon=True).start()

    def disconnect(self) -> None:
        """End the connection as a user would, and wait until its reader lets go of the socket."""
        reader = self.app.reader
        self.app.disconnect()
        reader.join()
        speech.say("closed")

    def call(self, name: str, given: dict[str, Any]) -> None:
        """Call the library's method of that name with what it has arguments for."""
        method = getattr(self.app, name, None)
        if method is None or _has_no_answer(given):
            speech.say("absent")
            return
        request_id = given.setdefault("reqid", self._new_id())
        if name in {"placeOrder", "cancelOrder"}:
            request_id = given.setdefault("orderid", request_id)
        Driver.calling = True
        try:
            method(**{p: self._argument(p, given) for p in inspect.signature(method).parameters})
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            speech.say("complaint", f"{name} raised {error!r}")
        Driver.calling = False
        speech.say("called", request_id)

    def _new_id(self) -> int:
        Driver.next_id += 1
        return Driver.next_id - 1

    def _argument(self, name: str, given: dict[str, Any]) -> Any:
        key = speech.canonical(name)
        if key in _OBJECTS:
            return self._object(key, given.get(key, {}))
        if key not in given and speech.is_option(name):
            return []
        return given[key]

    def _object(self, key: str, fields: dict[str, Any]) -> Any:
        made = _OBJECTS[key]()
        if key == "order":  # IB refuses both; old releases set them unasked
            made.eTradeOnly = made.firmQuoteOnly = False
        for name, value in fields.items():
            setattr(made, name, self._field(name, value))
        return made

    def _field(self, name: str, value: Any) -> Any:
        if name in _PARTS and value:
            return [self._part(name, one) for one in value]
        return Decimal(str(value)) if name == "totalQuantity" else value

    def _part(self, name: str, fields: dict[str, Any]) -> Any:
        if name != "comboLegs":
            return _PARTS[name](**fields)
        made = _PARTS[name]()
        for key, value in fields.items():
            setattr(made, key, value)
        return made


def main() -> None:
    """Do what the test says."""
    speech.listen_for_complaints()
    _count_unread_fields()
    driver = Driver()
    for command in speech.commands():
        if command["do"] == "connect":
            driver.connect(
                host=command["host"], port=command["port"], client_id=command["client_id"]
            )
        elif command["do"] == "disconnect":
            driver.disconnect()
        else:
            driver.call(command["name"], command["with"])
    if driver.app is not None:
        driver.app.disconnect()  # else the library's reader keeps the process alive


if __name__ == "__main__":
    main()
