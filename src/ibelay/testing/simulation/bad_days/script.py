"""A whole plan as text: a line for each thing it says, so that a failure can be kept and sent.

Rules:
1. ``read(write(plan)) == plan`` for every plan whose times are whole microseconds.
2. A plan that names no bot is the runtime's; one that names no strategy, or no script where the
   bot is the drop-in, is for one of ibelay's own.
3. Empty lines and what follows a ``#`` at the beginning of a line say nothing.
"""

from __future__ import annotations

import re

from ibelay.errors import ConfigurationError
from ibelay.testing.simulation.bad_days import plan as plans
from ibelay.testing.simulation.bad_days.plan import Plan
from ibelay.testing.simulation.setting import OURS, Kind, Subject

_HEAD = re.compile(r"(seed|profile|bot|settings|strategy|script|symbols|span) +(\S.*)")
_OWN = {Kind.RUNTIME: "strategy", Kind.DROP_IN: "script"}
_SPAN = re.compile(r"(\d{1,7}(?:\.\d{1,6})?)s")
_SEED = re.compile(r"\d{1,18}")
MAX_LINES = 100_000


def write(plan: Plan) -> str:
    """Return *plan* as text."""
    lines = (
        f"seed {plan.seed}",
        f"profile {plan.profile}",
        *_who(plan.subject),
        f"span {plan.span_ns / 1e9:.6f}s",
        *(plans.write(step) for step in plan.steps),
    )
    return "\n".join(lines) + "\n"


def _who(subject: Subject) -> list[str]:
    lines = [] if subject.kind is Kind.RUNTIME else [f"bot {subject.kind}"]
    if subject.own:
        lines.append(f"{_OWN[subject.kind]} {subject.own}")
    if subject.settings:
        lines.append(f"settings {subject.settings}")
    if subject.symbols != OURS.symbols:
        lines.append(f"symbols {','.join(subject.symbols)}")
    return lines


def read(text: str) -> Plan:
    """Return the plan written as *text*.

    Raises:
        ConfigurationError: It is none.
    """
    lines = [line.strip() for line in text.splitlines()[:MAX_LINES]]
    said = [line for line in lines if line and not line.startswith("#")]
    heads = {match[1]: match[2] for line in said if (match := _HEAD.fullmatch(line))}
    missing = [word for word in ("seed", "profile", "span") if word not in heads]
    if missing:
        raise ConfigurationError(
            f"the plan does not say its {missing[0]}: expected a line each such as 'seed 4711', "
            "'profile hostile' and 'span 720s', then a line for each step"
        )
    seed, span = _SEED.fullmatch(heads["seed"]), _SPAN.fullmatch(heads["span"])
    if seed is None:
        raise ConfigurationError(f"the plan has seed {heads['seed']!r}: expected up to 18 digits")
    if span is None:
        raise ConfigurationError(
            f"the plan has span {heads['span']!r}: expected seconds such as '720s' or '0.5s'"
        )
    bot = heads.get("bot", Kind.RUNTIME)
    if bot not in set(Kind):
        raise ConfigurationError(f"the plan is for bot {bot!r}: expected one of {', '.join(Kind)}")
    kind = Kind(bot)
    wrong = [word for other, word in _OWN.items() if other is not kind and word in heads]
    if wrong:
        raise ConfigurationError(
            f"the plan names a {wrong[0]} for bot {bot!r}: expected a {_OWN[kind]}, or none"
        )
    settings = heads.get("settings", "")
    if settings and (kind is not Kind.RUNTIME or "strategy" not in heads):
        raise ConfigurationError(
            f"the plan has settings {settings!r}: expected them with a strategy, for bot runtime"
        )
    steps = [plans.read(line) for line in said if not _HEAD.fullmatch(line)]
    span_ns = round(float(span[1]) * 1e9)
    late = next((step for step in steps if step.at_ns > span_ns), None)
    if late is not None:
        raise ConfigurationError(
            f"the plan's step '{plans.write(late)}' would come after its span of {heads['span']}: "
            "expected all of them before its end"
        )
    return Plan(
        seed=int(seed[0]),
        profile=heads["profile"],
        span_ns=span_ns,
        steps=tuple(sorted(steps, key=lambda step: step.at_ns)),
        subject=Subject(
            kind=kind,
            own=heads.get(_OWN[kind], ""),
            settings=settings,
            symbols=tuple(heads["symbols"].split(",")) if "symbols" in heads else OURS.symbols,
        ),
    )
