"""Moments as IB writes them, and as ib_async reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ib_async.util import parseIBDatetime

from ibelay.errors import WireError
from ibelay.wire import times

OPEN_NS = int(datetime(2013, 10, 8, 13, 30, tzinfo=UTC).timestamp()) * times.SECOND_NS


def test_ib_async_reads_a_moment_as_the_same_instant() -> None:
    text = times.moment(OPEN_NS)
    assert text == "20131008 09:30:00 US/Eastern"
    parsed = parseIBDatetime(text)
    assert isinstance(parsed, datetime)
    assert parsed == datetime(2013, 10, 8, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "20131008 09:30:00 US/Eastern",
        "20131008 09:30:00",
        "20131008  09:30:00",
        "20131008 09:30",
        "20131008-13:30:00",
        "20131008 14:30:00 Europe/London",
    ],
)
def test_every_form_of_a_moment_is_the_same_instant(text: str) -> None:
    assert times.parse_moment(text) == OPEN_NS


@pytest.mark.parametrize(
    "text",
    ["yesterday", "20131308 09:30:00", "20131008 25:00:00", "20131008 09:30:00 Mars/Base", "2013"],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        times.parse_moment(text)


def test_winter_and_summer_differ() -> None:
    winter = int(datetime(2013, 12, 2, 14, 30, tzinfo=UTC).timestamp()) * times.SECOND_NS
    assert times.moment(winter) == "20131202 09:30:00 US/Eastern"
    assert (times.day(winter), times.minute(winter)) == ("20131202", "09:30")
