"""IB's codes: what each is, and that nothing ends an order that is not proven to."""

from __future__ import annotations

import pytest

from ibelay.model.notices import (
    _ROWS,
    NOTICES,
    Notice,
    NoticeClass,
    Scope,
    _table,
    classify,
    ends_stream,
    is_ambiguous,
    refuses_for_good,
    rejects_new_order,
)

KNOWN_CODES = (
    # shared facts 1a: system and connectivity
    *(1100, 1101, 1102, 1300, 2110, 2103, 2105, 2157, 2104, 2106, 2158, 2107, 2108, 2119),
    *(2100, 2101, 2137, 2102, 2109, 2111, 2130, 2152, 2168, 2169, 2174, 326),
    *(501, 502, 503, 504, 505, 506, 507, 508, 509, 512, 515, 10038, 10053, 10328),
    # 1b: rate and capacity
    *(100, 101, 309, 162, 165, 420, 322, 10189),
    # 1c: data
    *(102, 138, 139, 143, 145, 320, 200, 203, 300, 316, 317, 319, 330, 331, 344, 354),
    *(365, 366, 385, 386, 430, 492, 10089, 10090, 10091, 10167, 10168, 10182, 10185, 10186),
    *(10187, 10197, 10225),
    # 1d: orders
    *(103, 104, 105, 329, 10326, 10327, 10341, 106, 107, 109, 111, 113, 110, 133, 134, 135),
    *(136, 161, 460, 463, 461, 201, 202, 321, 323, 382, 383, 388, 163, 451, 395, 396, 397),
    *(154, 392, 412, 399, 404, 434, 10006, 10147, 10148, 10149, 10289, 10293),
    *(10311, 10329, 10331, 10332, 10333, 10334, 10335, 10347, 10349),
)
NEVER_A_TOMBSTONE = (
    *(104, 105, 202, 320, 321, 329, 360, 399, 404, 440, 504, 1100, 2102),
    *(10147, 10148, 10241, 10311, 10349),
)


def test_every_code_of_the_facts_has_a_row() -> None:
    assert [code for code in KNOWN_CODES if code not in NOTICES] == []


def test_every_row_says_what_it_means_and_where_that_is_known_from() -> None:
    assert all(row.summary and row.source for row in NOTICES.values())


def test_a_code_that_stands_twice_is_refused() -> None:
    """At import, so that two people cannot give one code two meanings."""
    with pytest.raises(ValueError, match="1100 stands twice"):
        _table((*_ROWS, Notice(1100, Scope.ORDER, NoticeClass.REJECT, "again", "nowhere")))


@pytest.mark.parametrize("code", NEVER_A_TOMBSTONE)
def test_what_may_be_said_of_a_live_order_rejects_none(code: int) -> None:
    """A tombstone "erases the only evidence that a live order may exist"."""
    assert not rejects_new_order(code)


@pytest.mark.parametrize(
    "code", [110, 146, 200, 201, 203, 337, 382, 383, 388, 434, 443, 10006, 10063]
)
def test_a_proven_rejection_is_one(code: int) -> None:
    assert rejects_new_order(code)


def test_only_orders_are_rejected() -> None:
    """A request that failed says nothing about an order."""
    rejecting = [row for row in NOTICES.values() if row.klass is NoticeClass.REJECT]
    assert {row.scope for row in rejecting} == {Scope.ORDER}


def test_one_code_confirms_the_end_of_an_order() -> None:
    ends = [row.code for row in NOTICES.values() if row.klass is NoticeClass.TERMINAL]
    assert ends == [202]


@pytest.mark.parametrize(
    "code", [103, 133, 134, 135, 136, 161, 320, 461, 512, 513, 515, 10328, 77777]
)
def test_what_is_not_proven_asks(code: int) -> None:
    """So does a code that nobody has ever documented."""
    assert is_ambiguous(code)
    assert not rejects_new_order(code)


@pytest.mark.parametrize(
    ("code", "text", "klass"),
    [
        (162, "Historical Market Data Service error: API pacing violation", NoticeClass.RATE),
        (162, "HMDS query returned no data: AIG@SMART", NoticeClass.INFO),
        (162, "API historical data query cancelled: 4", NoticeClass.INFO),
        (162, "No market data permissions for NYSE", NoticeClass.DATA),
        (420, "Invalid Real-time Query: Historical data pacing violation", NoticeClass.RATE),
        (10186, "Requested market data is not subscribed. Delayed ...", NoticeClass.DATA),
        (10186, "Failed to cancel PNL single (not subscribed)", NoticeClass.INFO),
        (2104, "Market data farm connection is OK:usfarm", NoticeClass.INFO),
        (513, "Request Market Depth Sending Error", NoticeClass.CONNECTION),
        (512, "Order Sending Error", NoticeClass.AMBIGUOUS),
    ],
)
def test_a_message_is_classified_by_its_text_where_the_code_is_not_enough(
    code: int, text: str, klass: NoticeClass
) -> None:
    assert classify(code, text) is klass


@pytest.mark.parametrize("code", [322, 354, 420, 10182, 10197, 10225, 99999])
def test_what_ends_a_stream(code: int) -> None:
    assert ends_stream(code)


@pytest.mark.parametrize("code", [165, 300, 10090, 10167])
def test_what_a_stream_survives(code: int) -> None:
    assert not ends_stream(code)


@pytest.mark.parametrize(
    ("code", "text", "for_good"),
    [
        (200, "No security definition has been found for the request", True),
        (354, "Requested market data is not subscribed.", True),
        (420, "Invalid Real-time Query:No market data permissions", True),
        (420, "Invalid Real-time Query:Historical data request pacing violation", False),
        (322, "Error processing request: Duplicate ticker id", False),
        (10197, "No market data during competing live session", False),
        (101, "Max number of tickers has been reached", False),
    ],
)
def test_what_is_refused_until_a_person_acts(code: int, text: str, for_good: bool) -> None:
    assert refuses_for_good(code, text) is for_good


def test_a_broken_farm_is_no_broken_connection() -> None:
    """Tearing the socket down for it made somebody an hour of reconnects (F13)."""
    farms = [row for row in NOTICES.values() if row.scope is Scope.FARM]
    assert {2103, 2105, 2157} <= {row.code for row in farms}
    assert all(row.klass in {NoticeClass.TRANSIENT, NoticeClass.INFO} for row in farms)
