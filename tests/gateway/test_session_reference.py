"""What can be traded, and what else a client may ask: with the real ib_async."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from ib_async import Contract, ScannerSubscription, Stock
from ib_async.wrapper import RequestError
from tests.gateway.conftest import SPY, Connect, Raw, Start

from ibelay.gateway.main import build_floor
from ibelay.gateway.market.hours import SECOND_NS, trading_day
from ibelay.gateway.options import GatewayOptions
from ibelay.gateway.server import PaperGateway
from ibelay.gateway.session.desks.news import headlines

RawClient = Callable[[PaperGateway], Awaitable[Raw]]


@pytest.fixture
async def ib(paper: PaperGateway, connect: Connect) -> Any:
    """Return a connected ib_async."""
    return (await connect(paper)).ib


@pytest.fixture
async def bytes_client(paper: PaperGateway, raw: RawClient) -> Raw:
    """Return a started client made of bytes."""
    client = await raw(paper)
    await client.hello()
    client.send(71, 2, 7, "")
    await client.until("9")
    return client


async def test_contract_details_tell_what_a_bot_sizes_by(ib: Any) -> None:
    (details,) = await ib.reqContractDetailsAsync(Stock("SPY", "SMART", "USD"))
    assert details.contract.conId == SPY.conId
    assert details.contract.primaryExchange == "ARCA"
    assert details.minTick == 0.01
    assert "STP" in details.orderTypes.split(",")
    assert details.validExchanges.split(",")[0] == "SMART"
    assert details.liquidHours.endswith(":1600")
    rules = details.marketRuleIds.split(",")
    assert len(rules) == len(details.validExchanges.split(","))


async def test_what_is_not_traded_here_is_no_contract(ib: Any) -> None:
    with pytest.raises(RequestError, match="No security definition"):
        await ib.reqContractDetailsAsync(Stock("NOPE", "SMART", "USD"))


async def test_an_isin_that_names_nothing_is_no_contract(ib: Any) -> None:
    unknown = Stock(secIdType="ISIN", secId="US0000000000")
    with pytest.raises(RequestError, match="No security definition"):
        await ib.reqContractDetailsAsync(unknown)


async def test_symbols_are_found_by_their_beginning(ib: Any) -> None:
    (found,) = await ib.reqMatchingSymbolsAsync("sp")
    assert found.contract.symbol == "SPY"
    assert await ib.reqMatchingSymbolsAsync("") == []
    assert await ib.reqMatchingSymbolsAsync("zzz") == []


async def test_a_market_rule_gives_the_price_steps(ib: Any) -> None:
    (step,) = await ib.reqMarketRuleAsync(26)
    assert (step.lowEdge, step.increment) == (0.0, 0.01)


async def test_an_underlying_without_options_has_an_empty_chain(ib: Any) -> None:
    assert await ib.reqSecDefOptParamsAsync("BAC", "NOWHERE", "STK", 10098) == []


async def test_the_option_parameters_of_an_unknown_underlying_are_refused(
    bytes_client: Raw,
) -> None:
    bytes_client.send(78, 5, "SPY", "", "STK", 1)
    assert (await bytes_client.until("4", "2", "5"))[3] == "321"


async def test_letters_of_the_best_bid_and_offer_have_exchanges(ib: Any) -> None:
    ticker = ib.reqMktData(SPY)
    await ib.updateEvent
    components = await ib.reqSmartComponentsAsync(ticker.bboExchange)
    assert {row.exchange for row in components} >= {"NASDAQ", "ARCA"}
    assert len({row.exchangeLetter for row in components}) == len(components)


async def test_depth_exchanges_are_named(ib: Any) -> None:
    rows = await ib.reqMktDepthExchangesAsync()
    assert {"NASDAQ", "ARCA"} <= {row.exchange for row in rows}


async def test_headlines_tell_of_the_open_and_lead_to_an_article(ib: Any) -> None:
    (provider,) = await ib.reqNewsProvidersAsync()
    (headline,) = await ib.reqHistoricalNewsAsync(SPY.conId, provider.code, "", "", 10)
    assert headline.headline.startswith("SPY opens at ")
    article = await ib.reqNewsArticleAsync(provider.code, headline.articleId)
    assert "simulated" in article.articleText


async def test_more_headlines_than_asked_for_are_said_to_exist(bytes_client: Raw) -> None:
    bytes_client.send(86, 5, SPY.conId, "PAPR", "", "", 0, "")
    assert await bytes_client.until("87") == ["87", "5", "1"]


@pytest.mark.parametrize("article", ["PAPR$756733-20990101-opens", "PAPR$x", "PAPR$1-2", ""])
async def test_an_article_that_does_not_exist_is_refused(bytes_client: Raw, article: str) -> None:
    bytes_client.send(84, 5, "PAPR", article, "")
    assert (await bytes_client.until("4", "2", "5"))[3] == "10172"


async def test_headlines_of_an_unknown_contract_or_a_strange_time_are_refused(
    bytes_client: Raw,
) -> None:
    bytes_client.send(86, 5, 1, "PAPR", "", "", 10, "")
    assert (await bytes_client.until("4", "2", "5"))[3] == "200"
    bytes_client.send(86, 6, SPY.conId, "PAPR", "yesterday", "", 10, "")
    assert (await bytes_client.until("4", "2", "6"))[3] == "321"


async def test_the_bulletin_of_the_day_says_that_nothing_is_real(bytes_client: Raw) -> None:
    bytes_client.send(12, 1, 1)
    assert "simulated" in (await bytes_client.until("14"))[4]


async def test_a_scan_ranks_what_gained_most(ib: Any) -> None:
    subscription = ScannerSubscription(
        instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN"
    )
    rows = await ib.reqScannerDataAsync(subscription)
    assert [row.rank for row in rows] == [0, 1]
    gains = [float(row.distance) for row in rows]
    assert gains == sorted(gains, reverse=True)


async def test_a_scan_is_repeated_as_time_goes_by(start: Start, connect: Connect) -> None:
    client = await connect(await start(speed=1000.0))
    subscription = ScannerSubscription(
        instrument="STK", locationCode="STK.US.MAJOR", scanCode="MOST_ACTIVE"
    )
    data = client.ib.reqScannerSubscription(subscription)
    updates: list[int] = []
    data.updateEvent += lambda rows: updates.append(len(rows))
    await client.until(lambda: len(updates) >= 3)
    client.ib.cancelScannerSubscription(data)


async def test_a_scan_without_a_match_says_so_and_is_empty(bytes_client: Raw) -> None:
    terms = (10, "BOND", "BOND.US", "TOP_PERC_GAIN")
    bytes_client.send(22, 5, *terms, *[""] * 18)
    assert (await bytes_client.until("4", "2", "5"))[3] == "165"
    assert (await bytes_client.until("20"))[:4] == ["20", "3", "5", "0"]


async def test_scans_are_limited_and_named_once(bytes_client: Raw) -> None:
    terms = (10, "STK", "STK.US.MAJOR", "MOST_ACTIVE", *[""] * 18)
    bytes_client.send(22, 0, 10, "STK", "STK.US.MAJOR", "NO_SUCH_SCAN", *[""] * 18)
    assert (await bytes_client.until("4", "2", "0"))[3] == "162"
    for number in range(1, 11):
        bytes_client.send(22, number, *terms)
        await bytes_client.until("20", "3", str(number))
    bytes_client.send(22, 10, *terms)
    assert (await bytes_client.until("4", "2", "10"))[3] == "385"
    bytes_client.send(22, 11, *terms)
    assert (await bytes_client.until("4", "2", "11"))[3] == "162"
    bytes_client.send(23, 1, 1)
    bytes_client.send(23, 1, 1)
    assert (await bytes_client.until("4", "2", "1"))[3] == "365"


async def test_scanner_parameters_name_every_scan_that_is_served(ib: Any) -> None:
    xml = await ib.reqScannerParametersAsync()
    assert "<scanCode>TOP_PERC_GAIN</scanCode>" in xml


async def test_an_account_without_research_is_told_so(ib: Any) -> None:
    with pytest.raises(RequestError, match="Fundamentals data is not allowed"):
        await ib.reqFundamentalDataAsync(SPY, "ReportsFinSummary")
    with pytest.raises(RequestError, match="News feed is not allowed"):
        await ib.getWshMetaDataAsync()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ((18, 1, 1), "321"),
        ((19, 1, 1, "<xml/>" * 2000, 5), "321"),
        ((53, 1, 5), "300"),
        ((101, 5), "10280"),
        ((102, 5, "265598"), "10276"),
        ((103, 5), "10284"),
        ((68, 1, 5, 99), "321"),
        ((69, 1, 5, "8314@SMART"), "321"),
        ((70, 1, 5), "321"),
        ((83, 5, "nowhere"), "321"),
        ((91, 999), "321"),
        ((14, 1, 9), "319"),
    ],
    ids=str,
)
async def test_what_cannot_be_served_is_refused_with_a_code(
    bytes_client: Raw, asked: tuple[object, ...], code: str
) -> None:
    bytes_client.send(*asked)
    farms = {"2104", "2106", "2158"}
    heard = await bytes_client.until("4")
    while heard[3] in farms:
        heard = await bytes_client.until("4")
    assert heard[3] == code


async def test_a_login_without_branding_has_none(bytes_client: Raw) -> None:
    bytes_client.send(104, 5)
    assert await bytes_client.until("107") == ["107", "5", ""]


async def test_soft_dollar_tiers_are_an_empty_list(bytes_client: Raw) -> None:
    bytes_client.send(79, 5)
    assert await bytes_client.until("77") == ["77", "5", "0"]


async def test_a_display_group_shows_what_clients_put_into_it(bytes_client: Raw) -> None:
    bytes_client.send(67, 1, 5)
    assert await bytes_client.until("67") == ["67", "1", "5", "1|2|3|4|5|6|7"]
    bytes_client.send(68, 1, 5, 3)
    assert await bytes_client.until("68") == ["68", "1", "5", "none"]
    bytes_client.send(69, 1, 5, "8314@SMART")
    assert await bytes_client.until("68") == ["68", "1", "5", "8314@SMART"]


@pytest.mark.parametrize(("number", "answer"), [(65, "66"), (66, "66"), (72, "70"), (73, "70")])
async def test_a_program_that_wants_to_be_verified_hears_that_it_is_not(
    bytes_client: Raw, number: int, answer: str
) -> None:
    bytes_client.send(number, 1, "bot", "1.0", "key")
    assert (await bytes_client.until(answer))[2] == "0"


async def test_what_is_not_multiplied_has_an_empty_multiplier(start: Start, raw: RawClient) -> None:
    symbols = ("SPY", "SPX:IND", "EUR.USD:CASH", "BTC:CRYPTO", "ES:FUT")
    client = await raw(await start(symbols=symbols))
    await client.hello()
    client.send(71, 2, 7, "")
    for number, (symbol, kind, filled) in enumerate(
        (("SPX", "IND", ""), ("EUR", "CASH", ""), ("BTC", "CRYPTO", ""), ("ES", "FUT", "50"))
    ):
        client.send(9, 8, number, 0, symbol, kind, "", 0, *[""] * 7, 0, "", "", "")
        assert (await client.until("10", str(number)))[14] == filled


async def test_a_bond_is_named_by_its_cusip_where_others_have_a_symbol(
    start: Start, connect: Connect
) -> None:
    client: Any = await connect(await start(symbols=("SPY", "91282CJZ5:BOND")))
    (found,) = await client.ib.reqContractDetailsAsync(
        Contract(symbol="91282CJZ5", secType="BOND", exchange="SMART", currency="USD")
    )
    assert (found.contract.symbol, found.coupon) == ("US-T", 4)


def test_headlines_are_of_every_day_played() -> None:
    floor = build_floor(GatewayOptions(days=2, symbols=("SPY",), start="19:59:58"))
    opened_ns = trading_day("2025-06-03").open_ns + 60 * SECOND_NS
    while floor.now_ns < opened_ns:
        floor.advance(opened_ns)
    told = [one.text.split(" at ")[0] for one in headlines(floor, floor.market.instruments[0])]
    assert told == ["SPY opens", "SPY closes", "SPY opens"]
