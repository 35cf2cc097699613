"""IB's message codes: what each is about, what it means, and where that is known from.

A table of data, longer than a module should be.

Rules:
1. A code ends an order only if it is *proven* to (class REJECT for a new order, TERMINAL for
   202). Everything else leaves the order as it is: "an advisory taken for a cancel" cost
   others 15 orders for one (F20).
2. AMBIGUOUS means: ask open orders, completed orders and executions before believing.
3. A code that is not in the table is AMBIGUOUS: whoever gets it about an order asks.
4. The same code can refuse a new order or only its modification: REJECT holds for new ones.

Source: the column *source* of each row; "DOC" is IB's TWS API documentation ("Error
Handling"), "field" a live report collected in the shared facts, section 1, "recording" a real
paper Gateway's answer, docs/evidence/gateway-recordings.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a code is about."""

    REQUEST = "request"
    ORDER = "order"
    CONNECTION = "connection"
    FARM = "farm"


class NoticeClass(StrEnum):
    """What a code asks of us."""

    INFO = "info"
    ADVISORY = "advisory"
    TRANSIENT = "transient"
    CONNECTION = "connection"
    RATE = "rate"
    DATA = "data"
    BAD_REQUEST = "bad request"
    REJECT = "reject"
    TERMINAL = "terminal"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Notice:
    """One row of the table."""

    code: int
    scope: Scope
    klass: NoticeClass
    summary: str
    source: str


_R, _O, _C, _F = Scope.REQUEST, Scope.ORDER, Scope.CONNECTION, Scope.FARM
_K = NoticeClass

