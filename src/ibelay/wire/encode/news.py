"""Messages about news."""

from __future__ import annotations

from collections.abc import Sequence

from ibelay.wire.encode.message import message

PLAIN_TEXT = 0


def news_bulletin(number: int, kind: int, text: str, exchange: str) -> bytes:
    """Return updateNewsBulletin; *kind* 1 regular, 2 exchange closed, 3 open again."""
    return message(14, 1, number, kind, text, exchange)


def news_providers(providers: Sequence[tuple[str, str]]) -> bytes:
    """Return newsProviders; *providers* are (code, name)."""
    return message(85, len(providers), *(part for row in providers for part in row))


def historical_news(
    request_id: int, at: str, provider: str, article_id: str, headline: str
) -> bytes:
    """Return historicalNews."""
    return message(86, request_id, at, provider, article_id, headline)


def historical_news_end(request_id: int, *, has_more: bool) -> bytes:
    """Return historicalNewsEnd."""
    return message(87, request_id, has_more)


def news_article(request_id: int, text: str) -> bytes:
    """Return newsArticle, as plain text."""
    return message(83, request_id, PLAIN_TEXT, text)


def tick_news(request_id: int, at_ns: int, article_id: str, headline: str) -> bytes:
    """Return tickNews; the provider is the beginning of *article_id*, its time in ms."""
    provider = article_id.partition("$")[0]
    return message(84, request_id, at_ns // 1_000_000, provider, article_id, headline, "")
