"""The planted faults: mistakes that bots of this kind are known for, each a small patch.

A patch is applied to a copy of the code, never to the code itself; its old text must stand in
its file exactly once, so that a patch that no longer fits is noticed and not passed over.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One mistake.

    Attributes:
        name: Short, in words joined by hyphens.
        mistake: What the code then does, for people.
        file: Under ``src/ibelay``.
        old: What stands there.
        new: What stands there in the copy.
        seeds: Within how many seeds, from 1 on, a campaign must find it.
        hours: Of each run.
        quick: Whether the first few seeds find it, so that every commit can ask.
        profile: Whose bad days.
    """

    name: str
    mistake: str
    file: str
    old: str
    new: str
    seeds: int = 100
    quick: bool = False
    hours: float = 0.2
    profile: str = "broker"


PLANTED = (
    Planted(
        name="dedupe-by-order-id",
        mistake="a fill counts as known if its order has filled before",
        file="reconcile/fills.py",
        old="        return supersedes(execution.exec_id, known.exec_id)\n    if is_ours",
        new="""        return supersedes(execution.exec_id, known.exec_id)
    if any(each.order_id == execution.order_id for each in ledger.executions.values()):
        return False
    if is_ours""",
        seeds=20,
        quick=True,
    ),
    Planted(
        name="resend-after-timeout",
        mistake="an order without an acknowledgement in time is sent again",
        file="runtime/recovery.py",
        old="""        self.doubted(f"no answer to {', '.join(sorted(refs))}")
""",
        new="""        link = self._session.reachable
        for ref in sorted(refs) if link is not None else ():
            entry = self._books.ledger.orders[ref]
            link.place(entry.order_id, entry.contract, entry.order, transmit=True,
                       account=self._config.account)
        self.doubted(f"no answer to {', '.join(sorted(refs))}")
""",
        seeds=20,
    ),
    Planted(
        name="send-before-intent",
        mistake="an order is sent before its intent is on disk",
        file="runtime/trading/outbox.py",
        old="            await asyncio.wrap_future(batch.durable)\n",
        new="",
        seeds=20,
        quick=True,
    ),
    Planted(
        name="timeout-is-flat",
        mistake="a snapshot that does not end in time is taken for complete",
        file="ib/snapshot.py",
        old="""            names = ", ".join(part for part in Part if part in gathering.missing)
""",
        new="""            if error:
                return
            names = ""
""",
    ),
    Planted(
        name="no-resubscription",
        mistake="streams that once flowed are taken for subscribed, also after a reconnect",
        file="runtime/streaming/streams.py",
        old="        await self._pace(1 if feed.request is None else 2)\n",
        new="""        if stream.bars:
            feed.life = stream_life.asked(feed.life, self._time.now_ns())
            return
        await self._pace(1 if feed.request is None else 2)
""",
        seeds=20,
        quick=True,
    ),
    Planted(
        name="correction-added",
        mistake="the correction of an execution is booked beside the execution",
        file="journal/ledger.py",
        old="            position.rebook(self.executions)\n",
        new="""            signed = execution.quantity * execution.action.sign
            position.fill(signed, execution.price)
""",
    ),
    Planted(
        name="stop-not-shrunk",
        mistake="exits are not cut down when a part of the position was closed by others",
        file="reconcile/protection.py",
        old="    if not (unit.closed_outside or unit.corrected):\n",
        new="    if unit.closed_outside or not unit.closed_outside:\n",
    ),
    Planted(
        name="absent-at-once",
        mistake="one snapshot without an order proves that it was never placed",
        file="reconcile/absence.py",
        old="    return missing.snapshots >= policy.absent_snapshots and waited",
        new="    return missing.snapshots > 0 or waited",
    ),
    Planted(
        name="deaf-while-not-ready",
        mistake="what the broker says while the bot is not ready is dropped",
        file="runtime/link/session.py",
        old="        self._listener.broker_event(event)\n",
        new="        if self.ready:\n            self._listener.broker_event(event)\n",
    ),
    Planted(
        name="stop-not-replaced",
        mistake="a stop that vanished is not placed again",
        file="reconcile/protection.py",
        old="    return [] if price is None else [PlaceStop(",
        new="    return [] if price is None or alone is not None else [PlaceStop(",
        seeds=20,
        quick=True,
    ),
    Planted(
        name="entry-while-not-ready",
        mistake="entries leave while the books are not known to be true",
        file="runtime/trading/trader.py",
        old='        if not self.session.ready:\n            return f"not ready:',
        new='        if self.session.reachable is None:\n            return f"not ready:',
        seeds=150,
    ),
    Planted(
        name="missed-fills-lost",
        mistake="fills that a snapshot tells of are not booked",
        file="reconcile/plan.py",
        old="    for execution in missed:\n        draft",
        new="    for execution in list(missed)[:0]:\n        draft",
        seeds=20,
    ),
    Planted(
        name="cancel-not-repeated",
        mistake="a cancel that was cut off with the line is not sent again",
        file="reconcile/amend.py",
        old="            cancel.append((ref, shown.order_id))\n",
        new="            pass\n",
    ),
    Planted(
        name="same-epoch",
        mistake="a new process goes on in the epoch of the one before",
        file="runtime/bot.py",
        old="epoch = Epoch(ledger.epoch + 1) if ledger.epoch",
        new="epoch = Epoch(ledger.epoch) if ledger.epoch",
    ),
    Planted(
        name="no-take-over",
        mistake="orders that an earlier process left without an answer stay as they were",
        file="runtime/recovery.py",
        old="OrderState.SENT} and epoch != current\n",
        new="OrderState.SENT} and epoch > current\n",
    ),
)
