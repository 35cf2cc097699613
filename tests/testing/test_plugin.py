"""The pytest plugin, as somebody else's tests use it."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

THREE_LINES = """
    from ib_async import IB, MarketOrder, Stock

    def test_my_bot_buys(ibelay_gateway):
        ib = IB()
        ib.connect(ibelay_gateway.host, ibelay_gateway.port, clientId=1)
        trade = ib.placeOrder(Stock("SPY", "SMART", "USD"), MarketOrder("BUY", 10))
        while not trade.isDone():
            ib.waitOnUpdate(timeout=10)
        ib.disconnect()
        assert ibelay_gateway.positions()["SPY"].quantity == 10
        (fill,) = ibelay_gateway.executions()
        assert fill.execution.client_id == 1
        assert not ibelay_gateway.working_orders()
        assert len(ibelay_gateway.completed_orders()) == 1
"""
INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"


def test_a_blocking_bot_is_tested_in_a_few_lines(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(THREE_LINES)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_bot_of_its_own_loop_is_tested_and_time_is_in_the_tests_hand(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(
        """
        import asyncio
        import pytest
        from ib_async import IB, Stock

        @pytest.mark.ibelay_gateway(symbols=("AAPL",), start="09:35", account="DU7654321")
        def test_bars(ibelay_gateway):
            ibelay_gateway.pause()
            before = ibelay_gateway.now
            assert (before.hour, before.minute) == (9, 35)

            async def bot():
                ib = IB()
                await ib.connectAsync(ibelay_gateway.host, ibelay_gateway.port, clientId=2)
                assert ib.managedAccounts() == [ibelay_gateway.account]
                bars = ib.reqRealTimeBars(Stock("AAPL", "SMART", "USD"), 5, "TRADES", True)
                await ib.reqCurrentTimeAsync()
                await asyncio.to_thread(ibelay_gateway.step, 30)
                while len(bars) < 6:
                    await ib.updateEvent
                ib.disconnect()

            asyncio.run(bot())
            assert (ibelay_gateway.now - before).total_seconds() == 30
            ibelay_gateway.resume()
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_nearest_mark_wins_and_a_wrong_option_is_named(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.ibelay_gateway(symbols=("AAPL",), start="09:40")

        @pytest.mark.ibelay_gateway(start="11:00")
        def test_near(ibelay_gateway):
            assert ibelay_gateway.now.hour == 11

        @pytest.mark.ibelay_gateway(sped=3)
        def test_wrong(ibelay_gateway):
            pass

        @pytest.mark.ibelay_gateway(speed=0)
        def test_impossible(ibelay_gateway):
            pass
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*does not know sped*", "*speed 0*"])


def test_tests_that_do_not_ask_for_it_load_nothing_of_the_gateway(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini(INI)
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            assert not [name for name in sys.modules if name.startswith("ibelay.gateway")]
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
