"""One fault of the matrix: what was reported, what is made to happen, what a user is owed. Pure.

    name = "F01 The line dies and nobody says so"

    [[step]]                          # a scenario, as gateway and proxy play it
    at = "+60s"
    do = "freeze 5m"

    [fault]
    id = "F01"
    reported = "..."                  # the failure, as the field reported it
    sources = ["..."]
    others = ["..."]                  # what the others do about it
    owed = "..."                      # one sentence
    requirement = ["C3", "P2"]

    [fault.setting]
    start = "10:30"                   # New York time, a quiet hour of a made-up market
    lasts = "4m"

    [[fault.act]]                     # see ``plan``
    at = "+30s"
    do = "enter SPY 100"

    [fault.expect]                    # see ``checks``
    duplicates = 0

Rules:
1. Everything is checked when the file is read; one sentence names the file and what is wrong.
2. A file plays for at most a week of market time.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ibelay.control.scenario import Scenario, parse
from ibelay.errors import ConfigurationError
from ibelay.model.faults import forms
from ibelay.testing.matrix.checks import Expected, read_expected
from ibelay.testing.matrix.plan import Planned, read_acts

FILES = Path(__file__).parent / "files"
COUNT = 50
_ID = re.compile(r"F(0[1-9]|[1-4]\d|50)")
_REQUIREMENT = re.compile(r"([CBSROWGMD]|I|P|N)\d{1,2}")
_KEYS = {"id", "reported", "sources", "others", "owed", "requirement", "setting", "act", "expect"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and when it happens.

    Attributes:
        lasts_ns: How long the run takes, in market time.
        symbols: What the program streams, and the market has.
        date: First day of the market, YYYY-MM-DD.
        start: New York time of the beginning, HH:MM or HH:MM:SS.
        days: Days of the market.
        seed: Of the market's prices and of everything that is left to chance.
        pacing: What the gateway does with too many messages: ``pace``, ``reject`` or ``off``.
    """

    lasts_ns: int
    symbols: tuple[str, ...] = ("SPY",)
    date: str = "2025-06-02"
    start: str = "10:30"
    days: int = 1
    seed: int = 11
    pacing: str = "pace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """See the module."""

    id: str
    title: str
    reported: str
    sources: tuple[str, ...]
    others: tuple[str, ...]
    owed: str
    requirement: tuple[str, ...]
    setting: Setting
    scenario: Scenario
    plan: tuple[Planned, ...]
    expect: tuple[Expected, ...]


def every() -> tuple[Fault, ...]:
    """Return the matrix, in the order of its numbers.

    Raises:
        ConfigurationError: A file cannot be read or understood.
    """
    return tuple(load(path) for path in sorted(FILES.glob("f*.toml")))


def load(path: Path) -> Fault:
    """Return the fault in a file.

    Raises:
        ConfigurationError: It cannot be read, or what it says cannot be understood.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"fault {path} cannot be read ({error.strerror}): name a TOML file that exists"
        ) from error
    return read(text, path.name)


def read(text: str, source: str) -> Fault:
    """Return the fault written as *text*; *source* names it in what is said.

    Raises:
        ConfigurationError: See ``load``.
    """
    scenario = parse(text, source)
    table = tomllib.loads(text).get("fault")
    if not isinstance(table, dict):
        raise ConfigurationError(f"{source} has no [fault]: say what is to be judged")
    _only(_KEYS, table, f"{source}, [fault]")
    if not _ID.fullmatch(str(table.get("id"))):
        raise ConfigurationError(f"{source}: id = {table.get('id')!r}: expected F01 to F50")
    return Fault(
        id=str(table["id"]),
        title=scenario.name.removeprefix(f"{table['id']} "),
        reported=_sentences(table, "reported", source),
        sources=_texts(table, "sources", source),
        others=_texts(table, "others", source),
        owed=_sentences(table, "owed", source),
        requirement=_requirements(table, source),
        setting=_setting(table.get("setting"), source),
        scenario=scenario,
        plan=tuple(one for act in table.get("act", []) for one in read_acts(act, source)),
        expect=read_expected(table.get("expect"), source),
    )


def _setting(table: Any, source: str) -> Setting:
    where = f"{source}, [fault.setting]"
    if not isinstance(table, dict) or "lasts" not in table:
        raise ConfigurationError(f"{where}: say at least how long it lasts")
    known = {field.name for field in fields(Setting)} - {"lasts_ns"} | {"lasts"}
    _only(known, table, where)
    values = dict(table)
    try:
        lasts_ns = int(forms.SPAN.read(str(values.pop("lasts"))).ns)
    except ValueError as error:
        raise ConfigurationError(f"{where}: lasts is {forms.SPAN.expected}") from error
    if "symbols" in values:
        values["symbols"] = tuple(values["symbols"])
    return Setting(lasts_ns=lasts_ns, **values)


def _only(known: set[str], table: dict[str, Any], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise ConfigurationError(
            f"{where} has {unknown[0]!r}: expected only {', '.join(sorted(known))}"
        )


def _sentences(table: dict[str, Any], key: str, source: str) -> str:
    text = table.get(key)
    if not isinstance(text, str) or not text.strip():
        raise ConfigurationError(f"{source}: say in words what {key} is")
    return " ".join(text.split())


def _texts(table: dict[str, Any], key: str, source: str) -> tuple[str, ...]:
    texts = table.get(key)
    if not isinstance(texts, list) or not texts or not all(isinstance(it, str) for it in texts):
        raise ConfigurationError(f"{source}: expected {key} = a list of texts")
    return tuple(" ".join(text.split()) for text in texts)


def _requirements(table: dict[str, Any], source: str) -> tuple[str, ...]:
    ids = _texts(table, "requirement", source)
    for one in ids:
        if not _REQUIREMENT.fullmatch(one):
            raise ConfigurationError(
                f"{source}: requirement {one!r}: expected one such as C3 or I9"
            )
    return ids
