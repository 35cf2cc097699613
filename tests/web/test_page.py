"""The status page, as the server renders it."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ibelay.ports.control import BotStatus, EventLine, SymbolStatusLine
from ibelay.web import page as page_module
from ibelay.web.page import page, sections
from ibelay.web.status_view import look

Render = Callable[..., str]
_ASSETS = Path(page_module.__file__).parent / "assets"
_EVIL = "<img src=x onerror=alert(1)>\"'&"


@pytest.fixture
def render(view: Any) -> Render:
    def rendered(*, controls: bool = True) -> str:
        return page(look(view, 10.0), controls=controls)

    return rendered


class _Tags(HTMLParser):
    """Collects what a browser would see as elements and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_shows_what_a_trader_must_see(render: Render) -> None:
    html = render()
    for text in (
        "PAPER", "ps60", "DU…567", "ready", "since 2013-10-07T14:00:00+00:00", "data 0 s old",
        "168.01", "▼ -0.42", "protected", "ps60:3:1.1", "SELL 100 STP",
        "broker confirms 100 shares", "Trading", "last signal check",
    ):  # fmt: skip
        assert text in html, text
    assert "DU1234567" not in html


def test_there_is_nothing_inline_and_nothing_from_elsewhere(render: Render) -> None:
    """What the content security policy would block must not be there in the first place."""
    for tag, attributes in _Tags(render()).tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        for source in ("src", "href"):
            assert (attributes.get(source) or "/").startswith("/"), attributes
        assert tag != "style"
        if tag == "script":
            assert attributes.get("src") == "/assets/app.js"


def test_every_text_of_the_bot_is_escaped(view: Any, status: BotStatus) -> None:
    """Every string of the status is replaced by an attack; no new element may appear."""
    status.safe_mode, status.safe_mode_checks = "10 attempts failed", ["check"]
    status.not_trading_reason, status.trading = "no", False
    view.show(status)
    before = {tag for tag, _ in _Tags(page(look(view, 10), controls=True)).tags}
    evil = msgspec.convert(_poisoned(msgspec.to_builtins(status)), BotStatus)
    view.show(evil)
    parsed = _Tags(page(look(view, 10), controls=True)).tags
    assert {tag for tag, _ in parsed} == before
    assert "img" not in before
    assert {"data-remove": _EVIL, "aria-label": f"Remove {_EVIL}"} in [a for _, a in parsed]


def _poisoned(value: Any) -> Any:
    if isinstance(value, str):
        return _EVIL
    if isinstance(value, dict):
        return {key: _poisoned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_poisoned(inner) for inner in value]
    return value


def test_a_dead_bot_is_said_to_be_dead_and_its_numbers_are_stale(view: Any, render: Render) -> None:
    view.lose_the_bot()
    html = render()
    assert "STALE: data 12 s old" in html
    assert "the bot is not running (waiting)" in html
    assert "next start in 4 s" in html
    assert "168.01" in html
    assert 'data-live="no"' in html
    assert "<strong>ready</strong>" not in html


def test_a_bot_never_heard_of_has_a_page_too(view: Any, render: Render) -> None:
    view.status, view.status_age_s = None, None
    assert "Nothing is known yet" in render()
    assert "has not reported yet" in render()


@pytest.mark.parametrize(
    ("quantity", "covered", "words"),
    [("100", "100", "protected"), ("-100", "100", "protected"), ("100", "0", "NO STOP"),
     ("100", "50", "covers 50 of 100"), ("0", "0", "flat")],
)  # fmt: skip
def test_protection_is_said_in_words(
    view: Any, status: BotStatus, quantity: str, covered: str, words: str
) -> None:
    status.positions[0].quantity = status.positions[0].broker_quantity = quantity
    status.positions[0].protected = covered
    view.show(status)
    assert words in sections(look(view, 10), controls=False)["positions"]


def test_a_difference_to_the_broker_is_said(view: Any, status: BotStatus) -> None:
    status.positions[0].broker_quantity = "50"
    view.show(status)
    assert "differs" in sections(look(view, 10), controls=False)["positions"]


def test_safe_mode_shows_its_reason_and_what_to_check(
    view: Any, status: BotStatus, render: Render
) -> None:
    status.safe_mode, status.safe_mode_checks = "10 attempts failed", ["Gateway running?", "Login"]
    status.trading, status.not_trading_reason = False, "safe mode"
    view.show(status)
    assert "<ol><li>Gateway running?</li><li>Login</li></ol>" in render()
    assert "Not trading:</strong> safe mode" in render()
    assert "ibelay safe-mode clear" in render(controls=False)


def test_sections_change_only_with_what_they_show(view: Any, status: BotStatus) -> None:
    """The feed sends what differs, so an added symbol must not send the orders again."""
    before = sections(look(view, 10), controls=True)
    status.watch_list.append(
        SymbolStatusLine(symbol="IBM", last="181", change_percent=1.5, bars=3, age_s=0.1)
    )
    status.events.append(EventLine(at="now", severity="info", text="IBM added"))
    view.show(status)
    after = sections(look(view, 10), controls=True)
    assert {name for name in after if after[name] != before[name]} == {"watch", "events"}


def test_a_stream_that_does_not_flow_says_why(view: Any, status: BotStatus, render: Render) -> None:
    """With what IB said as it said it, and no markup of its own."""
    status.watch_list[1].problem = "bars refused: 354 not <subscribed>"
    view.show(status)
    assert "no data (bars refused: 354 not &lt;subscribed&gt;)" in render()


def test_every_section_has_its_place_on_the_page(render: Render, view: Any) -> None:
    ids = {attributes.get("id") for _, attributes in _Tags(render()).tags}
    places = set(sections(look(view, 10), controls=True)) - {"title", "live"}
    assert places <= ids


def test_the_assets_load_nothing_from_elsewhere() -> None:
    for asset in ("app.js", "style.css"):
        text = (_ASSETS / asset).read_text()
        assert "http" not in text.replace("http://www.w3.org/2000/svg", ""), asset
        assert "@import" not in text
        assert "eval(" not in text
