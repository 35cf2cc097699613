"""What history IB does not tell, and how much of it at once.

Rules:
1. Pairs of currencies and indices have no bars of what they have none of: trades of the
   former (162), quotes of the latter (162). Coins have trades under AGGTRADES only (10299),
   and nothing else has them; adjusted prices are of stocks.
2. Bars of one second reach 2,000 seconds, of 5 to 30 seconds a day ("invalid step"). Longer
   bars are free at IB; here bars below a day reach over at most 20 of the days that the
   market plays, so that no client makes the others wait.
3. Spans of more than a year are asked for in years (321).
4. A schedule comes in days, and is unknown to clients before server version 165 (321).

**Source**: IB "Historical Data Limitations" page; logs of users (wrighter/ib-scripts issue 1
for "invalid step"; 2,000 s: erdewit/ib_insync issue 16; 10299: IB "Cryptocurrency" page).
"""

from __future__ import annotations

from ibelay.gateway.market.api import Instrument, Market
from ibelay.gateway.session.desks.past.stretch import DAY_S, Stretch, What
from ibelay.gateway.session.entitlement import Refusal
from ibelay.wire.times import SECOND_NS

SCHEDULE_SINCE = 165
PLAYED_DAYS_MAX = 20
_SECOND_BARS_S = 2_000
_SMALL_BARS_BELOW_S = 60
_YEAR_DAYS = 365
_QUOTES = frozenset({What.BID, What.ASK, What.MIDPOINT, What.BID_ASK})
HMDS = "Historical Market Data Service error message:"


def unknown(what: What, size_s: int, duration: str, version: int) -> Refusal | None:
    """Return why a request in these words is refused, whatever it is about (rules 3 and 4)."""
    count, _space, unit = duration.strip().partition(" ")
    if unit == "D" and count.isascii() and count.isdigit() and int(count) > _YEAR_DAYS:
        text = "durations longer than 365 days must be made in years"
        return Refusal(321, f"Error validating request: Historical data requests for {text}.")
    if what is What.SCHEDULE and version < SCHEDULE_SINCE:
        text = f"SCHEDULE needs server version {SCHEDULE_SINCE}, this client speaks {version}"
        return Refusal(321, f"Error validating request: {text}")
    if what is What.SCHEDULE and size_s != DAY_S:
        text = "only a bar size of 1 day is supported for whatToShow SCHEDULE"
        return Refusal(321, f"Error validating request: {text}")
    return None


def untold(one: Instrument, what: What) -> Refusal | None:
    """Return why there are no bars of *what* for *one*, None if there are (rule 1)."""
    kind, contract = one.contract.sec_type, one.contract
    if kind == "CRYPTO" and what is What.TRADES:
        text = "Expected what to show is AGGTRADES, please use that instead of TRADES."
        return Refusal(10299, text)
    wrong = (
        (kind == "CASH" and what.traded)
        or (kind == "IND" and what in _QUOTES)
        or (kind != "CRYPTO" and what is What.AGGTRADES)
        or (kind not in {"STK", "IND"} and what is What.ADJUSTED_LAST)
    )
    if not wrong:
        return None
    where = f"{contract.local_symbol or contract.symbol}@{contract.exchange} {what}"
    return Refusal(162, f"{HMDS}No historical market data for {where}")


def too_much(market: Market, one: Instrument, asked: Stretch) -> Refusal | None:
    """Return why *asked* is more than is told at once, None if it is not (rule 2)."""
    span_s = (asked.end_ns - asked.start_ns) // SECOND_NS
    longest_s = _SECOND_BARS_S if asked.size_s == 1 else DAY_S
    if asked.size_s < _SMALL_BARS_BELOW_S and span_s > longest_s:
        return Refusal(162, f"{HMDS}invalid step: {asked.size_s}")
    played_ns = max(asked.start_ns, market.start_ns)
    if asked.size_s >= DAY_S or played_ns >= asked.end_ns:
        return None
    if len(market.sessions(one.contract.con_id, played_ns, asked.end_ns)) > PLAYED_DAYS_MAX:
        return Refusal(162, f"{HMDS}Time length exceed max.")
    return None
