"""News: bulletins of the exchange, headlines and articles of providers."""

from __future__ import annotations

from dataclasses import dataclass

from ibelay.model.ids import ConId


@dataclass(frozen=True, slots=True)
class RequestNewsBulletins:
    """Bulletins from now on, and today's as well if *all_of_today*."""

    all_of_today: bool


@dataclass(frozen=True, slots=True)
class CancelNewsBulletins:
    """End of :class:`RequestNewsBulletins`."""


@dataclass(frozen=True, slots=True)
class RequestNewsProviders:
    """Whose news the account may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHistoricalNews:
    """Headlines about a contract; times as the client wrote them, empty for no bound."""

    request_id: int
    con_id: ConId
    providers: str
    start: str
    end: str
    limit: int


@dataclass(frozen=True, slots=True)
class RequestNewsArticle:
    """The text behind a headline."""

    request_id: int
    provider: str
    article_id: str


NewsRequests = (
    RequestNewsBulletins
    | CancelNewsBulletins
    | RequestNewsProviders
    | RequestHistoricalNews
    | RequestNewsArticle
)
