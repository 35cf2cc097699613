"""The timeline: what happened in a run, a line each, for the eyes of whoever must understand it."""

from __future__ import annotations

from ibelay.gateway.exchange.events import (
    CommissionCharged,
    ExchangeEvent,
    Executed,
    OrderChanged,
    PositionChanged,
    Refused,
)
from ibelay.journal.records import (
    AnyRecord,
    CommissionRecorded,
    ExecutionRecorded,
    IntentRecorded,
    OrderStateChanged,
    StrategyStateSaved,
)
from ibelay.model.faults import MESSAGES, write
from ibelay.testing.simulation.observed import (
    Appended,
    Asked,
    Booted,
    Broke,
    Calmed,
    Durable,
    Emitted,
    Ended,
    Held,
    LinkChanged,
    Noted,
    Observation,
    Over,
    Settled,
    StrategyFailed,
    Told,
    Truth,
)
from ibelay.wire.requests import CancelOrder, PlaceOrder

_NAMES = {str(one.number): one.name for one in MESSAGES if not one.from_client}
_SHOWN_FIELDS = 14


def line(seen: Observation) -> str:
    """Return one line, beginning with the time; empty for what says nothing to a reader."""
    said = _said(seen)
    return f"{seen.at_ns / 1e9:14.6f}  {said}" if said else ""


def _said(seen: Observation) -> str:  # noqa: C901, PLR0911, PLR0912  # a case for each kind
    match seen:
        case Booted(boot=boot):
            return f"BOOT     number {boot}"
        case Ended(boot=boot, why=why):
            return f"END      of boot {boot}: {why}"
        case Asked(request=request):
            return f"bot ->   {_request(request)}"
        case Told(fields=fields):
            name = _NAMES.get(fields[0], fields[0]) if fields else "nothing"
            return f"bot <-   {name} {' '.join(fields[1:_SHOWN_FIELDS])}"
        case Appended(records=records):
            return _listed("journal", records)
        case Durable(seq=seq, records=records):
            return f"disk     rows {seq} to {seq + len(records) - 1}"
        case Truth(event=event):
            return f"broker   {_event(event)}"
        case LinkChanged(before=before, after=after, reason=reason):
            return f"link     {before} -> {after} ({reason})"
        case StrategyFailed(sentence=sentence):
            return f"fails    {sentence}"
        case Noted(severity=severity, text=text):
            return f"says     {severity.value}: {text}"
        case Emitted(news=news, order_ref=ref, exec_id=exec_id):
            return f"script<- {news} {ref} {exec_id}"
        case Held(trades=trades):
            told = ", ".join(f"{one.order_ref} {one.status}" for one in trades if not one.done)
            return f"holds    {told or 'nothing that works'}"
        case Broke(command=command, said=said):
            return f"FAULT    {write(command)}: {said}"
        case Calmed():
            return "CALM     everything is put right; nothing more goes wrong"
        case Settled(state=state, positions=positions):
            held = ", ".join(f"{con_id}: {quantity}" for con_id, quantity in positions.items())
            return f"look     {state or 'no process'}; the broker holds {held or 'nothing'}"
        case Over():
            return "OVER"


def _request(request: object) -> str:
    match request:
        case PlaceOrder():
            price = request.limit_price if request.limit_price is not None else request.aux_price
            at = "" if price is None else f" at {price}"
            return (
                f"placeOrder {request.order_id} {request.action} {request.quantity} "
                f"{request.contract.symbol} {request.order_type}{at} ref {request.order_ref}"
            )
        case CancelOrder(order_id):
            return f"cancelOrder {order_id}"
        case _:
            return type(request).__name__


def _listed(what: str, records: tuple[AnyRecord, ...]) -> str:
    told = [_record(record) for record in records if not isinstance(record, StrategyStateSaved)]
    return f"{what:9}{'; '.join(told)}" if told else ""


def _record(record: AnyRecord) -> str:
    match record:
        case IntentRecorded():
            order = record.order
            return f"intent {order.order_ref} id {record.order_id} {order.action} {order.quantity}"
        case OrderStateChanged():
            return f"{record.order_ref} {record.state} ({record.reason})"
        case ExecutionRecorded():
            one = record.execution
            missed = ", missed live" if record.recovered else ""
            return f"fill {one.order_ref} {one.quantity} at {one.price}{missed}"
        case CommissionRecorded():
            return "commission"
        case _:
            return type(record).__name__


def _event(event: ExchangeEvent) -> str:
    match event:
        case OrderChanged(order=order):
            return f"order {order.request.order_ref} {order.status} filled {order.filled}"
        case Executed(execution=execution):
            return f"fill {execution.order_ref} {execution.quantity} at {execution.price}"
        case CommissionCharged():
            return ""
        case PositionChanged(position=position):
            return f"position {position.contract.symbol} {position.quantity}"
        case Refused(order_id=order_id, code=code, text=text):
            return f"refuses {order_id}: {code} {text}"
