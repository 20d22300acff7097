"""What a program reads and makes, as text: one line an item, called as its readers call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from kommres.dsl.bound.titles import Titles
from kommres.dsl.citing import cited
from kommres.dsl.describe import complete, number
from kommres.dsl.keywords import ATTRIBUTE, MODE, PLACE, RESERVED, TYPE
from kommres.dsl.quantity import day, exact
from kommres.dsl.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sized
    from fractions import Fraction

    from kommres.dsl.bound.nodes import BoundProgram, Event, Function, Input, Option, Param, Rule, Series, Type
    from kommres.dsl.bound.titles import Titled
    from kommres.dsl.citing import Cited


#: key -> (English, Russian); places in braces are filled by name.
_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "modules": ("modules", "модули"),
    "inputs": ("inputs", "исходные данные"),
    "series": ("series", "ряды"),
    "events": ("events", "события"),
    "functions": ("functions", "функции"),
    "options": ("options", "толкования на выбор"),
    "parameters": ("parameters", "параметры"),
    "rules": ("rules", "правила"),
    "charges": ("charges", "начисления"),
    "acts": ("acts", "акты"),
    "citations": (
        "{count} citations, {open} of them not checked",
        "ссылок на акты: {count}, из них не сверено: {open}",
    ),
    "default": ("{choices}, default {default}", "{choices}, по умолчанию {default}"),
    "label": ("label at {label}", "метка: {label}"),
    "rounding": ("round {step}", "округление до {step}"),
    "rounding_by": ("round {step} by {mode}", "округление до {step}, {mode}"),
    "origin": ("{origin} of {provider}", "{origin} из {provider}"),
    "value": ("1 value", "1 значение"),
    "values": ("{count} values", "значений: {count}"),
    "file": ("from {file}", "из {file}"),
    "since": ("from {first}", "с {first}"),
    "between": ("from {first}, the last from {last}", "с {first}, последнее с {last}"),
    "always": ("not dated", "без даты"),
    "complete": ("complete until {until}", "известно до {until}"),
    "complete_by_key": ("complete until {first} .. {last} by key", "известно до {first} .. {last} по ключам"),
}


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
            lines += [said(title), *table(rows), ""]
    uses = list(cited(program))
    acts = {use.citation.act: said.act(use) for use in uses}
    if acts:
        open_ = sum(use.citation.status != "checked" for use in uses)
        lines += [said("acts"), *table(sorted(acts.items())), f"  {said('citations', count=len(uses), open=open_)}"]
    return "\n".join(lines).rstrip() + "\n"


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows as indented lines with aligned columns."""
    rows = list(rows)
    widths = [max(len(row[i]) for row in rows if len(row) > i) for i in range(max(map(len, rows)))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()


def _range(low: int | Fraction | None, high: int | Fraction | None) -> str:
    return "" if low is None and high is None else f"{number(low) or ''}..{number(high) or ''}"


@frozen(kw_only=True)
class _Overview:
    titles: Titles
    language: str

    def __call__(self, key: str, **parts: object) -> str:
        return _TEXTS[key][self.language == "ru"].format(**parts)

    def word(self, word: str) -> str:
        """Return a keyword of the language of rules."""
        return Wording(self.language).keyword(word, ATTRIBUTE, TYPE, RESERVED, PLACE, MODE)

    def named(self, key: tuple[str, ...]) -> str:
        return self.titles.find(self.language, key)

    def text(self, item: Titled) -> str:
        return self.titles.of(item, self.language) or item.doc

    def act(self, use: Cited) -> str:
        return self.named(("act", use.citation.act)) or use.citation.act_title

    def kind(self, item: Type) -> str:
        return f"{item} ({', '.join(item.enum.members)})" if item.enum else self.word(str(item))

    def _step(self, item: Input | Series) -> list[str]:
        return [f"{self.word('step')} {exact(item.step)}"] if item.step is not None else []

    def _marks(self, item: Input | Series | Type, *marks: str) -> list[str]:
        return [self.word(mark) for mark in marks if getattr(item, mark)]

    def input(self, item: Input) -> tuple[str, ...]:
        name = f"{item.entity.name}.{item.name}"
        if item.keys:
            name += f"({', '.join(key.name for key in item.keys)})"
        words = [self.kind(item.type), _range(item.low, item.high), *self._step(item)]
        words += self._marks(item, "optional", "varies", "history", "signed")
        return name, ", ".join(filter(None, words)), self.text(item)

    def series(self, item: Series) -> tuple[str, ...]:
        name = item.name if item.entity is None else f"{item.entity.name}.{item.name}"
        words = [self.kind(item.type), _range(item.low, item.high), *self._step(item)]
        words += [str(item.grid), self("label", label=self.word(item.label))]
        words += self._marks(item, "optional", "signed")
        words += [f"{self._count(item.rows)} {self('file', file=item.file)}"] if item.file else []
        return name, ", ".join(filter(None, words)), self.text(item)

    def function(self, item: Function) -> tuple[str, ...]:
        inside = ", ".join(f"{name}: {self.kind(type_)}" for name, type_ in item.parameters)
        step = exact(item.step)
        plain = item.mode == "half_up"
        rounding = self("rounding", step=step) if plain else self("rounding_by", step=step, mode=self.word(item.mode))
        origin = self("origin", origin=item.origin, provider=item.provider)
        return f"{item.name}({inside})", f"{self.kind(item.type)}, {rounding}", origin, self.text(item)

    def event(self, item: Event) -> tuple[str, ...]:
        fields = (f"{f.name}: {' '.join([self.kind(f.type), *self._marks(f.type, 'optional')])}" for f in item.fields)
        return f"{item.entity.name}.{item.name}", ", ".join(fields), self.text(item)

    def option(self, item: Option) -> tuple[str, ...]:
        choices = f" {self.word('or')} ".join(item.choices)
        return item.name, self("default", choices=choices, default=item.default), self.text(item)

    def param(self, item: Param) -> tuple[str, ...]:
        name = f"{item.name}[{', '.join(key.name for key in item.keys)}]" if item.keys else item.name
        said = [self._count(item.rows), self._dates(item)]
        match complete(item):
            case {"earliest": first, "latest": last}:
                said.append(self("complete_by_key", first=first, last=last))
            case str(last):
                said.append(self("complete", until=last))
        return item.module, name, self.kind(item.type), ", ".join(said), item.file, self.text(item)

    def _dates(self, item: Param) -> str:
        starts = {row.start for row in item.rows if row.start is not None}
        if len(starts) < 2:
            return self("since", first=day(starts.pop())) if starts else self("always")
        return self("between", first=day(min(starts)), last=day(max(starts)))

    def _count(self, rows: Sized) -> str:
        return self("value") if len(rows) == 1 else self("values", count=len(rows))

    def rule(self, rule: Rule) -> tuple[str, ...]:
        name = f"{rule.entity.name}.{rule.name}"
        if rule.keys:
            name += f"({', '.join(key.name for key in rule.keys)})"
        line = self._bill_line(rule) if rule.is_charge else self.text(rule)
        kind = ", ".join([self.word(str(rule.type)), *self._marks(rule.type, "optional", "varies")])
        return rule.module, name, kind, line

    def _bill_line(self, rule: Rule) -> str:
        service = self.named(("service", rule.service)) or rule.service
        line = self.named(("line", rule.line)) or rule.line
        return Wording(self.language)("service", service=service, line=line)
