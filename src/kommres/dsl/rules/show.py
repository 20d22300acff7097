"""Definitions as text: alternatives, their order, pairs that exclude each other, cuts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres.dsl.bound.nodes import Expr, Rule
    from kommres.dsl.rules.nodes import Cuts, Definition, RuleSet


class Named(Protocol):
    """An alternative of any stage."""

    @property
    def name(self) -> str:
        """The own name, or that of the replaced one."""

    @property
    def module(self) -> str:
        """The full name of the module that says it."""


def show(rules: RuleSet) -> str:
    """Write all definitions in order of evaluation."""
    blocks = ["\n".join(_definition(definition)) for definition in rules.definitions]
    return "\n\n".join(blocks) + "\n"


def named(alternative: Named, rule: Rule) -> str:
    """Return an alternative's name, with the module where an overlay says it."""
    return alternative.name if alternative.module == rule.module else f"{alternative.name} ({alternative.module})"


def dates(start: int | None, until: int | None) -> str:
    """Write `` from D until D`` as far as said."""
    words = ""
    if start is not None:
        words += f" from {day(start)}"
    if until is not None:
        words += f" until {day(until)}"
    return words


def day(number: int) -> str:
    """Write a day number as an ISO date."""
    return dt.date.fromordinal(number).isoformat()


def cut_words(cuts: Cuts) -> str:
    """Say where a definition may change inside the period."""
    words = [_climbed(item.name, up) for item, up in cuts.own]
    words += [f"{item.entity.name}.{item.name} below" for item in cuts.below]
    words += [f"{item.entity.name}.{item.name} below {_parents(up)}" for item, up in cuts.around]
    words += [f"{param.id}[]" for param in cuts.params]
    words += [day(number) for number in cuts.days]
    words += [_climbed(event.name, up) for event, up in cuts.events]
    words += [f"{event.name} below" for event in cuts.events_below]
    words += [f"{event.name} below {_parents(up)}" for event, up in cuts.events_around]
    if cuts.daily:
        words.append("every day")
    return ", ".join(words)


def _climbed(name: str, up: int) -> str:
    return f"{name} of {_parents(up)}" if up else name


def _parents(up: int) -> str:
    return f"parent {up}"


def _definition(definition: Definition) -> Iterator[str]:
    rule = definition.rule
    keys = f"({', '.join(k.name for k in rule.keys)})" if rule.keys else ""
    varies = ", varies" if definition.varies else ""
    word = "charge" if rule.is_charge else "rule"
    valid = dates(rule.start, rule.until)
    yield f"{word} {rule.id}{keys} of {rule.entity.name}: {rule.type}{varies}{valid}"
    if rule.applies is not None:
        yield f"    applies when {_text(rule.applies)}"
    if rule.when is not None:
        yield f"    when {_text(rule.when)}"
    for alternative in definition.alternatives:
        conditions = _conditions(alternative.conditions)
        yield f"    {named(alternative, rule)}{conditions}{dates(alternative.start, alternative.until)}"
        yield f"        = {_text(alternative.body)}"
        for out in alternative.suppressions:
            yield f"        out by {out.by}{_conditions(out.conditions)}{dates(out.start, out.until)}"
    names = [named(a, rule) for a in definition.alternatives]
    for strong, weak in sorted(definition.beats):
        if definition.alternatives[weak].name != "base":
            yield f"    {names[strong]} over {names[weak]}"
    for one, other in sorted(definition.exclusive):
        yield f"    {names[one]} excludes {names[other]}"
    if definition.uses:
        yield f"    reads {', '.join(used.id for used in definition.uses)}"
    if definition.options:
        yield f"    asks {', '.join(definition.options)}"
    words = cut_words(definition.cuts)
    if words:
        yield f"    cuts {words}"


def _conditions(conditions: tuple[Expr, ...]) -> str:
    return f" when {' and '.join(_text(c) for c in conditions)}" if conditions else ""


def _text(expr: Expr) -> str:
    return " ".join(expr.span.text.split())
