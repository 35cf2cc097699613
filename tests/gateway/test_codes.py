"""Every code the gateway can say stands in the notice table the runtime goes by.

A code that is missing there is ambiguous to the runtime, which then asks for a snapshot of
everything because an order was refused for a plain reason.

The codes are read from the gateway's own source: numbers given to what says them, those of a
pair of code and sentence, and those that are called a code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.sources import parsed

import ibelay.control
import ibelay.gateway
import ibelay.wire
from ibelay.gateway.exchange.rules import codes
from ibelay.gateway.exchange.rules.codes import Refusal
from ibelay.model.notices import NOTICES, NoticeClass, is_ambiguous, rejects_new_order

ROOMS = [Path(room.__path__[0]) for room in (ibelay.control, ibelay.gateway, ibelay.wire)]
CODES = range(100, 11_000)
SAYS = {"Refusal", "NoLine", "_Farm", "refuse", "notify", "say", "_end"}
OF_EVERY_WAY = {101, 103, 201, 202, 310, 321, 391, 506, 1100, 1101, 1300, 2103, 2158, 10255, 10276}
"""One at least of each way to say a code: a search that misses a way finds less than these."""
MODIFICATIONS = (
    codes.FILLED,
    codes.MISMATCH,
    codes.NEW_TYPE,
    codes.NEW_ALGORITHM,
    codes.CASH_CHANGE,
    codes.STILL_PROCESSED,
    codes.NEW_GROUP,
    codes.NEW_GROUP_TYPE,
    codes.NEW_PARENT,
)
REQUESTS = {codes.COMBO_WHAT_IF}
"""A what-if places nothing that could be dead."""


def _numbers(values: list[ast.expr]) -> Iterator[int]:
    for value in values:
        branches = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
        for one in branches:
            if isinstance(one, ast.Constant) and type(one.value) is int and one.value in CODES:
                yield one.value


def _is_sentence(value: ast.expr) -> bool:
    if isinstance(value, ast.JoinedStr):
        return True
    if isinstance(value, ast.Name):
        return value.id.isupper()
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and " " in value.value


def _said_in(node: ast.AST) -> Iterator[int]:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in SAYS:
            yield from _numbers(node.args)
        case ast.Tuple(elts=[first, second, *_]) if _is_sentence(second):
            yield from _numbers([first])
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.startswith("CODE_"):
            yield from _numbers([value])
        case ast.AnnAssign(target=ast.Name(id="code"), value=ast.expr() as value):
            yield from _numbers([value])
        case _:
            pass


def _said() -> set[int]:
    files = [file for room in ROOMS for file in room.rglob("*.py")]
    trees = [parsed(file.read_text(encoding="utf-8")) for file in files]
    return {code for tree in trees for node in ast.walk(tree) for code in _said_in(node)}


def _refusals() -> set[Refusal]:
    return {one for one in vars(codes).values() if isinstance(one, Refusal)}


def test_every_code_the_gateway_can_say_is_in_the_table() -> None:
    said = _said()
    assert said >= OF_EVERY_WAY
    assert sorted(said - NOTICES.keys()) == []


def test_what_refuses_a_modification_ends_no_order() -> None:
    assert [one for one in MODIFICATIONS if rejects_new_order(one.code)] == []


def test_what_refuses_a_new_order_is_told_for_a_rejection() -> None:
    """103 apart: an earlier send under the same number may have arrived."""
    others = {*MODIFICATIONS, *REQUESTS, codes.DUPLICATE_ID, codes.CANNOT_CANCEL}
    advisories = {one for one in _refusals() if NOTICES[one.code].klass is NoticeClass.ADVISORY}
    new = _refusals() - others - advisories
    assert len(new) > 35
    assert [one for one in new if not rejects_new_order(one.code)] == []
    assert {one.code for one in advisories - set(MODIFICATIONS)} == {404, 2109}


def test_a_repeated_number_asks() -> None:
    assert is_ambiguous(codes.DUPLICATE_ID.code)
