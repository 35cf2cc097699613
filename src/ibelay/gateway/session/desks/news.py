"""The news desk: bulletins, and headlines about what is traded here.

Rules:
1. There is one provider, the gateway itself; its headlines tell of the open and close
   of each contract's sessions in the last week played, so that they are true and the same in
   every run.
2. The one bulletin of the day says that nothing here is real.
3. Headlines come latest first, at most as many as asked for and 300.

**Source**: IB "News" pages; shapes as ib_async 2.1 reads them (times are UTC).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ibelay.errors import WireError
from ibelay.gateway.market.api import Instrument
from ibelay.gateway.session.desk import Client, Handlers
from ibelay.gateway.session.floor import Floor
from ibelay.model.ids import ConId
from ibelay.wire.encode import news as say
from ibelay.wire.requests import news as ask
from ibelay.wire.times import SECOND_NS, day, parse_moment

PROVIDER = ("PAPR", "Paper Gateway Session Notes")
BULLETIN = "This is a paper gateway: its prices and fills are simulated."
MAX_HEADLINES = 300
_MINUTE_S = 60
_MINUTE_NS = _MINUTE_S * SECOND_NS
_TOLD_NS = 7 * 86_400 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Headline:
    """One headline and its article."""

    at_ns: int
    article_id: str
    text: str


def headlines(floor: Floor, one: Instrument) -> Iterator[Headline]:
    """Yield what there is to tell of *one* up to market time, latest first."""
    market, contract, now_ns = floor.market, one.contract, floor.now_ns
    since_ns = max(market.start_ns, now_ns - _TOLD_NS)
    for session in reversed(market.sessions(contract.con_id, since_ns, now_ns)):
        for name, end_ns in (("closes", session.close_ns), ("opens", session.open_ns + _MINUTE_NS)):
            if not since_ns < end_ns <= now_ns:
                continue
            bars = market.bars(contract.con_id, end_ns - _MINUTE_NS, end_ns, _MINUTE_S)
            if bars:
                price = bars[0].open if name == "opens" else bars[-1].close
                article_id = f"{PROVIDER[0]}${contract.con_id}-{day(end_ns)}-{name}"
                yield Headline(end_ns, article_id, f"{contract.symbol} {name} at {price}")


class NewsDesk:
    """Serves bulletins, headlines and articles."""

    def __init__(self, client: Client) -> None:
        self._floor = client.floor
        self._voice = client.voice

    def handlers(self) -> Handlers:
        """See ``Desk``."""
        return {
            ask.RequestNewsBulletins: self._bulletins,
            ask.CancelNewsBulletins: lambda _request: None,
            ask.RequestNewsProviders: self._providers,
            ask.RequestHistoricalNews: self._headlines,
            ask.RequestNewsArticle: self._article,
        }

    def _bulletins(self, request: ask.RequestNewsBulletins) -> None:
        if request.all_of_today:
            self._voice.say(say.news_bulletin(1, 1, BULLETIN, ""))

    def _providers(self, _request: ask.RequestNewsProviders) -> None:
        self._voice.say(say.news_providers([PROVIDER]))

    def _headlines(self, request: ask.RequestHistoricalNews) -> None:
        number, one = request.request_id, self._floor.instrument(request.con_id)
        if one is None:
            text = f"No security definition has been found for con id {request.con_id}"
            self._voice.refuse(number, 200, text)
            return
        try:
            start_ns = parse_moment(request.start.removesuffix(".0")) if request.start else 0
            end_ns = parse_moment(request.end.removesuffix(".0")) if request.end else None
        except WireError as error:
            self._voice.refuse(number, 321, f"Error validating request: {error}")
            return
        wanted = request.providers.replace("+", ",").split(",")
        found = [
            headline
            for headline in headlines(self._floor, one)
            if PROVIDER[0] in wanted
            and headline.at_ns >= start_ns
            and (end_ns is None or headline.at_ns <= end_ns)
        ]
        most = min(max(request.limit, 0), MAX_HEADLINES)
        for headline in found[:most]:
            moment = (
                f"{datetime.fromtimestamp(headline.at_ns // SECOND_NS, UTC):%Y-%m-%d %H:%M:%S}.0"
            )
            row = (moment, PROVIDER[0], headline.article_id, headline.text)
            self._voice.say(say.historical_news(number, *row))
        self._voice.say(say.historical_news_end(number, has_more=len(found) > most))

    def _article(self, request: ask.RequestNewsArticle) -> None:
        number = request.request_id
        con_id = request.article_id.removeprefix(f"{PROVIDER[0]}$").partition("-")[0]
        one = self._floor.instrument(ConId(int(con_id))) if _is_number(con_id) else None
        for headline in headlines(self._floor, one) if one is not None else ():
            if headline.article_id == request.article_id and request.provider == PROVIDER[0]:
                self._voice.say(say.news_article(number, f"{headline.text}. {BULLETIN}"))
                return
        self._voice.refuse(
            number, 10172, "Failed to request news article: there is no such article"
        )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10