_ROWS: tuple[Notice, ...] = (
    # connection
    Notice(1100, _C, _K.CONNECTION, "the gateway lost IB's servers; the socket stays", "DOC"),
    Notice(1101, _C, _K.CONNECTION, "restored, data lost: resubscribe everything", "DOC"),
    Notice(1102, _C, _K.CONNECTION, "restored, data kept: verify", "DOC; contested in the field"),
    Notice(1300, _C, _K.CONNECTION, "the socket port changed; this link is dropped", "DOC"),
    Notice(2110, _C, _K.CONNECTION, "the gateway lost IB's servers; restores itself", "DOC"),
    Notice(326, _C, _K.CONNECTION, "client id in use; the gateway closes the link", "DOC"),
    Notice(501, _C, _K.BAD_REQUEST, "already connected", "DOC"),
    Notice(502, _C, _K.CONNECTION, "cannot connect", "DOC, made by client libraries"),
    Notice(503, _R, _K.BAD_REQUEST, "the gateway is too old for the request", "DOC"),
    Notice(504, _C, _K.CONNECTION, "not connected; the request was not sent", "DOC"),
    Notice(505, _C, _K.CONNECTION, "unknown message id: the stream is out of step", "DOC"),
    Notice(506, _C, _K.CONNECTION, "unsupported version", "DOC; transient after restarts"),
    Notice(507, _C, _K.CONNECTION, "end of file: duplicate client id or gateway closed", "DOC"),
    Notice(508, _C, _K.CONNECTION, "bad message length", "DOC"),
    Notice(509, _C, _K.CONNECTION, "exception while reading the socket", "DOC"),
    Notice(2111, _R, _K.INFO, "the time of an algorithm was adjusted", "DOC"),
    Notice(2130, _R, _K.INFO, "about a factor", "DOC"),
    Notice(2150, _R, _K.DATA, "no profit and loss of a position not held", "field"),
    Notice(2152, _R, _K.INFO, "exchanges of market depth", "DOC"),
    Notice(2168, _R, _K.INFO, "an attribute is not supported", "DOC"),
    Notice(2169, _R, _K.INFO, "an attribute is not supported", "DOC"),
    Notice(2174, _R, _K.INFO, "a date without a time zone is deprecated", "DOC; field"),
    Notice(10038, _C, _K.CONNECTION, "the socket was torn down", "DOC"),
    Notice(10053, _C, _K.CONNECTION, "the socket was torn down", "DOC; Windows"),
    Notice(10328, _C, _K.AMBIGUOUS, "connection lost, order data could not be resolved", "DOC"),
    # farms
    Notice(2103, _F, _K.TRANSIENT, "market data farm broken", "DOC"),
    Notice(2104, _F, _K.INFO, "market data farm OK", "DOC"),
    Notice(2105, _F, _K.TRANSIENT, "historical data farm broken", "DOC"),
    Notice(2106, _F, _K.INFO, "historical data farm OK", "DOC"),
    Notice(2107, _F, _K.INFO, "historical data farm inactive, on demand", "DOC"),
    Notice(2108, _F, _K.INFO, "market data farm inactive, on demand", "DOC"),
    Notice(2119, _F, _K.INFO, "market data farm is connecting", "DOC"),
    Notice(2157, _F, _K.TRANSIENT, "security definition farm broken", "field"),
    Notice(2158, _F, _K.INFO, "security definition farm OK", "DOC"),
    # requests
    Notice(100, _C, _K.RATE, "too many messages; the third time ends the session", "DOC"),
    Notice(101, _R, _K.RATE, "too many tickers", "DOC"),
    Notice(102, _R, _K.BAD_REQUEST, "duplicate ticker id", "DOC"),
    Notice(138, _R, _K.BAD_REQUEST, "malformed request", "DOC"),
    Notice(139, _R, _K.BAD_REQUEST, "malformed request", "DOC"),
    Notice(143, _R, _K.BAD_REQUEST, "malformed request", "DOC"),
    Notice(145, _R, _K.BAD_REQUEST, "malformed request", "DOC"),
    Notice(162, _R, _K.DATA, "historical data: read the text", "DOC"),
    Notice(165, _R, _K.INFO, "historical data query message", "DOC"),
    Notice(200, _O, _K.REJECT, "no such contract, or several; ends an order", "DOC; field"),
    Notice(300, _R, _K.INFO, "no such ticker id to cancel", "field"),
    Notice(309, _R, _K.RATE, "more than three depth requests", "DOC"),
    Notice(310, _R, _K.INFO, "no depth subscription to cancel", "DOC"),
    Notice(316, _R, _K.TRANSIENT, "market depth halted: resubscribe", "DOC"),
    Notice(317, _R, _K.INFO, "market depth reset: empty the book", "DOC"),
    Notice(319, _R, _K.BAD_REQUEST, "bad log level", "DOC"),
    Notice(322, _R, _K.BAD_REQUEST, "error processing the request, e.g. a reused id", "DOC"),
    Notice(327, _R, _K.BAD_REQUEST, "only client id 0 binds the orders of TWS", "DOC"),
    Notice(330, _R, _K.BAD_REQUEST, "for advisors only", "DOC"),
    Notice(331, _R, _K.BAD_REQUEST, "for advisors only", "DOC"),
    Notice(344, _R, _K.BAD_REQUEST, "for advisors only", "DOC"),
    Notice(354, _R, _K.DATA, "market data is not subscribed", "DOC"),
    Notice(360, _R, _K.BAD_REQUEST, "no what-if for this combination; nothing was placed", "DOC"),
    Notice(365, _R, _K.INFO, "no scanner subscription for the id", "DOC"),
    Notice(366, _R, _K.TRANSIENT, "no historical query for the id", "DOC"),
    Notice(385, _R, _K.BAD_REQUEST, "duplicate scanner id", "DOC"),
    Notice(386, _R, _K.BAD_REQUEST, "duplicate historical id", "DOC"),
    Notice(420, _R, _K.RATE, "invalid real-time query; may be pacing", "DOC"),
    Notice(430, _R, _K.DATA, "fundamentals not available", "DOC"),
    Notice(492, _R, _K.ADVISORY, "scanner of low precision", "field"),
    Notice(10089, _R, _K.DATA, "needs an API data subscription; delayed is available", "DOC"),
    Notice(10090, _R, _K.ADVISORY, "a part of the data is not subscribed", "DOC"),
    Notice(10091, _R, _K.DATA, "needs an API data subscription", "DOC"),
    Notice(10092, _R, _K.DATA, "no market depth for the type and exchange", "recording"),
    Notice(10167, _R, _K.ADVISORY, "not subscribed, showing delayed data", "field"),
    Notice(10168, _R, _K.DATA, "not subscribed, delayed data not enabled", "field"),
    Notice(10172, _R, _K.DATA, "the news article was not found", "field"),
    Notice(10182, _R, _K.TRANSIENT, "live updates failed: that stream is dead", "field"),
    Notice(10185, _R, _K.INFO, "no P&L subscription to cancel", "field"),
    Notice(10186, _R, _K.INFO, "no single P&L subscription to cancel", "field"),
    Notice(10187, _R, _K.DATA, "no permission for historical ticks", "DOC"),
    Notice(10189, _R, _K.DATA, "tick-by-tick refused", "DOC"),
    Notice(10190, _R, _K.RATE, "too many tick-by-tick requests", "field"),
    Notice(10197, _R, _K.TRANSIENT, "no market data: a competing live session", "DOC"),
    Notice(10225, _R, _K.TRANSIENT, "bust event: resubscribe the bars", "DOC"),
    Notice(10276, _R, _K.DATA, "no permission for the news feed", "DOC; recording"),
    Notice(10280, _R, _K.INFO, "no WSH metadata to cancel", "DOC"),
    Notice(10284, _R, _K.INFO, "no WSH events to cancel", "DOC"),
    Notice(10299, _R, _K.BAD_REQUEST, "trades of coins are asked for as AGGTRADES", "field"),
    Notice(10358, _R, _K.DATA, "no permission for fundamentals", "recording"),
    # about the account
    Notice(2100, _R, _K.TRANSIENT, "account updates were taken over by another request", "DOC"),
    Notice(2101, _R, _K.BAD_REQUEST, "account updates belong to another client", "DOC"),
    # orders that live all the same
    Notice(105, _O, _K.ADVISORY, "the modification does not match; the order lives", "DOC"),
    Notice(329, _O, _K.ADVISORY, "the type cannot be changed; the order lives", "DOC"),
    Notice(399, _O, _K.ADVISORY, "order message, e.g. held until the open", "DOC"),
    Notice(404, _O, _K.ADVISORY, "held while shares to short are located", "DOC"),
    Notice(440, _O, _K.ADVISORY, "the algorithm cannot be changed; the order lives", "DOC"),
    Notice(2102, _O, _K.ADVISORY, "still being processed; the modification was refused", "DOC"),
    Notice(2109, _O, _K.ADVISORY, "outside-hours flag ignored; the order is processed", "DOC"),
    Notice(2137, _O, _K.ADVISORY, "the order crosses from long to short", "DOC"),
    Notice(10241, _O, _K.ADVISORY, "a size in money cannot be changed; the order lives", "DOC"),
    Notice(10311, _O, _K.ADVISORY, "direct routing fee", "DOC"),
    Notice(10326, _O, _K.ADVISORY, "the OCA group cannot be changed; the order lives", "DOC"),
    Notice(10327, _O, _K.ADVISORY, "the OCA type cannot be changed; the order lives", "DOC"),
    Notice(10329, _O, _K.ADVISORY, "a stop order's warning", "DOC"),
    Notice(10331, _O, _K.ADVISORY, "advice; the order lives", "DOC"),
    Notice(10332, _O, _K.ADVISORY, "advice; the order lives", "DOC"),
    Notice(10333, _O, _K.ADVISORY, "advice; the order lives", "DOC"),
    Notice(10334, _O, _K.ADVISORY, "advice; the order lives", "DOC"),
    Notice(10335, _O, _K.ADVISORY, "advice; the order lives", "DOC"),
    Notice(10347, _O, _K.ADVISORY, "advice; the order lives", "DOC"),
    Notice(10341, _O, _K.ADVISORY, "the parent cannot be changed; the order lives", "DOC"),
    Notice(
        10349, _O, _K.ADVISORY, "the time in force was set from a preset", "field: ib_async 191"
    ),
    # new orders that these codes prove dead
    Notice(103, _O, _K.AMBIGUOUS, "duplicate order id: an earlier send may have arrived", "DOC"),
    Notice(106, _O, _K.REJECT, "cannot transmit", "DOC"),
    Notice(107, _O, _K.REJECT, "cannot transmit an incomplete order", "DOC"),
    Notice(109, _O, _K.REJECT, "price out of range", "DOC"),
    Notice(110, _O, _K.REJECT, "price is not on the minimum increment", "DOC"),
    Notice(111, _O, _K.REJECT, "time in force and order type do not fit", "DOC"),
    Notice(113, _O, _K.REJECT, "time in force is not allowed", "DOC"),
    Notice(146, _O, _K.REJECT, "no such trigger method", "DOC"),
    Notice(147, _O, _K.REJECT, "the contract of a condition is incomplete", "DOC"),
    Notice(148, _O, _K.REJECT, "conditions do not fit the order type", "DOC"),
    Notice(154, _O, _K.REJECT, "trading is halted", "DOC"),
    Notice(158, _O, _K.REJECT, "trails by nothing: no amount and no percentage", "DOC"),
    Notice(159, _O, _K.REJECT, "the percentage is not between 0 and 100", "DOC"),
    Notice(163, _O, _K.REJECT, "violates the percentage constraint", "DOC"),
    Notice(201, _O, _K.REJECT, "order rejected", "DOC; measured live"),
    Notice(203, _O, _K.REJECT, "not available for this account", "DOC"),
    Notice(313, _O, _K.REJECT, "a leg of the combination is wrong", "DOC"),
    Notice(314, _O, _K.REJECT, "a combination without legs", "DOC"),
    Notice(334, _O, _K.REJECT, "good till date without a good date", "DOC"),
    Notice(337, _O, _K.REJECT, "a date, time or time zone cannot be read", "DOC"),
    Notice(355, _O, _K.REJECT, "the size does not conform to the market rule", "DOC"),
    Notice(356, _O, _K.REJECT, "a combination in an OCA group", "DOC"),
    Notice(382, _O, _K.REJECT, "price violates the ticks constraint", "field"),
    Notice(383, _O, _K.REJECT, "size violates the size constraint", "field"),
    Notice(387, _O, _K.REJECT, "order type not supported for the contract", "DOC"),
    Notice(388, _O, _K.REJECT, "size is below the minimum", "field"),
    Notice(391, _O, _K.REJECT, "a time or time zone cannot be read", "DOC"),
    Notice(392, _O, _K.REJECT, "the contract has expired", "DOC"),
    Notice(395, _O, _K.REJECT, "order limit of the system", "DOC"),
    Notice(396, _O, _K.REJECT, "order limit of the system", "DOC"),
    Notice(397, _O, _K.REJECT, "order limit of the system", "DOC"),
    Notice(408, _O, _K.REJECT, "the increment of a scale order is wrong", "DOC"),
    Notice(412, _O, _K.REJECT, "the contract is not available for trading", "DOC"),
    Notice(434, _O, _K.REJECT, "the size is zero", "DOC"),
    Notice(439, _O, _K.REJECT, "no such algorithm", "DOC; recording"),
    Notice(442, _O, _K.REJECT, "the algorithm is not for this order", "DOC"),
    Notice(443, _O, _K.REJECT, "no such parameter of the algorithm", "DOC; recording"),
    Notice(451, _O, _K.REJECT, "above the size limit of a preset", "field"),
    Notice(460, _O, _K.REJECT, "no trading permission", "field"),
    Notice(463, _O, _K.REJECT, "no trading permission", "field"),
    Notice(10006, _O, _K.REJECT, "the parent order is missing", "DOC"),
    Notice(10007, _O, _K.REJECT, "no such hedge", "DOC"),
    Notice(10008, _O, _K.REJECT, "the beta of a hedge is wrong", "DOC"),
    Notice(10009, _O, _K.REJECT, "the ratio of a hedge is wrong", "DOC"),
    Notice(10010, _O, _K.REJECT, "a delta hedge that cannot be", "DOC"),
    Notice(10032, _O, _K.REJECT, "a hedge with a size of its own", "recording"),
    Notice(10063, _O, _K.REJECT, "an FX hedge in another pair than its parent's", "recording"),
    Notice(10236, _O, _K.REJECT, "a child of an all-or-none parent that is not one", "DOC"),
    Notice(10243, _O, _K.REJECT, "a fraction of a unit cannot be ordered", "DOC"),
    Notice(10244, _O, _K.REJECT, "cash quantity is not for this order", "DOC"),
    Notice(10255, _O, _K.REJECT, "the algorithm is not available", "recording"),
    Notice(10289, _O, _K.REJECT, "cash quantity is required", "DOC"),
    Notice(10293, _O, _K.REJECT, "cash quantity is not allowed", "DOC"),
    # the end of an order
    Notice(202, _O, _K.TERMINAL, "order cancelled; fills may precede", "DOC"),
    # only a snapshot can tell
    Notice(104, _O, _K.AMBIGUOUS, "cannot modify a filled order: it exists and is filled", "DOC"),
    Notice(133, _O, _K.AMBIGUOUS, "submitting failed", "DOC"),
    Notice(134, _O, _K.AMBIGUOUS, "modifying failed; may be executed or cancelled", "DOC"),
    Notice(135, _O, _K.AMBIGUOUS, "no order with the id; may mean the parent", "DOC; field"),
    Notice(136, _O, _K.AMBIGUOUS, "the order cannot be cancelled", "DOC"),
    Notice(161, _O, _K.AMBIGUOUS, "not cancellable in its state", "DOC"),
    Notice(320, _O, _K.AMBIGUOUS, "could not be read; a modified order lives", "DOC; recording"),
    Notice(321, _O, _K.AMBIGUOUS, "the request did not validate; a modified order lives", "DOC"),
    Notice(323, _O, _K.AMBIGUOUS, "server error", "DOC"),
    Notice(461, _O, _K.AMBIGUOUS, "not documented anywhere; read the text", "no source found"),
    Notice(512, _O, _K.AMBIGUOUS, "sending the order failed; bytes may be half-sent", "field"),
    Notice(515, _O, _K.AMBIGUOUS, "sending the cancel failed; bytes may be half-sent", "field"),
    Notice(10147, _O, _K.AMBIGUOUS, "no order to cancel: gone, foreign or never there", "DOC"),
    Notice(10148, _O, _K.AMBIGUOUS, "cannot be cancelled in its state; read the state", "DOC"),
    Notice(10149, _O, _K.AMBIGUOUS, "not documented beyond a warning list", "field: LEAN"),
)


