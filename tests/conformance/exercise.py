"""One family of requests, asked through one foreign client: what came of it.

Rules:
1. Served is what the client library itself decoded and handed to its user; where the library
   gave an awaitable, that must have resolved as well.
2. An error counts if it names the request, or names none where the request has no id.
3. What the library refuses before it sends is told as its own refusal, not as the gateway's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.conformance.families import Family
from tests.conformance.remote import NO_ID, Event, Remote

ANSWER_S = 10.0
# Said beside an answer, never instead of one: farms, delayed data shown, held orders.
ADVISORIES = frozenset({399, 10090, 10091, 10167, *range(2100, 2200)})
UPDATE_TWS = 503
_FALLBACKS = {
    # A request for what an earlier answer named, where no earlier answer came.
    "$tickReqParams.2": "9c0001",
    "$historicalNews.3": "BRFG$00000000",
    "$displayGroupUpdated.0": 1,
    "$securityDefinitionOptionParameter.5.last": "20250620",
}
_TERMS = (
    "conId", "symbol", "secType", "lastTradeDateOrContractMonth", "strike", "right", "multiplier",
    "exchange", "currency", "localSymbol", "tradingClass",
)  # fmt: skip
_NO_CONTRACT = {"conId": 1, "symbol": "NOSUCH", "exchange": "SMART"}


class Verdict(StrEnum):
    """What a cell of the matrix says."""

    SERVED = "served"
    ERROR = "IB's error"
    ABSENT = "not in this client"
    TOO_NEW = "client wants a newer server"
    DECLINED = "client's own refusal"
    UNREAD = "client cannot read it"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one family through one client.

    Attributes:
        verdict: In a word.
        code: IB's, with an error or a refusal; 0 without.
        events: Everything that was heard meanwhile.
    """

    verdict: Verdict
    code: int = 0
    events: tuple[Event, ...] = ()

    def __str__(self) -> str:
        """Return the cell as the page has it."""
        coded = self.verdict in {Verdict.ERROR, Verdict.DECLINED}
        return f"{self.verdict} {self.code}" if coded else str(self.verdict)


def exercise(remote: Remote, family: Family) -> Cell:
    """Ask for *family* through *remote*, end what it began, and say what came of it."""
    if remote.client.name in family.unread_by:
        return Cell(Verdict.UNREAD)
    for name, given in family.before:
        remote.call(name, _resolved(remote, given))
    told, mark = remote.call(family.call, _resolved(remote, family.given))
    if told.name == "absent":
        return Cell(Verdict.ABSENT)
    if told.name == "declined":
        code = int(told.args[0])
        return Cell(Verdict.TOO_NEW if code == UPDATE_TWS else Verdict.DECLINED, code)
    request_id = int(told.args[0]) if family.has_id else NO_ID
    awaited = any(event.name == "awaits" for event in remote.since(mark))
    if family.quiet:
        cell = _quiet(remote, mark)
    else:
        cell = _answered(remote, family, mark, request_id=request_id, awaited=awaited)
    if family.stop and cell.verdict is not Verdict.ERROR:
        remote.call(family.stop, {"reqid": request_id, "issmartdepth": False})
    return cell


def _answered(remote: Remote, family: Family, mark: int, *, request_id: int, awaited: bool) -> Cell:
    needs = (*family.needs, frozenset({"result"})) if awaited else family.needs

    def served(events: list[Event]) -> bool:
        mine = [e for e in events if _concerns(e, request_id)]
        return all(any(e.name in need for e in mine) for need in needs) and (
            not family.ticks or any(len(e.args) > 1 and e.args[1] in family.ticks for e in mine)
        )

    remote.until(
        lambda heard: served(heard) or _error(heard, request_id), mark=mark, within_s=ANSWER_S
    )
    heard = tuple(remote.since(mark))
    if served(list(heard)):
        return Cell(Verdict.SERVED, events=heard)
    if code := _error(list(heard), request_id):
        return Cell(Verdict.ERROR, code, heard)
    return Cell(Verdict.SILENT, events=heard)


def _quiet(remote: Remote, mark: int) -> Cell:
    """Ask the time behind it: whatever the gateway says of the first comes before."""
    told, _mark = remote.call("reqCurrentTime")
    assert told.name == "called"
    remote.expect("currentTime", mark=mark)
    heard = tuple(remote.since(mark))
    codes = [e.args[1] for e in heard if e.name == "error" and e.args[1] not in ADVISORIES]
    return Cell(Verdict.ERROR, codes[0], heard) if codes else Cell(Verdict.SERVED, events=heard)


def _concerns(event: Event, request_id: int) -> bool:
    """Return whether a callback is about the request; one without an id is, to any."""
    if request_id == NO_ID or event.name == "result" or not event.args:
        return True
    return str(event.args[0]) == str(request_id)  # stoqey reads some ids as words


def _error(events: list[Event], request_id: int) -> int:
    """Return the code of the error that answers the request, 0 if none does."""
    ids = {NO_ID, 0} if request_id == NO_ID else {request_id}
    for event in events:
        if event.name == "error" and event.args[0] in ids:
            code = int(event.args[1])
            if code not in ADVISORIES:
                return code
    return 0


def _resolved(remote: Remote, given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _value(remote, value) for key, value in given.items()}


def _value(remote: Remote, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _resolved(remote, value)
    if isinstance(value, str) and value.startswith("$"):
        return _said(remote, value)
    return value


def _said(remote: Remote, reference: str) -> Any:
    """Return what an earlier callback said, or what else to ask for."""
    name, *steps = reference[1:].split(".")
    if name == "contract":
        return known_contract(remote, steps[0])
    for event in reversed(remote.since()):
        if event.name == name:
            found: Any = event.args
            for step in steps:
                found = _step(found, step)
            if found not in ("", None, []):
                return found
    return _FALLBACKS[reference]


def _step(found: Any, step: str) -> Any:
    if step.isdigit():
        return found[int(step)]
    return max(found) if step == "last" else found[step]


def known_contract(remote: Remote, sec_type: str) -> dict[str, Any]:
    """Return a contract that the client was told the details of; what nobody knows if none.

    ib_async wants its con_id, so it has to be one that was told.
    """
    for event in reversed(remote.since()):
        if event.name in {"contractDetails", "bondContractDetails"}:
            contract = event.args[1]["contract"]
            if contract["secType"] == sec_type:
                return {term: contract[term] for term in _TERMS if term in contract}
    return {**_NO_CONTRACT, "secType": sec_type}
