"""Levels derived from the bars before the open."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ibelay.bots.levels import LevelFactors, levels_from_bars
from ibelay.bots.scanner import Side, parse_scanner
from ibelay.bots.scanner import format_scanner as written
from ibelay.errors import ConfigurationError
from ibelay.model.market import Bar

OPEN_NS = 1_381_239_000_000_000_000
SECOND_NS = 1_000_000_000


def bar(seconds_before: int, low: str, high: str) -> Bar:
    return Bar(
        at_ns=OPEN_NS - seconds_before * SECOND_NS,
        open=Decimal(low),
        high=Decimal(high),
        low=Decimal(low),
        close=Decimal(high),
        volume=Decimal(100),
    )


def test_resistance_is_the_high_and_support_the_low_of_what_came_before() -> None:
    series = [
        bar(60, "99", "100"),
        bar(30, "98", "99.5"),
        bar(0, "90", "110"),
        bar(-5, "80", "120"),
    ]
    scanner = levels_from_bars({"SPY": series}, date="2013-10-08", before_ns=OPEN_NS)
    long, short = scanner.setups
    assert (long.side, long.pivot) == (Side.LONG, Decimal(100))
    assert (short.side, short.pivot) == (Side.SHORT, Decimal(98))
    assert long.stop < long.pivot < long.partial < long.target1 < long.target2
    assert parse_scanner(written(scanner)) == scanner


def test_distances_are_the_asked_fractions_of_the_range_on_a_tick() -> None:
    factors = LevelFactors(
        stop=Decimal("0.5"), partial=Decimal("0.333"), target1=Decimal(1), target2=Decimal(2)
    )
    scanner = levels_from_bars(
        {"SPY": [bar(5, "99", "100")]}, date="2013-10-08", before_ns=OPEN_NS, factors=factors
    )
    assert [
        (setup.stop, setup.partial, setup.target1, setup.target2) for setup in scanner.setups
    ] == [
        (Decimal("99.5"), Decimal("100.34"), Decimal(101), Decimal(102)),
        (Decimal("99.5"), Decimal("98.66"), Decimal(98), Decimal(97)),
    ]


def test_a_window_looks_back_no_farther() -> None:
    series = [bar(600, "90", "110"), bar(30, "99", "100")]
    scanner = levels_from_bars({"SPY": series}, date="2013-10-08", before_ns=OPEN_NS, window_s=60)
    assert scanner.setups[0].pivot == Decimal(100)


def test_a_dead_pre_market_still_gives_levels_in_order() -> None:
    scanner = levels_from_bars(
        {"BAC": [bar(5, "14", "14")]}, date="2013-10-08", before_ns=OPEN_NS, quantity=4
    )
    assert [setup.target2 for setup in scanner.setups] == [Decimal("14.03"), Decimal("13.97")]


def test_nothing_to_look_at_is_said_and_a_silent_symbol_left_out() -> None:
    with pytest.raises(ConfigurationError, match="none of SPY has a bar"):
        levels_from_bars({"SPY": [bar(-5, "1", "2")]}, date="2013-10-08", before_ns=OPEN_NS)
    scanner = levels_from_bars(
        {"SPY": [], "IBM": [bar(5, "180", "181")]}, date="2013-10-08", before_ns=OPEN_NS
    )
    assert scanner.symbols == ("IBM",)


def test_too_few_shares_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 4"):
        levels_from_bars({}, date="2013-10-08", before_ns=OPEN_NS, quantity=3)
