"""What a program reads and makes, as text: one line an item, called as its readers call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from kommres.dsl.bound.titles import Titles
from kommres.dsl.citing import cited
from kommres.dsl.describe import complete, number
from kommres.dsl.quantity import day, exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    from kommres.dsl.bound.nodes import BoundProgram, Event, Function, Input, Option, Param, Rule, Series, Type
    from kommres.dsl.bound.titles import Titled
    from kommres.dsl.citing import Cited


def describe_text(program: BoundProgram, language: str = "en") -> str:
    """Return what a program reads and makes, grouped by kind.

    Things are called in ``language`` where the rules say how; elsewhere they are described as the rules do.
    """
    said = _Overview(titles=program.titles, language=language)
    lines: list[str] = []
    for title, rows in (
        ("modules", [(m.name, said.named(("module", m.name)) or m.doc) for m in program.modules]),
        ("inputs", [said.input(item) for item in program.inputs]),
        ("series", [said.series(item) for item in program.series]),
        ("events", [said.event(item) for item in program.events]),
        ("functions", [said.function(item) for item in program.functions]),
        ("options", [said.option(item) for item in program.options]),
        ("parameters", [said.param(item) for item in program.params]),
        ("rules", [said.rule(rule) for rule in program.rules if not rule.is_charge]),
        ("charges", [said.rule(rule) for rule in program.rules if rule.is_charge]),
    ):
        if rows:
            lines += [title, *table(rows), ""]
    uses = list(cited(program))
    acts = {use.citation.act: said.act(use) for use in uses}
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
    return "" if low is None and high is None else f"{number(low) or ''}..{number(high) or ''}"


@frozen(kw_only=True)
class _Overview:
    titles: Titles
    language: str

    def named(self, key: tuple[str, ...]) -> str:
        return self.titles.find(self.language, key)

    def text(self, item: Titled) -> str:
        return self.titles.of(item, self.language) or item.doc

    def act(self, use: Cited) -> str:
        return self.named(("act", use.citation.act)) or use.citation.act_title

    def input(self, item: Input) -> tuple[str, ...]:
        name = f"{item.entity.name}.{item.name}"
        if item.keys:
            name += f"({', '.join(key.name for key in item.keys)})"
        words = [_kind(item.type), _range(item.low, item.high)]
        words += [f"step {exact(item.step)}"] if item.step is not None else []
        words += [word for word in ("optional", "varies", "history", "signed") if getattr(item, word)]
        return name, ", ".join(filter(None, words)), self.text(item)

    def series(self, item: Series) -> tuple[str, ...]:
        name = item.name if item.entity is None else f"{item.entity.name}.{item.name}"
        words = [_kind(item.type), _range(item.low, item.high)]
        words += [f"step {exact(item.step)}"] if item.step is not None else []
        words += [str(item.grid), f"label at {item.label}"]
        words += [word for word in ("optional", "signed") if getattr(item, word)]
        words += [f"{len(item.rows)} values from {item.file}"] if item.file else []
        return name, ", ".join(filter(None, words)), self.text(item)

    def function(self, item: Function) -> tuple[str, ...]:
        inside = ", ".join(f"{name}: {type_}" for name, type_ in item.parameters)
        rounding = f"round {exact(item.step)}" + (f" by {item.mode}" if item.mode != "half_up" else "")
        origin = f"{item.origin} of {item.provider}"
        return f"{item.name}({inside})", f"{item.type}, {rounding}", origin, self.text(item)

    def event(self, item: Event) -> tuple[str, ...]:
        fields = ", ".join(f"{f.name}: {f.type}{' optional' if f.type.optional else ''}" for f in item.fields)
        return f"{item.entity.name}.{item.name}", fields, self.text(item)

    def option(self, item: Option) -> tuple[str, ...]:
        return item.name, f"{' or '.join(item.choices)}, default {item.default}", self.text(item)

    def param(self, item: Param) -> tuple[str, ...]:
        name = f"{item.name}[{', '.join(key.name for key in item.keys)}]" if item.keys else item.name
        starts = [row.start for row in item.rows if row.start is not None]
        dates = f"from {day(min(starts))} to {day(max(starts))}" if starts else "not dated"
        match complete(item):
            case {"earliest": first, "latest": last}:
                dates += f", complete until {first} .. {last} by key"
            case str(last):
                dates += f", complete until {last}"
        return name, str(item.type), f"{len(item.rows)} values, {dates}", item.file, self.text(item)

    def rule(self, rule: Rule) -> tuple[str, ...]:
        name = f"{rule.entity.name}.{rule.name}"
        if rule.keys:
            name += f"({', '.join(key.name for key in rule.keys)})"
        line = self._bill_line(rule) if rule.is_charge else self.text(rule)
        kind = f"{rule.type}{', optional' if rule.type.optional else ''}{', varies' if rule.type.varies else ''}"
        return rule.module, name, kind, line

    def _bill_line(self, rule: Rule) -> str:
        service = self.named(("service", rule.service)) or rule.service
        return f"service {service}, line {self.named(('line', rule.line)) or rule.line}"