_ID_IN_USE = frozenset({102, 322, 385, 386})

_SENDING_FAILED = range(510, 594)
"""Made by client libraries when a write failed; a row of the table says more of an order's."""


def _table(rows: tuple[Notice, ...]) -> dict[int, Notice]:
    table: dict[int, Notice] = {}
    for row in rows:
        if row.code in table:
            msg = f"code {row.code} stands twice in the notice table"
            raise ValueError(msg)
        table[row.code] = row
    return table


NOTICES = _table(_ROWS)


def classify(code: int, text: str = "") -> NoticeClass:
    """Return what a message with *code* and *text* asks of us.

    Args:
        code: IB's code.
        text: Its text; one code can mean opposite things, and only the text tells which.

    Returns:
        The table's class, refined by the text where IB needs that; CONNECTION for a write
        that failed in the client; AMBIGUOUS for what nobody has documented.

    **Source**: shared facts section 1b (code 162) and 1c (codes 420 and 10186, whose texts
    differ between IB's page and live logs).
    """
    notice = NOTICES.get(code)
    if notice is None:
        return NoticeClass.CONNECTION if code in _SENDING_FAILED else NoticeClass.AMBIGUOUS
    said = text.lower()
    if code in {162, 420} and "pacing" in said:
        return NoticeClass.RATE
    if code == 420 and "permission" in said:
        return NoticeClass.DATA
    if code == 162 and ("no data" in said or "cancel" in said):
        return NoticeClass.INFO
    if code == 10186 and "delayed" in said:
        return NoticeClass.DATA
    return notice.klass


def ends_stream(code: int, text: str = "") -> bool:
    """Return whether a message about a stream's request means that the stream is dead."""
    return classify(code, text) not in {NoticeClass.INFO, NoticeClass.ADVISORY}


def refuses_for_good(code: int, text: str = "") -> bool:
    """Return whether asking again for data will be refused again until a person has acted.

    A reused id (102, 322, …) is refused as a bad request, but only that id is bad.
    """
    klass = classify(code, text)
    if klass is NoticeClass.BAD_REQUEST:
        return code not in _ID_IN_USE
    return klass in {NoticeClass.DATA, NoticeClass.REJECT}


def rejects_new_order(code: int) -> bool:
    """Return whether *code* proves that a new order never worked."""
    notice = NOTICES.get(code)
    return notice is not None and notice.klass is NoticeClass.REJECT


def is_ambiguous(code: int) -> bool:
    """Return whether only a snapshot can tell what *code* means for an order."""
    notice = NOTICES.get(code)
    return notice is None or notice.klass is NoticeClass.AMBIGUOUS
