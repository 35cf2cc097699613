"""The codec: byte for byte what ib_async sends, and nothing lost in reading."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, cast

import ib_async
import pytest
from ib_async.client import Client
from ib_async.decoder import Decoder
from ib_async.util import UNSET_DOUBLE, UNSET_INTEGER
from ib_async.wrapper import Wrapper
from tests.ib.test_link import VIEW

from ibelay.ib.codec import READ, RawDecoder, RequestWriter, UnreadableError
from ibelay.ib.raw import RawCallbacks
from ibelay.wire import encode

CONTRACT = ib_async.Contract(secType="STK", conId=756733, symbol="SPY", exchange="SMART")
BRACKET_LEG = ib_async.Order(
    action="SELL", totalQuantity=100.0, orderType="STP", auxPrice=99.5, parentId=7, ocaGroup="u"
)
SCALED = ib_async.Order(
    action="BUY",
    totalQuantity=1e7,
    orderType="LMT",
    lmtPrice=0.00005,
    scalePriceIncrement=0.5,
    algoStrategy="Adaptive",
    algoParams=[ib_async.TagValue("adaptivePriority", "Normal")],
    competeAgainstBestOffset=math.inf,
)


class _Library(Client):
    """ib_async's client with the socket cut off."""

    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[no-untyped-call]
        self._serverVersion = 178
        self.connState = Client.CONNECTED
        self.sent: list[bytes] = []

    def sendMsg(self, msg: str) -> None:  # noqa: N802 - its name
        self.sent.append(self._prefix(msg.encode()))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("request_name", "arguments"),
    [
        ("placeOrder", (7, CONTRACT, ib_async.MarketOrder("BUY", 100.0))),
        ("placeOrder", (8, ib_async.Stock("SPY", "SMART", "USD"), BRACKET_LEG)),
        ("placeOrder", (9, CONTRACT, SCALED)),
        ("cancelOrder", (7,)),
        ("startApi", ()),
        ("reqMktData", (10**9, CONTRACT, "", False, False, [ib_async.TagValue("a", "b")])),
        ("reqRealTimeBars", (10**9, CONTRACT, 5, "TRADES", False, [])),
        ("reqHistoricalData", (1, CONTRACT, "", "1 D", "5 secs", "TRADES", True, 2, False, [])),
        ("reqExecutions", (1, ib_async.ExecutionFilter())),
        ("reqContractDetails", (1, CONTRACT)),
        ("reqAccountUpdates", (True, "DU1")),
        ("send", (UNSET_DOUBLE, UNSET_INTEGER, math.inf, None, 1.5, True)),
    ],
)
def test_requests_are_byte_for_byte_those_of_ib_async(
    request_name: str, arguments: tuple[object, ...]
) -> None:
    library: Any = _Library()
    getattr(library, request_name)(*arguments)
    sent: list[bytes] = []
    ours: Any = RequestWriter(sent.append)
    ours.begin(178, -1)
    getattr(ours, request_name)(*arguments)
    assert sent == library.sent


def test_unset_numbers_stay_when_asked() -> None:
    library, sent = _Library(), list[bytes]()
    ours = RequestWriter(sent.append)
    for client in (library, ours):
        client.send(UNSET_DOUBLE, UNSET_INTEGER, makeEmpty=False)
    assert sent == library.sent


def test_decimals_are_sent_as_plain_digits() -> None:
    sent: list[bytes] = []
    RequestWriter(sent.append).send(Decimal("1E+3"), Decimal("0.00000010"))
    assert sent[0][4:] == b"1000\x000.00000010\0"


def test_every_message_that_is_read_has_a_callback() -> None:
    """A missing one would be silence."""
    names = {
        "orderStatus", "error", "openOrder", "updateAccountValue", "nextValidId",
        "contractDetails", "execDetails", "managedAccounts", "historicalData",
        "historicalDataEnd", "bondContractDetails", "currentTime", "realtimeBar",
        "contractDetailsEnd", "openOrderEnd", "execDetailsEnd", "commissionReport", "position",
        "positionEnd", "completedOrder", "completedOrdersEnd",
    }  # fmt: skip
    assert len(names) == len(READ) + 1  # historicalData's parser also tells its end
    assert {name for name in names if hasattr(RawCallbacks, name)} == names
    assert {name for name in names if hasattr(Wrapper, name)} == names


class _Told:
    """Notes what the decoder calls."""

    defaultTimezone = None  # noqa: N815 - its name

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, *arguments))


def _decoder(told: _Told) -> RawDecoder:
    decoder = RawDecoder(told)
    decoder.serverVersion = 178
    return decoder


@pytest.mark.parametrize(
    "fields",
    [
        ["3", "7", "Filled", "all"],
        ["5", "7", "756733"],
        ["11", "-1", "7"],
        ["59", "1", "0001.01", "1.0"],
        ["61", "3", "DU1"],
        ["101", "756733"],
        ["55", "1", "x"],
    ],
)
def test_a_message_that_cannot_be_read_is_never_passed_over(fields: list[str]) -> None:
    with pytest.raises(UnreadableError, match=f"message {fields[0]} cannot be read"):
        _decoder(_Told()).interpret(fields)


@pytest.mark.parametrize("fields", [[], ["250", "1"], ["x"], ["85", "0"]])
def test_messages_of_no_interest_are_passed_over(fields: list[str]) -> None:
    told = _Told()
    _decoder(told).interpret(fields)
    assert told.calls == []


def test_ticks_are_handed_over_as_text() -> None:
    told = _Told()
    decoder = _decoder(told)
    decoder.interpret(["1", "6", "1000000000", "1", "101.25", "300", "0"])
    decoder.interpret(["2", "6", "1000000000", "0", "300"])
    assert told.calls == [
        ("price_tick", "1000000000", "1", "101.25", "300"),
        ("size_tick", "1000000000", "0", "300"),
    ]


@pytest.mark.parametrize(
    ("text", "epoch_s"),
    [
        ("20131008 09:30:00 US/Eastern", 1_381_239_000),
        ("20131008-13:30:00", 1_381_239_000),
        ("20131008 09:30:00 Mars/Base", 1_381_239_000),
        ("soon", 0),
    ],
)
def test_a_fill_is_never_lost_for_its_time(text: str, epoch_s: int) -> None:
    """ib_async raises and drops the message when it does not know the zone."""
    told = _Told()
    fields = ["11", "-1", "7", "756733", "SPY", "STK", "", "0.0", "", "", "ARCA", "USD", "SPY"]
    fields += ["SPY", "0001.01", text, "DU1", "ARCA", "BOT", "100", "101.25", "12345", "3", "0"]
    fields += ["100", "101.25", "ps60:1:1.0", "", "", "", "2", "0"]
    _decoder(told).interpret(fields)
    ((name, _request_id, _contract, execution),) = told.calls
    assert name == "execDetails"
    assert isinstance(execution, ib_async.Execution)
    assert execution.time.timestamp() == epoch_s


def test_an_order_is_read_exactly_as_ib_async_reads_it() -> None:
    """Our faster reading of numbers must not read other values."""
    message = encode.open_order(VIEW, 178)[4:].decode().split("\0")[:-1]
    theirs, ours = _Told(), _Told()
    library = Decoder(cast("Any", theirs), 178)
    library.handlers[5](list(message))
    _decoder(ours).interpret(list(message))
    ((_, order_id, *read),), ((_, their_id, *expected),) = ours.calls, theirs.calls
    assert order_id == their_id
    assert [vars(value) for value in read] == [vars(value) for value in expected]
