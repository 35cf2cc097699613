"""The vocabulary of faults: what is read is what was written, and what is wrong is said."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ib_async import IB
from ib_async.decoder import Decoder
from ib_async.wrapper import Wrapper

from ibelay.errors import ConfigurationError
from ibelay.model import faults
from ibelay.model.faults import BY_NUMBER, MESSAGES, REQUESTS, VOCABULARY, Command, forms, values_of
from ibelay.model.ids import ClientId, OrderId, PermId
from ibelay.wire.decode.message import SERVED

PRINTABLE = some.text(some.characters(min_codepoint=32, max_codepoint=0x24F), min_size=1).filter(
    str.isprintable
)
AMOUNTS = some.decimals("0.000001", "999999999", places=6)
WHOLE = some.integers(0, 65535)
CONTENTS: dict[int, some.SearchStrategy[Any]] = {
    id(forms.SPAN): some.builds(
        forms.Span, some.integers(0, 604800000).map(lambda ms: ms * 10**6), some.booleans()
    ),
    id(forms.AMOUNT): AMOUNTS,
    id(forms.SYMBOL): some.sampled_from(["SPY", "BRK B", "EUR.USD"]),
    id(forms.TARGET): some.sampled_from(
        [
            forms.Target(symbol="SPY"),
            forms.Target(client_id=ClientId(0), order_id=OrderId(-3)),
            forms.Target(perm_id=PermId(1_000_001)),
        ]
    ),
    id(forms.RATIO): some.builds(forms.Ratio, some.integers(1, 99), some.integers(1, 99)),
    id(forms.MESSAGE): some.sampled_from((*MESSAGES, *REQUESTS)),
    id(forms.COUNT): some.none() | some.integers(1, 99),
    id(forms.CLIENT): WHOLE,
    id(forms.NUMBER): some.integers(-5, 5),
    id(forms.CODE): WHOLE,
    id(forms.PORT): WHOLE,
    id(forms.SIZE): some.integers(1, 10**9),
    id(forms.TEXT): PRINTABLE,
    id(forms.YES_NO): some.booleans(),
    id(forms.SIDE): some.sampled_from(["BUY", "SELL"]),
}


def contents(form: forms.Form) -> some.SearchStrategy[Any]:
    """Return what can stand for *form*; words are taken from what it expects."""
    known = CONTENTS.get(id(form))
    return known if known is not None else some.sampled_from(form.expected.split(" or "))


@some.composite
def commands(draw: some.DrawFn) -> Command:
    """Draw any command with any values it can have."""
    kind = draw(some.sampled_from(list(VOCABULARY.values())))
    drawn = {
        value.field: draw(contents(value.form))
        for value in values_of(kind)
        if value.required or draw(some.booleans())
    }
    return kind(**drawn)


@given(commands())
def test_every_command_survives_being_written_and_read(command: Command) -> None:
    assert faults.read(faults.write(command)) == command


def test_a_text_that_looks_like_a_named_value_stays_a_text() -> None:
    command = faults.Notice(2110, "id=4")
    assert faults.read(faults.write(command)) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("set-price spy 601.20", faults.SetPrice("SPY", Decimal("601.20"))),
        (
            "delay orderstatus wall:500ms",
            faults.Delay(faults.BY_NAME["orderstatus"], faults.Span(5 * 10**8, wall=True)),
        ),
        ("drop execDetails count=always client=7", faults.Drop(BY_NUMBER[11], None, ClientId(7))),
        (
            "fill 7/12 price=1.5",
            faults.Fill(forms.Target(client_id=ClientId(7), order_id=OrderId(12)), Decimal("1.5")),
        ),
        ('notice 2110 "between TWS and server"', faults.Notice(2110, "between TWS and server")),
        ("restart 90s", faults.Restart(faults.Span(90 * 10**9))),
    ],
)
def test_commands_are_written_as_people_say_them(text: str, command: Command) -> None:
    assert faults.read(text) == command


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "an empty command does nothing"),
        ("frees", "command 'frees' is not known: did you mean freeze?"),
        ("bananas", "expected one of delay, drop"),
        ("drop", "drop needs message: write drop MESSAGE [count=COUNT] [client=CLIENT]"),
        ("drop orderStats", "drop cannot use 'orderStats' as message: expected a message by IB's"),
        ("drop orderStatus 0", "drop cannot use '0' as count: expected a count from 1"),
        ("freeze 5", "freeze cannot use '5' as span: expected a time such as 500ms"),
        ("pause now", "pause has no place for 'now': write pause"),
        ("freeze client=1 5s", "freeze has no place for '5s'"),
        ("freeze 5s span=6s", "freeze has span twice"),
        ('notice 1 "x', "close every quote"),
        ("set-price SPY -1", "expected a positive number"),
        ("step 1000h", "step cannot use '1000h' as by"),
        ("split SPY 0:1", "expected a ratio such as 4:1"),
        ("reset orders=maybe", "expected resubmit or lose"),
        ("notice 1 " + "x" * 2000, "is too long: expected at most 1000"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(sentence)) as told:
        faults.read(text)
    assert "\n" not in str(told.value)


@given(some.text(max_size=60))
def test_any_text_is_a_command_or_refused(text: str) -> None:
    try:
        command = faults.read(text)
    except ConfigurationError:
        return
    assert faults.read(faults.write(command)) == command


def test_the_table_of_messages_has_each_number_and_name_once() -> None:
    assert len(BY_NUMBER) == len(MESSAGES)
    assert len(faults.REQUEST_BY_NUMBER) == len(REQUESTS)
    assert len(faults.BY_NAME) == len(MESSAGES) + len(REQUESTS)


def test_the_table_of_messages_has_what_a_released_client_reads() -> None:
    """ib_async knows no verification (65, 66, 69, 70) that a gateway of ours could send."""
    known = set(Decoder(Wrapper(IB()), 178).handlers) - {65, 66, 69, 70}
    assert known <= set(BY_NUMBER)


def test_the_table_of_requests_has_what_a_gateway_of_ours_serves_with_their_ids() -> None:
    for number, request in faults.REQUEST_BY_NUMBER.items():
        id_at = SERVED[number].id_at
        assert request.id_at == (None if id_at is None else id_at + 1), request.name
    assert set(SERVED) - set(faults.REQUEST_BY_NUMBER) == {65, 66, 72, 73}, "verification alone"


def test_every_word_is_done_by_somebody_and_refused_by_the_others() -> None:
    for kind in VOCABULARY.values():
        assert faults.PERFORMERS[kind], kind.word
    assert faults.refusal(faults.Kill(), faults.Performer.PROXY) == (
        "the chaos proxy cannot do 'kill': a simulation or a drill with real processes can"
    )
    assert {kind.word for kind in faults.words_of(faults.Performer.SIMULATION)} == {
        "kill",
        "power-cut",
        "stall",
        "unplug",
    }


def test_every_word_of_the_vocabulary_says_what_it_does_and_most_say_from_where() -> None:
    for word, kind in VOCABULARY.items():
        said = kind.__doc__ or ""
        assert said.partition("\n")[0].endswith("."), word
        if kind.__module__.endswith((".line", ".gate", ".book", ".socket", ".process")):
            assert "**Source**" in said or word in {"thaw", "accept"}
