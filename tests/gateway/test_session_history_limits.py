"""History that IB has not, or not so much of: refused at once by IB's codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ib_async import Contract, Crypto, Forex, Index
from tests.gateway.conftest import SPY
from tests.gateway.pure import Message, Talk

from ibelay.gateway.main import build_floor
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.session.floor import Floor
from ibelay.model.ids import ClientId

EURUSD, SPX, BTC = Forex("EURUSD"), Index("SPX", "CBOE", "USD"), Crypto("BTC", "PAXOS", "USD")
SYMBOLS = ("SPY", "SPX:IND", "EUR.USD:CASH", "BTC:CRYPTO")
MAY_23_CLOSE_S = 1748030400
Asked = Callable[..., Message]


@pytest.fixture(scope="module")
def floor() -> Floor:
    return build_floor(GatewayOptions(symbols=SYMBOLS, start="10:00"))


@pytest.fixture
def asked(floor: Floor) -> Asked:
    """Ask for bars in ib_async's bytes; return the last message of the answer."""

    def answer(
        what: str,
        contract: Contract = SPY,
        duration: str = "1 D",
        size: str = "1 day",
        version: int = 178,
    ) -> Message:
        talk, number = Talk(floor, client_id=1, version=version), 7

        def request(client: Any) -> None:
            client.reqHistoricalData(
                number, contract, "", duration, size, what, False, 1, False, []
            )

        told = talk.ask(request)
        floor.leave(ClientId(1))
        return told[-1]

    return answer


@pytest.mark.parametrize(
    ("contract", "what", "code"),
    [
        (EURUSD, "TRADES", "162"),
        (EURUSD, "ADJUSTED_LAST", "162"),
        (SPX, "MIDPOINT", "162"),
        (SPX, "BID_ASK", "162"),
        (BTC, "TRADES", "10299"),
        (SPY, "AGGTRADES", "162"),
    ],
)
def test_what_an_instrument_has_not_is_refused(
    asked: Asked, contract: Contract, what: str, code: str
) -> None:
    assert asked(what, contract, "5 D", "1 hour")[3] == code


@pytest.mark.parametrize(
    ("contract", "what"),
    [(EURUSD, "MIDPOINT"), (SPX, "TRADES"), (BTC, "AGGTRADES"), (BTC, "MIDPOINT")],
)
def test_what_an_instrument_has_is_told(asked: Asked, contract: Contract, what: str) -> None:
    assert asked(what, contract, "5 D", "1 hour")[0] == "17"


@pytest.mark.parametrize(("version", "first"), [(164, ["4", "2", "7", "321"]), (165, ["106"])])
def test_clients_get_a_schedule_only_where_they_can_read_it(
    asked: Asked, version: int, first: list[str]
) -> None:
    assert asked("SCHEDULE", version=version)[: len(first)] == first


def test_a_schedule_comes_in_days(asked: Asked) -> None:
    assert asked("SCHEDULE", size="1 hour")[3] == "321"


@pytest.mark.parametrize(
    ("duration", "size", "code"),
    [
        ("1 D", "1 secs", "162"),
        ("2 D", "30 secs", "162"),
        ("366 D", "1 day", "321"),
    ],
)
def test_more_than_is_told_at_once_is_refused(
    asked: Asked, duration: str, size: str, code: str
) -> None:
    assert asked("TRADES", SPY, duration, size)[3] == code


@pytest.mark.parametrize(
    ("duration", "size"), [("2000 S", "1 secs"), ("1 M", "1 min"), ("2 Y", "1 day")]
)
def test_as_much_as_ib_tells_is_told(asked: Asked, duration: str, size: str) -> None:
    assert asked("TRADES", SPY, duration, size)[0] == "17"


def _told(floor: Floor, act: Callable[[Any], None]) -> list[Message]:
    told = Talk(floor, client_id=1).ask(act)
    floor.leave(ClientId(1))
    return told


@pytest.mark.parametrize(
    ("contract", "what", "code"), [(EURUSD, "TRADES", "162"), (SPX, "BID_ASK", "162")]
)
def test_what_has_no_bars_has_no_ticks_and_no_first_moment(
    floor: Floor, contract: Contract, what: str, code: str
) -> None:
    past = "20210104-15:00:00"
    for act in (
        lambda c: c.reqHistoricalTicks(7, contract, past, "", 10, what, 0, False, []),
        lambda c: c.reqHeadTimeStamp(7, contract, what, 0, 1),
    ):
        assert _told(floor, act)[-1][:4] == ["4", "2", "7", code]


def test_ticks_of_coins_are_trades(floor: Floor) -> None:
    told = _told(
        floor,
        lambda c: c.reqHistoricalTicks(7, BTC, "", "20250602-13:40:00", 10, "TRADES", 0, False, []),
    )
    assert told[-1][:2] == ["98", "7"]
    assert int(told[-1][2]) >= 10


def test_ticks_reach_back_over_a_long_weekend(floor: Floor) -> None:
    """Monday the 26th of May 2025 was a holiday."""
    told = _told(
        floor,
        lambda c: c.reqHistoricalTicks(
            7, SPY, "", "20250527-08:00:00", 100, "TRADES", 1, False, []
        ),
    )
    ticks = told[-1]
    assert int(ticks[2]) >= 100
    times = [int(moment) for moment in ticks[3:-1:6]]
    assert all(moment <= MAY_23_CLOSE_S for moment in times)
    assert times == sorted(times)


@pytest.mark.parametrize(("period", "least"), [("2 days", 5), ("3 weeks", 50)])
def test_a_histogram_counts_more_than_the_day(floor: Floor, period: str, least: int) -> None:
    today = _told(floor, lambda c: c.reqHistogramData(7, SPY, True, "1 day"))[-1]
    longer = _told(floor, lambda c: c.reqHistogramData(7, SPY, True, period))[-1]
    assert int(longer[2]) > least
    assert sum(map(float, longer[4::2])) > sum(map(float, today[4::2]))
