"""Parameters: keys, dated rows in the text or in a CSV table beside it."""

from __future__ import annotations

import datetime
import re
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve

from kommres.dsl.bound.constants import Constants, plain
from kommres.dsl.bound.nodes import Enum, Key, Param, ParamRow, Type, Value
from kommres.dsl.lookalike import mixes_alphabets
from kommres.dsl.syntax import nodes as syn
from kommres.units import UnitError

if TYPE_CHECKING:
    from kommres.dsl.bound.declare import Declarer
    from kommres.dsl.bound.scope import ModuleScope
    from kommres.dsl.source import Span

_Bounds: TypeAlias = tuple[int | Fraction | None, int | Fraction | None]

_SHOWN = 60  # letters of a cell in a message

# No price and no norm has more digits before or after its point.
_DIGITS = r"\d{1,40}(?:\.\d{1,40})?"
_NUMBER = re.compile(rf"-?{_DIGITS}(?:/\d{{1,40}})?", re.ASCII)
_BRACKET = re.compile(rf"(-?{_DIGITS})?\.\.(-?{_DIGITS})?", re.ASCII)


class ParamBinder:
    """Binds the parameters of a program."""

    def __init__(self, declarer: Declarer) -> None:
        self.declarer = declarer
        self.scope = declarer.scope
        self.out = declarer.out
        self.constants = Constants(declarer.scope)

    def bind(self, module: ModuleScope) -> None:
        for item in (i for i in module.tree.items if isinstance(i, syn.ParamDecl)):
            if item.name in module.params:
                self.scope.twice(item.name, item.span, module.params[item.name].span)
                continue
            param = self._param(module, item)
            if param is not None:
                module.params[item.name] = param

    def _param(self, module: ModuleScope, item: syn.ParamDecl) -> Param | None:
        self.declarer.only_values(item.attributes)
        type_ = self.declarer.type(module, item.type)
        keys = [self._key(module, key) for key in item.keys]
        if type_ is None or any(k is None for k in keys):
            return None
        keyed = [k.name for k in item.keys]
        table = self.declarer.tables.of_param(item.file, keyed, item.span) if item.file else []
        cells = [e.keys for e in item.entries]
        shaped: list[Key] = []
        for place, key in enumerate(k for k in keys if k):
            in_text = any(len(c) > place and isinstance(c[place].value, tuple) for c in cells)
            in_csv = any(".." in (row.get(key.name) or "") for _, row in table)
            shaped.append(evolve(key, bracket=in_text or in_csv))
        if sum(k.bracket for k in shaped) > 1:
            self.out.add(
                "K0508",
                f"`{item.name}` has brackets in more than one key",
                item.span,
                help="only one key can be looked up by range",
            )
            return None
        rows = [r for r in (self._entry(item, shaped, type_, e) for e in item.entries) if r]
        if item.undated is not None:
            value = self.constants.value(item.undated, type_)
            rows.append(
                ParamRow(keys=(), start=None, until=None, known_from=None, value=value, place=str(item.undated.span))
            )
        rows += [r for n, row in table if (r := self._row(item, shaped, type_, n, row))]
        if not rows and not self.out.errors:
            self.out.add(
                "K0505", f"`{item.name}` has no values", item.span, help="give rows `from 2026-01-01 = …` or a table"
            )
        self._check_rows(item, shaped, rows)
        return Param(
            name=item.name,
            module=module.name,
            doc=item.doc,
            span=item.span,
            keys=tuple(shaped),
            type=type_,
            rows=tuple(rows),
            complete_until=item.complete_until.toordinal() if item.complete_until else None,
            citations=self.declarer.citations(item.citations),
            file=item.file or "",
        )

    def _key(self, module: ModuleScope, key: syn.KeyDecl) -> Key | None:
        if key.type is not None:
            type_ = self.declarer.type(module, key.type)
            return Key(name=key.name, type=type_) if type_ else None
        found = self.scope.vocabulary(module, key.name)
        if isinstance(found, Enum):
            return Key(name=key.name, type=Type(kind="enum", enum=found))
        names = {n: i.type for scope in self.scope.visible(module) for (_, n), i in scope.inputs.items()}
        if key.name in names:
            return Key(name=key.name, type=evolve(names[key.name], optional=False, varies=False))
        self.scope.unknown(
            "K0205",
            "key",
            key.name,
            key.span,
            [*names, *self.scope.words(module, Enum)],
            todo=f"say its type: `({key.name}: id)`",
        )
        return None

    # rows in the text ------------------------------------------------------------------------------------

    def _entry(self, item: syn.ParamDecl, keys: list[Key], type_: Type, entry: syn.ParamEntry) -> ParamRow | None:
        if len(entry.keys) != len(keys):
            shape = ", ".join(k.name for k in keys) or "no keys"
            self.out.add(
                "K0410",
                f"`{item.name}` has {len(keys)} keys ({shape}), {len(entry.keys)} stand here",
                entry.span,
                help=f"write `({', '.join(k.name for k in keys)}) = value`" if len(keys) > 1 else "write `key = value`",
            )
            return None
        cells = [self._cell(key, cell) for key, cell in zip(keys, entry.keys, strict=True)]
        value = self.constants.value(entry.value, type_)
        if value is None or any(c is None for c in cells):
            return None
        dates = entry.dates
        for word, end in (("until", dates.until), ("complete until", item.complete_until)):
            if dates.start is not None and end is not None and end <= dates.start:
                self._never(f"this row holds from {dates.start}, which is not before `{word} {end}`", word, dates.span)
        return ParamRow(
            keys=tuple(cells),
            start=_day(dates.start),
            until=_day(dates.until),
            known_from=_day(dates.known_from),
            value=value,
            place=f"{entry.span.source.name}:{entry.span.line}",
        )

    def _never(self, message: str, word: str, span: Span) -> None:
        """Report a row that holds on no day because of one of its dates."""
        what = "no longer holds" if word == "until" else "is not known any more"
        self.out.add("K0507", message, span, help=f"`{word}` is the first day on which the value {what}")

    def _cell(self, key: Key, cell: syn.KeyValue) -> object:
        value = cell.value
        match key.type.kind:
            case "number" if isinstance(value, tuple):
                return tuple(None if end is None else plain(end) for end in value)
            case "number" if isinstance(value, Fraction):
                return (plain(value), plain(value)) if key.bracket else plain(value)
            case "date" if isinstance(value, datetime.date):
                return value.toordinal()
            case "id" if isinstance(value, str):
                return value
            case "enum" if isinstance(value, str) and key.type.enum is not None:
                if value in key.type.enum.members:
                    return value
                self.scope.unknown(
                    "K0205", f"member of `{key.type.enum.name}`", value, cell.span, key.type.enum.members
                )
                return None
        self.out.add(
            "K0509", f"the key `{key.name}` is of type {key.type}", cell.span, help="write a value of that type"
        )
        return None

    # rows in a table -------------------------------------------------------------------------------------

    def _row(
        self, item: syn.ParamDecl, keys: list[Key], type_: Type, line: int, row: dict[str, str]
    ) -> ParamRow | None:
        place = f"{item.file}:{line}"

        def bad(column: str, why: str) -> None:
            text = row.get(column) or ""
            shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
            self.out.add("K0506", f"{place}: {column} {shown!r} {why}", item.span, help="mend the table")

        cells = []
        for key in keys:
            cell = self._csv_cell(key, (row.get(key.name) or "").strip())
            if cell is None:
                bad(key.name, f"is no {key.type}")
                return None
            if isinstance(cell, str) and mixes_alphabets(cell):
                bad(key.name, "mixes Latin and Cyrillic letters in one word")
                return None
            cells.append(cell)
        if self._other_unit(keys, type_, row.get("unit", "")):
            bad("unit", f"is not the unit of the parameter, {type_}")
            return None
        days: dict[str, int | None] = {}
        for column in ("from", "until", "known_from", "complete_until"):
            text = (row.get(column) or "").strip()
            days[column] = Constants.day(text) if text else None
            if days[column] is None and (text or column == "from"):
                bad(column, "is no date (YYYY-MM-DD)")
                return None
        whole = item.complete_until.toordinal() if item.complete_until else None
        ends = (("until", days["until"]), ("complete_until", days["complete_until"]), ("complete until", whole))
        for word, end in ends:
            if end is not None and days["from"] is not None and end <= days["from"]:
                day = datetime.date.fromordinal(end)
                self._never(f"{place}: from {row['from'].strip()!r} is not before `{word} {day}`", word, item.span)
        value = csv_value(type_, (row.get("value") or "").strip())
        if value is None:
            bad(
                "value", f"is no {type_}" + (" (write a point, not a comma)" if "," in (row.get("value") or "") else "")
            )
            return None
        status = {"yes": "checked", "no": "unchecked", "": "unsaid"}.get((row.get("checked") or "").strip().lower())
        if status is None:
            bad("checked", "is neither yes nor no")
            return None
        return ParamRow(
            keys=tuple(cells),
            start=days["from"],
            until=days["until"],
            known_from=days["known_from"],
            complete_until=days["complete_until"],
            value=value,
            source=row.get("source") or "",
            status=status,
            place=place,
        )

    def _other_unit(self, keys: list[Key], type_: Type, text: str) -> bool:
        """Whether a column ``unit`` says something else than the parameter's type."""
        text = text.strip()
        if not text or type_.kind != "number" or any(key.name == "unit" for key in keys):
            return False
        try:
            return self.scope.units.parse(text) != type_.unit
        except UnitError:
            return True

    def _csv_cell(self, key: Key, text: str) -> object:
        match key.type.kind:
            case "id":
                return text or None
            case "enum":
                return text if key.type.enum and text in key.type.enum.members else None
            case "date":
                return Constants.day(text)
            case "number" if key.bracket:
                match = _BRACKET.fullmatch(text)
                if match and (match[1] or match[2]):
                    return tuple(plain(Fraction(end)) if end else None for end in match.groups())
                return (n, n) if (n := _fraction(text)) is not None else None
            case "number":
                return _fraction(text)
            case "yes_no":
                return {"yes": True, "no": False}.get(text)
        return None

    # the whole -------------------------------------------------------------------------------------------

    def _check_rows(self, item: syn.ParamDecl, keys: list[Key], rows: list[ParamRow]) -> None:
        if len({row.start is None for row in rows}) > 1:
            self.out.add(
                "K0506",
                f"`{item.name}` has rows with and without a date",
                item.span,
                help="date all of them, or none",
            )
        seen: dict[object, ParamRow] = {}
        for row in rows:
            place = (row.keys, row.start, row.known_from)
            if place in seen:
                self.out.add(
                    "K0506",
                    f"`{item.name}` says the same twice: {row.place} and {seen[place].place}",
                    item.span,
                    help="one value for one key, one date and one edition",
                )
            seen[place] = row
        bracket = next((i for i, k in enumerate(keys) if k.bracket), None)
        if bracket is None:
            return
        groups: dict[object, list[ParamRow]] = {}
        for row in rows:
            groups.setdefault((row.keys[:bracket], row.keys[bracket + 1 :], row.start, row.known_from), []).append(row)
        for group in groups.values():
            for (low, high), row in _brackets(group, bracket):
                if low is not None and high is not None and low > high:
                    self.out.add(
                        "K0508",
                        f"{row.place}: the bracket {low}..{high} is empty",
                        item.span,
                        help="write the smaller bound first",
                    )
            for ((_, high), first), ((low, _), second) in pairwise(_brackets(group, bracket)):
                if high is None or low is None or low < high:
                    self.out.add(
                        "K0508",
                        f"the brackets of {first.place} and {second.place} overlap",
                        item.span,
                        help="brackets may touch, not overlap",
                    )


def csv_value(type_: Type, text: str) -> Value:
    """Return the value that a cell of a table holds; None if it is none of the type."""
    match type_.kind:
        case "number":
            return _fraction(text)
        case "date":
            return Constants.day(text)
        case "enum":
            return text if type_.enum and text in type_.enum.members else None
        case "yes_no":
            return {"yes": True, "no": False}.get(text)
        case "instant":
            return None  # moments stand in the text of rules
    return text or None


def _brackets(rows: list[ParamRow], place: int) -> list[tuple[_Bounds, ParamRow]]:
    """Rows with their brackets, the lowest first."""
    found: list[tuple[_Bounds, ParamRow]] = [(b, row) for row in rows if isinstance(b := row.keys[place], tuple)]
    return sorted(found, key=lambda x: (x[0][0] is not None, x[0][0] or 0))


def _fraction(text: str) -> int | Fraction | None:
    if not _NUMBER.fullmatch(text):
        return None
    above, _, below = text.partition("/")
    if not below:
        return plain(Fraction(above))
    return plain(Fraction(above) / int(below)) if int(below) else None


def _day(date: datetime.date | None) -> int | None:
    return date.toordinal() if date else None
