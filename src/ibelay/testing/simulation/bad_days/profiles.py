"""The table of profiles: how often what goes wrong.

Rules:
1. A hazard comes at random, on average so often an hour; what belongs together (a reset of the
   line and a port that refuses) is one hazard.
2. ``{s}`` in a command is a length of time, drawn between the hazard's bounds so that short
   ones are as frequent as long ones; ``{m}`` is a message about orders, ``{e}`` the end of an
   answer, ``{n}`` a count from 1 to 3, ``{y}`` one of the symbols.
3. A share of the hazards waits for an event, so that narrow windows are hit.
4. What a day of the week brings at a fixed time is a table of its own, in New York time: a
   clock's, also where the clocks are changed.
5. A run of whole weeks begins on a date its seed chooses, a holiday, an early close and both
   changes of the clocks among them, at their share of a year.

**Source**: shared IB facts, sections 2 and 5; the commands are ``model.faults``.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from decimal import Decimal

from ibelay.gateway.market.calendars.sessions import NEW_YORK, at
from ibelay.model.faults import read
from ibelay.testing.simulation.bad_days.plan import Event, Plan, Step
from ibelay.testing.simulation.busy import patient
from ibelay.testing.simulation.eager import Eager
from ibelay.testing.simulation.setting import OURS, Setting, Subject

HOUR_NS = 3_600_000_000_000
_DAY_NS = 24 * HOUR_NS
_SHIFT = 11  # has no divisor in common with what takes every tenth seed and every twentieth
_ABOUT_ORDERS = ("openOrder", "orderStatus", "execDetails", "commissionReport")
_ENDS = ("openOrderEnd", "execDetailsEnd", "positionEnd", "completedOrdersEnd", "currentTime")
_MOST_AFTER_NS = 3_000_000
_FOLLOW_NS = 50_000_000
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Hazard:
    """Commands that come together.

    Attributes:
        per_hour: How often on average.
        commands: In their order, 50 ms apart.
        span_s: Bounds of ``{s}``.
        aimed: Share of times at which it waits for an event.
    """

    per_hour: float
    commands: tuple[str, ...]
    span_s: tuple[float, float] = (1.0, 60.0)
    aimed: float = 0.0


@dataclass(frozen=True, slots=True)
class Due:
    """What comes at a time of day.

    Attributes:
        at: When, New York.
        hazard: What.
        weekdays: On which days, 0 is Monday.
    """

    at: time
    hazard: Hazard
    weekdays: frozenset[int] = _EVERY_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A kind of bad day.

    Attributes:
        hazards: What comes at random.
        due: What comes at a time of day.
        setting: Where.
        dates: First days of runs, YYYY-MM-DD, of which the seed takes one; the setting's if empty.
            Each comes on every store and in every market (``run.setting_of``), too.
    """

    name: str
    hazards: tuple[Hazard, ...]
    due: tuple[Due, ...] = ()
    setting: Setting = field(default_factory=Setting)
    dates: tuple[str, ...] = ()

    def setting_of(self, seed: int, span_ns: int) -> Setting:
        """Return where *seed* is played, with days enough for *span_ns*."""
        setting, dates = self.setting, self.dates or (self.setting.date,)
        days = setting.days if setting.skip_nights else -(-span_ns // _DAY_NS) + 1
        date = dates[(seed + seed // _SHIFT) % len(dates)]
        return replace(setting, date=date, days=max(setting.days, days))


_CALM = (
    Hazard(0.3, ("rst",), aimed=0.3),
    Hazard(0.2, ("fin",)),
    Hazard(0.3, ("unplug {s}",), (1, 20)),
    Hazard(0.2, ("stall {s}",), (0.5, 5)),
    Hazard(0.2, ("farm market {s}",), (1, 30)),
    Hazard(0.2, ("reset {s}",), (5, 60)),
    Hazard(0.1, ("kill",), aimed=0.5),
)
_HOSTILE = (
    Hazard(1.5, ("kill",), aimed=0.7),
    Hazard(0.5, ("power-cut",), aimed=0.7),
    Hazard(1.5, ("stall {s}",), (0.2, 30), aimed=0.4),
    Hazard(2.0, ("unplug {s}",), (0.5, 90), aimed=0.4),
    Hazard(2.5, ("rst",), aimed=0.7),
    Hazard(1.5, ("fin",), aimed=0.7),
    Hazard(1.0, ("refuse {s}", "rst"), (5, 120), aimed=0.3),
    Hazard(1.0, ("mute {s}", "fin"), (5, 60)),
    Hazard(0.7, ("no-accounts {s}", "rst"), (5, 60)),
    Hazard(1.0, ("client-id-in-use 1 {s}", "rst"), (3, 60)),
    Hazard(1.5, ("freeze span={s}",), (1, 60), aimed=0.5),
    Hazard(1.5, ("reset {s}",), (3, 180), aimed=0.4),
    Hazard(1.0, ("reset {s} data-lost=yes",), (3, 180), aimed=0.4),
    Hazard(0.7, ("reset {s} orders=lose",), (3, 60), aimed=0.4),
    Hazard(1.0, ("farm market {s}",), (1, 60)),
    Hazard(0.7, ("farm market {s} kill=yes",), (1, 20)),
    Hazard(0.7, ("competing {s}",), (1, 60)),
    Hazard(2.0, ("drop {m} count={n}",)),
    Hazard(1.0, ("drop {e} count={n}",)),
    Hazard(2.0, ("duplicate {m} count={n}",)),
    Hazard(1.5, ("delay {m} {s} count={n}",), (0.05, 15)),
    Hazard(1.0, ("delay {e} {s} count={n}",), (0.05, 8)),
    Hazard(1.0, ("reorder execDetails openOrder", "reorder orderStatus execDetails")),
    Hazard(1.5, ("lose-ack count={n}",)),
    Hazard(1.0, ("swallow-orders count={n}",)),
    Hazard(0.7, ("reject-next 201 count={n}",)),
    Hazard(0.7, ("truncate {m}",)),
    Hazard(0.7, ("restart {s} roll-back={n}",), (5, 240), aimed=0.4),
    Hazard(1.0, ("latency {s} jitter=100ms lasting=60s",), (0.1, 5)),
    Hazard(0.7, ("bandwidth 2000 lasting={s}",), (5, 120)),
    Hazard(0.7, ("slicer 7 delay=2ms lasting={s}",), (5, 60)),
    Hazard(0.5, ("limit 3000 lasting={s}",), (5, 60)),
    Hazard(0.5, ("timeout {s}",), (1, 30)),
    Hazard(0.5, ("down {s}", "rst"), (5, 60)),
)
_BROKER = (
    Hazard(2.0, ("kill",), aimed=0.7),
    Hazard(3.0, ("rst",), aimed=0.7),
    Hazard(2.0, ("unplug {s}",), (0.5, 90), aimed=0.4),
    Hazard(2.0, ("freeze span={s}",), (1, 60), aimed=0.5),
    Hazard(2.0, ("restart {s} roll-back={n}",), (5, 60), aimed=0.4),
    Hazard(6.0, ("cancel {y}",), aimed=0.5),
    Hazard(4.0, ("partial {y} 20",), aimed=0.5),
    Hazard(4.0, ("partial {y} 20", "correct {y} quantity=15"), aimed=0.5),
    Hazard(3.0, ("cancel {y}", "partial {y} 20"), aimed=0.5),
    Hazard(4.0, ("dialog {s}",), (1, 45), aimed=0.3),
    Hazard(2.0, ("manual-trade SELL 20 {y}",), aimed=0.5),
    Hazard(2.0, ("net-out {y}",), aimed=0.5),
    Hazard(3.0, ("drop {m} count={n}",)),
    Hazard(2.0, ("drop {e} count={n}",)),
    Hazard(2.0, ("drop openOrder count={n}", "drop orderStatus count=3")),
    Hazard(2.0, ("delay {m} {s} count={n}",), (0.05, 15)),
    Hazard(2.0, ("delay {e} {s} count={n}",), (0.05, 40)),
    Hazard(3.0, ("lose-ack count={n}",)),
    Hazard(3.0, ("swallow-orders count={n}",)),
    Hazard(2.0, ("reject-next 201 count={n}",)),
)


_RESET = Hazard(0, ("farm market 20s", "reset {s} data-lost=yes"), (10, 900))
_RESTART = Hazard(0, ("restart {s} roll-back={n}",), (80, 240))
_RARE = tuple(replace(one, per_hour=one.per_hour / 3) for one in _CALM)
_AROUND_THE_CLOCK = Setting(days=5, skip_nights=False, start="15:30", strategy=patient)
_NIGHTS = (Due(time(0, 15), _RESET), Due(time(5, 45), _RESET))
# Weekend maintenance, a gateway that ends itself on a Saturday, and logins that wait for a person
# from Sunday on, whose tokens are no longer good.
_MAINTENANCE = Hazard(0, ("farm market 20s", "reset {s} data-lost=yes"), (3.5 * 3600, 4.5 * 3600))
_REPEATED = Hazard(0, ("reset {s}",), (30, 1800))
_ENDS_ITSELF = Hazard(0, ("restart {s} roll-back={n}",), (600, 3 * 3600))
_WAITS_FOR_A_PERSON = Hazard(0, ("restart 90s", "mute {s}"), (3600, 8 * 3600))
_WEEK = (
    *_NIGHTS,
    Due(time(23, 45), _RESTART, _EVERY_DAY - {_SUNDAY}),
    Due(time(23, 0), _MAINTENANCE, frozenset({_FRIDAY})),
    *(Due(time(hour), _REPEATED, frozenset({_SATURDAY})) for hour in (8, 13, 21)),
    Due(time(16, 0), _ENDS_ITSELF, frozenset({_SATURDAY})),
    Due(time(23, 45), _WAITS_FOR_A_PERSON, frozenset({_SUNDAY})),
)
_THURSDAYS = (
    "2025-06-05",
    "2025-07-03",  # an early close, then a holiday
    "2025-09-11",
    "2025-10-30",  # clocks go back
    "2026-01-08",
    "2026-03-05",  # clocks go forward
)

PROFILES: dict[str, Profile] = {
    "calm": Profile(name="calm", hazards=_CALM),
    "nightly": Profile(
        name="nightly",
        hazards=_RARE,
        due=(Due(time(23, 45), _RESTART), *_NIGHTS),
        setting=_AROUND_THE_CLOCK,
    ),
    "weekly": Profile(
        name="weekly", hazards=_RARE, due=_WEEK, setting=_AROUND_THE_CLOCK, dates=_THURSDAYS
    ),
    "hostile": Profile(name="hostile", hazards=_HOSTILE, setting=Setting(proxied=True)),
    "broker": Profile(
        name="broker",
        hazards=_BROKER,
        setting=Setting(strategy=Eager, exposure=Decimal(145)),
    ),
}


def draw(seed: int, profile: Profile, span_ns: int, subject: Subject = OURS) -> Plan:
    """Return what goes wrong in the run of *seed*.

    Args:
        seed: Draws all of it.
        profile: What can go wrong, and how often.
        span_ns: How long things may go wrong, virtual time.
        subject: To whom; the same goes wrong whoever it is, but to what it trades.
    """
    chance = random.Random(f"{seed}/plan/{profile.name}")  # noqa: S311  # a simulation's
    steps: list[Step] = []
    for hazard in profile.hazards:
        at_ns = 0.0
        while True:
            at_ns += chance.expovariate(hazard.per_hour) * HOUR_NS
            if at_ns >= span_ns:
                break
            steps += _steps(hazard, int(at_ns), chance, subject.symbols)
    begin_ns = profile.setting_of(seed, span_ns).begin_ns
    for due in profile.due:
        for moment_ns in _moments(due, begin_ns, begin_ns + span_ns):
            steps += _steps(due.hazard, moment_ns - begin_ns, chance, subject.symbols)
    steps.sort(key=lambda step: step.at_ns)
    return Plan(
        seed=seed, profile=profile.name, span_ns=span_ns, steps=tuple(steps), subject=subject
    )


def _moments(due: Due, begin_ns: int, until_ns: int) -> Iterator[int]:
    """Yield when *due* is due from *begin_ns* until before *until_ns*."""
    day = datetime.fromtimestamp(begin_ns // 1_000_000_000, NEW_YORK).date()
    while (moment_ns := at(day, due.at, NEW_YORK)) < until_ns:
        if moment_ns >= begin_ns and day.weekday() in due.weekdays:
            yield moment_ns
        day += timedelta(days=1)


def _steps(
    hazard: Hazard, at_ns: int, chance: random.Random, symbols: tuple[str, ...]
) -> list[Step]:
    low, high = hazard.span_s
    symbol = symbols[0] if len(symbols) == 1 else chance.choice(symbols)
    words = {
        "s": f"{math.exp(chance.uniform(math.log(low), math.log(high))):.3f}s",
        "m": chance.choice(_ABOUT_ORDERS),
        "e": chance.choice(_ENDS),
        "n": chance.randint(1, 3),
        "y": f'"{symbol}"' if " " in symbol else symbol,
    }
    on = chance.choice(list(Event)) if chance.random() < hazard.aimed else None
    after_ns = chance.randrange(0, _MOST_AFTER_NS, 1000) if on else 0
    at_ns -= at_ns % 1000  # as a step is written down
    return [
        Step(
            at_ns=at_ns if on else at_ns + number * _FOLLOW_NS,
            command=read(command.format(**words)),
            on=on,
            after_ns=after_ns + number * _FOLLOW_NS if on else 0,
        )
        for number, command in enumerate(hazard.commands)
    ]
