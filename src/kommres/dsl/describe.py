"""What a program reads and makes, as data and as text: inputs, events, parameters, options, rules, charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from kommres.dsl.bound.nodes import (
    Alternative,
    BoundProgram,
    Citation,
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
from kommres.dsl.quantity import day, exact, plain
from kommres.dsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

Data: TypeAlias = dict[str, object]


def describe(program: BoundProgram) -> Data:
    """Return everything that a host must know of a program, as JSON takes it; numbers are exact text."""
    return {
        "modules": [{"name": m.name, "text": m.doc, "file": m.source, "uses": list(m.uses)} for m in program.modules],
        "entities": [
            {"name": e.name, "parent": e.parent.name if e.parent else None, "module": e.module, "text": e.doc}
            for e in program.entities
        ],
        "enumerations": [
            {"name": e.name, "members": list(e.members), "module": e.module, "text": e.doc} for e in program.enums
        ],
        "inputs": [_input(item) for item in program.inputs],
        "series": [_series(item) for item in program.series],
        "events": [_event(item) for item in program.events],
        "calendars": [
            {
                "name": c.name,
                "module": c.module,
                "from": day(c.start),
                "until": day(c.until),
                "sources": list(c.sources),
                "text": c.doc,
            }
            for c in program.calendars
        ],
        "functions": [_function(item) for item in program.functions],
        "options": [_option(item, program) for item in program.options],
        "parameters": [_param(item) for item in program.params],
        "rules": [_rule(rule, program) for rule in program.rules if not rule.is_charge],
        "charges": [_rule(rule, program) for rule in program.rules if rule.is_charge],
        "citations": [_cited(use) for use in cited(program)],
    }


# --- citations -----------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Cited:
    """A citation with what carries it: ``rule volume``, ``rule volume, exception by_meter``, ``param norm``."""

    citation: Citation
    owner: str
    module: str
    span: Span


def cited(program: BoundProgram) -> Iterator[Cited]:
    """Yield every citation of a program in order of its modules and texts."""
    yield from sorted(_cited_anywhere(program), key=lambda use: (use.module, use.span.start))


def debt(program: BoundProgram) -> list[Cited]:
    """Return the citations whose text nobody compared with the act, or does not say so."""
    return [use for use in cited(program) if use.citation.status != "checked"]


def uncited(program: BoundProgram) -> list[tuple[str, str, Span]]:
    """Return (what, module, place) of rules and charges that cite nothing at all."""
    return [
        (f"{'charge' if rule.is_charge else 'rule'} {rule.name}", rule.module, rule.span)
        for rule in program.rules
        if not rule.citations and not any(alternative.citations for alternative in rule.alternatives)
    ]


def _cited_anywhere(program: BoundProgram) -> Iterator[Cited]:
    for option in program.options:
        yield from _uses(option.citations, f"option {option.name}", option.module, option.span)
    for binding in program.option_bindings:
        yield from _uses(binding.citations, f"option {binding.option.name}", binding.module, binding.span)
    for param in program.params:
        yield from _uses(param.citations, f"param {param.name}", param.module, param.span)
    for series in program.series:
        yield from _uses(series.citations, f"series {series.name}", series.module, series.span)
    for function in program.functions:
        yield from _uses(function.citations, f"function {function.name}", function.module, function.span)
    for rule in program.rules:
        owner = f"{'charge' if rule.is_charge else 'rule'} {rule.name}"
        yield from _uses(rule.citations, owner, rule.module, rule.span)
        yield from _alternatives_cited(owner, rule.alternatives)
    for amendment in program.amendments:
        yield from _alternatives_cited(f"in {amendment.rule.name}", amendment.alternatives)


def _alternatives_cited(owner: str, alternatives: Iterable[Alternative]) -> Iterator[Cited]:
    for alternative in alternatives:
        name = owner if alternative.kind == "base" else f"{owner}, {_KINDS[alternative.kind]} {alternative.name}"
        yield from _uses(alternative.citations, name, alternative.module, alternative.span)


def _uses(citations: Iterable[Citation], owner: str, module: str, span: Span) -> Iterator[Cited]:
    for citation in citations:
        yield Cited(citation=citation, owner=owner, module=module, span=span)


_KINDS = {"except": "exception", "replace": "replacement of", "repeal": "repeal of"}


def _cited(use: Cited) -> Data:
    return {"of": use.owner, "module": use.module, "place": _place(use.span), **citation(use.citation)}


def citation(item: Citation) -> Data:
    """Return a citation as plain data."""
    return {
        "act": item.act,
        "title": item.act_title,
        "text": item.text,
        "status": item.status,
        "checked": item.checked or None,
        "note": item.note,
    }


# --- declarations --------------------------------------------------------------------------------------------


def _place(span: Span) -> str:
    return f"{span.source.name}:{span.line}"


def _type(item: Type) -> Data:
    return {
        "type": item.kind,
        "unit": str(item.unit) if item.kind == "number" else None,
        "members": list(item.enum.members) if item.enum else None,
    }


def _number(value: int | Fraction | None) -> str | None:
    return None if value is None else exact(value)


def _input(item: Input) -> Data:
    return {
        "entity": item.entity.name,
        "name": item.name,
        **_type(item.type),
        "keys": {key.name: list(key.members) for key in item.keys},
        "step": _number(item.step),
        "low": _number(item.low),
        "high": _number(item.high),
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
        "step": _number(item.step),
        "low": _number(item.low),
        "high": _number(item.high),
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
        "low": _number(item.low),
        "high": _number(item.high),
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
        "step": _number(item.step),
        "low": _number(item.low),
        "high": _number(item.high),
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
        "complete_until": _complete(item),
        "file": item.file or None,
        "sources": sorted({row.source for row in item.rows if row.source}),
        "unchecked": sum(row.status != "checked" for row in item.rows),
        "text": item.doc,
        "citations": [citation(entry) for entry in item.citations],
    }


def _complete(item: Param) -> object:
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


# --- text ----------------------------------------------------------------------------------------------------


def describe_text(program: BoundProgram) -> str:
    """Return the same for people: one line an item, grouped by kind."""
    lines: list[str] = []
    for title, rows in (
        ("modules", [(m.name, m.doc) for m in program.modules]),
        ("inputs", [_input_row(item) for item in program.inputs]),
        ("series", [_series_row(item) for item in program.series]),
        ("events", [_event_row(item) for item in program.events]),
        ("functions", [_function_row(item) for item in program.functions]),
        ("options", [(o.name, f"{' or '.join(o.choices)}, default {o.default}", o.doc) for o in program.options]),
        ("parameters", [_param_row(item) for item in program.params]),
        ("rules", [_rule_row(rule) for rule in program.rules if not rule.is_charge]),
        ("charges", [_rule_row(rule) for rule in program.rules if rule.is_charge]),
    ):
        if rows:
            lines += [title, *table(rows), ""]
    uses = list(cited(program))
    acts = {use.citation.act: use.citation.act_title for use in uses}
    if acts:
        open_ = sum(use.citation.status != "checked" for use in uses)
        lines += ["acts", *table(sorted(acts.items())), f"  {len(uses)} citations, {open_} of them not checked"]
    return "\n".join(lines).rstrip() + "\n"


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows as indented lines with aligned columns."""
    rows = list(rows)
    widths = [max(len(row[i]) for row in rows if len(row) > i) for i in range(max(map(len, rows)))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()


def _kind(item: Type) -> str:
    return f"{item} ({', '.join(item.enum.members)})" if item.enum else str(item)


def _range(low: int | Fraction | None, high: int | Fraction | None) -> str:
    return "" if low is None and high is None else f"{_number(low) or ''}..{_number(high) or ''}"


def _input_row(item: Input) -> tuple[str, ...]:
    name = f"{item.entity.name}.{item.name}"
    if item.keys:
        name += f"({', '.join(key.name for key in item.keys)})"
    words = [_kind(item.type), _range(item.low, item.high)]
    words += [f"step {exact(item.step)}"] if item.step is not None else []
    words += [word for word in ("optional", "varies", "history", "signed") if getattr(item, word)]
    return name, ", ".join(filter(None, words)), item.doc


def _series_row(item: Series) -> tuple[str, ...]:
    name = item.name if item.entity is None else f"{item.entity.name}.{item.name}"
    words = [_kind(item.type), _range(item.low, item.high)]
    words += [f"step {exact(item.step)}"] if item.step is not None else []
    words += [str(item.grid), f"label at {item.label}"]
    words += [word for word in ("optional", "signed") if getattr(item, word)]
    words += [f"{len(item.rows)} values from {item.file}"] if item.file else []
    return name, ", ".join(filter(None, words)), item.doc


def _function_row(item: Function) -> tuple[str, ...]:
    inside = ", ".join(f"{name}: {type_}" for name, type_ in item.parameters)
    rounding = f"round {exact(item.step)}" + (f" by {item.mode}" if item.mode != "half_up" else "")
    return f"{item.name}({inside})", f"{item.type}, {rounding}", f"{item.origin} of {item.provider}", item.doc


def _event_row(item: Event) -> tuple[str, ...]:
    fields = ", ".join(f"{f.name}: {f.type}{' optional' if f.type.optional else ''}" for f in item.fields)
    return f"{item.entity.name}.{item.name}", fields, item.doc


def _param_row(item: Param) -> tuple[str, ...]:
    name = f"{item.name}[{', '.join(key.name for key in item.keys)}]" if item.keys else item.name
    starts = [row.start for row in item.rows if row.start is not None]
    dates = f"from {day(min(starts))} to {day(max(starts))}" if starts else "not dated"
    match _complete(item):
        case {"earliest": first, "latest": last}:
            dates += f", complete until {first} .. {last} by key"
        case str(last):
            dates += f", complete until {last}"
    return name, str(item.type), f"{len(item.rows)} values, {dates}", item.file


def _rule_row(rule: Rule) -> tuple[str, ...]:
    name = f"{rule.entity.name}.{rule.name}"
    if rule.keys:
        name += f"({', '.join(key.name for key in rule.keys)})"
    line = f"service {rule.service}, line {rule.line}" if rule.is_charge else rule.doc
    kind = f"{rule.type}{', optional' if rule.type.optional else ''}{', varies' if rule.type.varies else ''}"
    return rule.module, name, kind, line
