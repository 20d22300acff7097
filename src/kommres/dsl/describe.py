"""What a program reads and makes, as data: inputs, events, parameters, options, rules, charges, citations."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from kommres.dsl.bound.nodes import (
    Alternative,
    BoundProgram,
    Enum,
    Event,
    EventField,
    Function,
    Input,
    Key,
    Option,
    Param,
    Rule,
    Series,
    TimeKey,
    Type,
)
from kommres.dsl.bound.titles import Thing, key_of
from kommres.dsl.citing import Cited, citation, cited
from kommres.dsl.quantity import day, exact, plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from kommres.dsl.bound.titles import Titled
    from kommres.dsl.source import Span

Data: TypeAlias = dict[str, object]


def describe(program: BoundProgram) -> Data:
    """Return everything that a host must know of a program, as JSON takes it; numbers are exact text."""
    names = _Names.of(program)
    return {
        "modules": [
            {"name": m.name, "text": m.doc, "file": m.source, "uses": list(m.uses), **names.by_key(("module", m.name))}
            for m in program.modules
        ],
        "entities": [
            {
                "name": e.name,
                "parent": e.parent.name if e.parent else None,
                "module": e.module,
                "text": e.doc,
                **names.of_item(e),
            }
            for e in program.entities
        ],
        "enumerations": [
            {
                "name": e.name,
                "members": list(e.members),
                "module": e.module,
                "text": e.doc,
                **names.of_item(e, e.members),
            }
            for e in program.enums
        ],
        "inputs": [_input(item) | names.of_item(item) for item in program.inputs],
        "series": [_series(item) | names.of_item(item) for item in program.series],
        "events": [_event(item) | names.of_item(item, [f.name for f in item.fields]) for item in program.events],
        "calendars": [
            {
                "name": c.name,
                "module": c.module,
                "from": day(c.start),
                "until": day(c.until),
                "sources": list(c.sources),
                "text": c.doc,
                **names.of_item(c),
            }
            for c in program.calendars
        ],
        "functions": [_function(item) | names.of_item(item) for item in program.functions],
        "options": [_option(item, program) | names.of_item(item, item.choices) for item in program.options],
        "parameters": [_param(item) | names.of_item(item) for item in program.params],
        "rules": [_rule(rule, program) | names.of_item(rule) for rule in program.rules if not rule.is_charge],
        "charges": [_rule(rule, program) | names.of_item(rule) for rule in program.rules if rule.is_charge],
        "called": {kind: names.of_kind(kind) for kind in ("service", "line", "unit", "act")},
        "citations": [_cited(use) for use in cited(program)],
    }


@frozen
class _Names:
    """What things are called in other languages, as data."""

    found: dict[Thing, dict[str, dict[str, str]]]

    @classmethod
    def of(cls, program: BoundProgram) -> _Names:
        return cls(program.titles.by_thing())

    def by_key(self, key: Thing, parts: Iterable[str] = ()) -> Data:
        named = self.found.get(key, {})
        below = {part: named[part] for part in parts if part in named}
        return {"called": named.get("", {}), **({"parts_called": below} if below else {})}

    def of_item(self, item: Titled, parts: Iterable[str] = ()) -> Data:
        return self.by_key(key_of(item), parts)

    def of_kind(self, kind: str) -> dict[str, dict[str, str]]:
        return {key[1]: named[""] for key, named in self.found.items() if key[0] == kind and "" in named}


def _cited(use: Cited) -> Data:
    return {"of": use.owner, "module": use.module, "place": _place(use.span), **citation(use.citation)}


# --- declarations --------------------------------------------------------------------------------------------


def _place(span: Span) -> str:
    return f"{span.source.name}:{span.line}"


def _type(item: Type) -> Data:
    return {
        "type": item.kind,
        "unit": str(item.unit) if item.kind == "number" else None,
        "members": list(item.enum.members) if item.enum else None,
    }


def number(value: int | Fraction | None) -> str | None:
    """Return a number exactly, if there is one."""
    return None if value is None else exact(value)


def _input(item: Input) -> Data:
    return {
        "entity": item.entity.name,
        "name": item.name,
        **_type(item.type),
        "keys": {key.name: list(key.members) for key in item.keys},
        "step": number(item.step),
        "low": number(item.low),
        "high": number(item.high),
        "optional": item.optional,
        "varies": item.varies,
        "history": item.history,
        "signed": item.signed,
        "text": item.doc,
        "module": item.module,
    }


def _series(item: Series) -> Data:
    return {
        "entity": item.entity.name if item.entity is not None else None,
        "name": item.name,
        **_type(item.type),
        "every_seconds": item.grid.every,
        "over": item.grid.over,
        "label": item.label,
        "zone": item.zone or None,
        "step": number(item.step),
        "low": number(item.low),
        "high": number(item.high),
        "optional": item.optional,
        "signed": item.signed,
        "file": item.file or None,
        "values": len(item.rows),
        "first_from": plain(item.rows[0].start, "instant") if item.rows else None,
        "last_from": plain(item.rows[-1].start, "instant") if item.rows else None,
        "sources": sorted({row.source for row in item.rows if row.source}),
        "text": item.doc,
        "module": item.module,
        "citations": [citation(entry) for entry in item.citations],
    }


def _function(item: Function) -> Data:
    return {
        "name": item.name,
        "module": item.module,
        "parameters": [{"name": name, **_type(type_)} for name, type_ in item.parameters],
        **_type(item.type),
        "low": number(item.low),
        "high": number(item.high),
        "round": {"step": exact(item.step), "mode": item.mode},
        "from": item.origin,
        "provider": item.provider,
        "text": item.doc,
        "citations": [citation(entry) for entry in item.citations],
    }


def _event(item: Event) -> Data:
    return {
        "entity": item.entity.name,
        "name": item.name,
        "interval": item.interval or None,
        "fields": [_field(entry) for entry in item.fields],
        "text": item.doc,
        "module": item.module,
    }


def _field(item: EventField) -> Data:
    return {
        "name": item.name,
        **_type(item.type),
        "step": number(item.step),
        "low": number(item.low),
        "high": number(item.high),
        "optional": item.type.optional,
        "text": item.doc,
    }


def _option(item: Option, program: BoundProgram) -> Data:
    return {
        "name": item.name,
        "choices": list(item.choices),
        "default": item.default,
        "bound_by": [
            {"module": b.module, "choice": b.choice, "conditional": b.when is not None}
            for b in program.option_bindings
            if b.option is item
        ],
        "text": item.doc,
        "module": item.module,
        "citations": [citation(entry) for entry in item.citations],
    }


def _param(item: Param) -> Data:
    starts = [row.start for row in item.rows if row.start is not None]
    return {
        "name": item.name,
        "module": item.module,
        **_type(item.type),
        "keys": [_key(key) for key in item.keys],
        "values": len(item.rows),
        "first_from": day(min(starts)) if starts else None,
        "last_from": day(max(starts)) if starts else None,
        "complete_until": complete(item),
        "file": item.file or None,
        "sources": sorted({row.source for row in item.rows if row.source}),
        "unchecked": sum(row.status != "checked" for row in item.rows),
        "text": item.doc,
        "citations": [citation(entry) for entry in item.citations],
    }


def complete(item: Param) -> object:
    """Return the day from which nothing is known: one for the table, or the earliest and the latest of its keys."""
    days = {row.complete_until for row in item.rows if row.complete_until is not None}
    if item.complete_until is not None:
        days.add(item.complete_until)
    if len(days) > 1:
        return {"earliest": day(min(days)), "latest": day(max(days))}
    return day(days.pop()) if days else None


def _key(key: Key) -> Data:
    return {"name": key.name, **_type(key.type), "bracket": key.bracket}


def _rule(rule: Rule, program: BoundProgram) -> Data:
    amended = [a for amendment in program.amendments if amendment.rule is rule for a in amendment.alternatives]
    data: Data = {
        "name": rule.name,
        "module": rule.module,
        "entity": rule.entity.name,
        **_type(rule.type),
        "keys": {key.name: list(key.members) if isinstance(key, Enum) else _time_key(key) for key in rule.keys},
        "optional": rule.type.optional,
        "varies": rule.type.varies,
        "signed": rule.signed,
        "from": _day(rule.start),
        "until": _day(rule.until),
        "alternatives": [_alternative(entry) for entry in [*rule.alternatives, *amended]],
        "text": rule.doc,
        "place": _place(rule.span),
        "citations": [citation(entry) for entry in rule.citations],
    }
    return {**data, "service": rule.service, "line": rule.line} if rule.is_charge else data


def _time_key(key: TimeKey) -> str:
    return "date" if key.grid is None else f"interval {key.grid}"


def _alternative(item: Alternative) -> Data:
    return {
        "kind": item.kind,
        "name": item.name,
        "module": item.module,
        "over": [name for name, _ in item.over],
        "conditional": item.when is not None or item.applies is not None,
        "from": _day(item.start),
        "until": _day(item.until),
        "text": item.doc,
        "place": _place(item.span),
        "citations": [citation(entry) for entry in item.citations],
    }


def _day(value: int | None) -> object:
    return plain(value, "date")
