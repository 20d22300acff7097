"""Callbacks of the grammar that make items other than rules, charges and examples."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from kommres.dsl.limits import CODES
from kommres.dsl.syntax import build_values, nodes
from kommres.dsl.syntax.build_base import Abandon, BuilderBase, Children, Part

if TYPE_CHECKING:
    import datetime as dt
    from fractions import Fraction

#: Attributes of any declaration, and those of series.
_OF_VALUES = ("range", "step", "optional", "varies", "history", "signed")
_OF_SERIES = ("every", "label", "over", "zone")
_KINDS = {"number": "number", "yes/no": "yes_no", "date": "date", "instant": "instant", "id": "id"}


class Items(BuilderBase):
    """Module header, vocabulary, options, parameters."""

    # --- texts, citations, types, dates ---

    def doc(self, children: Children) -> Part:
        return self.part("doc", build_values.quoted(children[0]), children)

    def docs(self, children: Children) -> Part:
        return self.part("block", tuple(children), children)

    cited = notes = noted = docs

    def part_name(self, children: Children) -> Part:
        part, _, text = children
        name = build_values.quoted(part) if part.type == "STRING" else str(part.value)
        return self.part("part", (name, build_values.quoted(text)), children)

    def called(self, children: Children) -> Part:
        language = self.name(children[1:2])
        names = [child for child in children if isinstance(child, Part)]
        if names:
            return self.part("called", tuple(self._called(language, name) for name in names), children)
        whole = nodes.Called(language=language, text=build_values.quoted(children[2]), span=self.at(*children))
        return self.part("called", (whole,), children)

    def _called(self, language: nodes.Name, name: Part, kind: str = "") -> nodes.Called:
        part, text = name.value
        return nodes.Called(language=language, part=part, text=text, kind=kind, span=self.at(name))

    def thing(self, children: Children) -> Part:
        kind = {"SERVICE": "service", "LINE": "line", "UNIT_ITEM": "unit"}[children[0].type]
        return self.part("thing", (kind, children[1:]), children)

    def called_things(self, children: Children) -> nodes.Item:
        language = self.name(children[1:2])
        things = [child.value for child in children[2:]]
        called = tuple(self._called(language, name, kind) for kind, names in things for name in names)
        return nodes.CalledThings(called=called, span=self.at(*children))

    @staticmethod
    def said(parts: Children) -> dict[str, Any]:
        """Return the description and the names that stand in a block, as fields of its node."""
        parts = [part for part in parts if isinstance(part, Part)]
        return {
            "doc": "\n".join(part.value for part in parts if part.kind == "doc"),
            "called": tuple(name for part in parts if part.kind == "called" for name in part.value),
        }

    @staticmethod
    def citations_of(parts: Children) -> tuple[nodes.Citation, ...]:
        return tuple(part for part in parts if isinstance(part, nodes.Citation))

    def cite_part(self, children: Children) -> Part:
        word, value = children
        text = build_values.quoted(value) if value.type == "STRING" else str(value)
        return self.part("cite", (str(word.value), text), children)

    def citation(self, children: Children) -> nodes.Citation:
        tokens = {child.type: child for child in children if hasattr(child, "type")}
        note = tokens.get("STRING")
        date = tokens.get("DATE")
        return nodes.Citation(
            act=children[1],
            parts=tuple(child.value for child in children if isinstance(child, Part)),
            checked=self.day(date) if date is not None else None,
            unchecked="UNCHECKED" in tokens,
            note=build_values.quoted(note) if note is not None else "",
            span=self.at(*children),
        )

    def type_text(self, token: object) -> nodes.TypeText:
        text = str(token)
        kind = _KINDS.get(text) or ("unit" if not text.replace("_", "a").isalnum() else "name")
        return nodes.TypeText(kind=kind, text=text, span=self.at(token))

    def attribute(self, children: Children) -> Part:
        return self.part(children[0].type.lower(), True, children)

    def step(self, children: Children) -> Part:
        return self.part("step", self.signed(children[1:]), children)

    def every(self, children: Children) -> Part:
        return self.part("every", self.signed(children[1:]), children)

    def label(self, children: Children) -> Part:
        return self.part("label", children[2].type.lower(), children)

    def span(self, children: Children) -> Part:
        return self.part("over", "month" if children[1].type == "SPAN_MONTH" else "year", children)

    def zone(self, children: Children) -> Part:
        return self.part("zone", build_values.quoted(children[1]), children)

    def rounding(self, children: Children) -> Part:
        mode = str(children[-1].value) if children[-1].type == "NAME" else ""
        numbers = [child for child in children[1:] if child.type in {"NUMBER", "UNIT"}]
        return self.part(
            "round", nodes.Rounding(step=self.signed(numbers), mode=mode, span=self.at(*children)), children
        )

    def range_from(self, children: Children) -> Part:
        return self.part("range", (children[0], children[2] if len(children) > 2 else None), children)

    def range_until(self, children: Children) -> Part:
        return self.part("range", (None, children[1]), children)

    def type(self, children: Children) -> Part:
        _, token, *parts = children
        found = {kind: self.once(parts, kind, f"`{kind}`") for kind in (*_OF_VALUES, *_OF_SERIES, "round")}
        low, high = found["range"].value if found["range"] else (None, None)
        step = found["step"].value if found["step"] else None
        attributes = nodes.Attributes(
            low=low,
            high=high,
            step=step,
            optional=found["optional"] is not None,
            varies=found["varies"] is not None,
            history=found["history"] is not None,
            signed=found["signed"] is not None,
            grid=self._grid(found, children),
            rounding=found["round"].value if found["round"] else None,
            span=self.at(*children),
        )
        return self.part("type", (self.type_text(token), attributes), children)

    def _grid(self, found: dict[str, Part | None], children: Children) -> nodes.Grid | None:
        said = {kind: part.value for kind in _OF_SERIES if (part := found[kind]) is not None}
        return nodes.Grid(**said, span=self.at(*children)) if said else None

    def keys(self, children: Children) -> Part:
        return self.part("keys", tuple(child for child in children if isinstance(child, nodes.Name)), children)

    def rule_keys(self, children: Children) -> Part:
        kinds = (nodes.Name, nodes.Parameter)
        return self.part("keys", tuple(child for child in children if isinstance(child, kinds)), children)

    def dates(self, children: Children) -> nodes.Dates:
        until = known = None
        start = self.day(children[1])
        rest = children[2:]
        for word, token in itertools.pairwise(rest):
            if word.type == "UNTIL":
                until = self.day(token)
            elif word.type == "FROM":
                known = self.day(token)
        return nodes.Dates(start=start, until=until, known_from=known, span=self.at(*children))

    # --- module ---

    def module(self, children: Children) -> nodes.Item:
        return nodes.ModuleHeader(name=children[1], **self.said(children[2].value), span=self.at(*children))

    def spec(self, children: Children) -> nodes.Item:
        said = self.said(children[3].value)
        return nodes.ModuleHeader(name=children[2], is_spec=True, **said, span=self.at(*children))

    def use(self, children: Children) -> nodes.Item:
        alias = str(children[3].value) if len(children) > 3 and not isinstance(children[3], Part) else None
        return nodes.Use(module=children[1], alias=alias, **self.said(children[-1].value), span=self.at(*children))

    def applies(self, children: Children) -> nodes.Item:
        return nodes.AppliesWhen(condition=children[2], **self.said(children[3].value), span=self.at(*children))

    # --- vocabulary ---

    def act(self, children: Children) -> nodes.Item:
        _, name, title, docs = children
        return nodes.ActDecl(
            name=str(name.value), title=build_values.quoted(title), **self.said(docs.value), span=self.at(*children)
        )

    def unit(self, children: Children) -> nodes.Item:
        numbers = [build_values.number(child) for child in children if getattr(child, "type", "") == "NUMBER"]
        of = next((child for child in children if getattr(child, "type", "") == "UNIT"), None)
        factor: Fraction | None = None
        if numbers:
            if numbers[-1] == 0:
                self.report("K0106", "a unit is not zero of another", children[3])
                raise Abandon
            factor = numbers[0] / numbers[1] if len(numbers) > 1 else numbers[0]
        return nodes.UnitDecl(
            name=str(children[1].value),
            factor=factor,
            of=self.unit_text(of) if of is not None else None,
            **self.said(children[-1].value),
            span=self.at(*children),
        )

    def entity(self, children: Children) -> nodes.Item:
        parent = next((child for child in children if isinstance(child, nodes.Name)), None)
        said = self.said(children[-1].value)
        return nodes.EntityDecl(name=str(children[1].value), parent=parent, **said, span=self.at(*children))

    def enum(self, children: Children) -> nodes.Item:
        members = tuple(child for child in children if isinstance(child, nodes.Name))
        said = self.said(children[-1].value)
        return nodes.EnumDecl(name=str(children[1].value), members=members, **said, span=self.at(*children))

    def input(self, children: Children) -> nodes.Item:
        _, name, keys, _, entity, typed, docs = children
        return nodes.InputDecl(
            name=str(name.value),
            keys=keys.value,
            entity=entity,
            type=typed.value[0],
            attributes=typed.value[1],
            **self.said(docs.value),
            span=self.at(*children),
        )

    def event_field(self, children: Children) -> nodes.EventField:
        name, typed, *doc = children
        return nodes.EventField(
            name=str(name.value),
            type=typed.value[0],
            attributes=typed.value[1],
            doc=build_values.quoted(doc[0]) if doc else "",
            span=self.at(*children),
        )

    def event(self, children: Children) -> nodes.Item:
        _, name, _, entity, *parts = children
        fields = tuple(part for part in parts if isinstance(part, nodes.EventField))
        if not fields:
            self.report(
                "K0114", f"the event `{name}` has no fields", name, "write a line `from: date` (or `instant`) under it"
            )
        return nodes.EventDecl(
            name=str(name.value), entity=entity, fields=fields, **self.said(parts), span=self.at(*children)
        )

    def series_item(self, children: Children) -> nodes.Item:
        entity = next((child for child in children if isinstance(child, nodes.Name)), None)
        typed, file, cited = children[-3:]
        return nodes.SeriesDecl(
            name=str(children[1].value),
            entity=entity,
            type=typed.value[0],
            attributes=typed.value[1],
            file=file.value,
            citations=self.citations_of(cited.value),
            **self.said(cited.value),
            span=self.at(*children),
        )

    def parameter(self, children: Children) -> nodes.Parameter:
        name, _, typed = children
        return nodes.Parameter(name=str(name.value), type=self.type_text(typed), span=self.at(*children))

    def function(self, children: Children) -> nodes.Item:
        _, name, *rest = children
        typed, file, cited = rest[-3:]
        return nodes.FunctionDecl(
            name=str(name.value),
            name_span=self.at(name),
            parameters=tuple(child for child in rest if isinstance(child, nodes.Parameter)),
            type=typed.value[0],
            attributes=typed.value[1],
            origin=file.value,
            citations=self.citations_of(cited.value),
            **self.said(cited.value),
            span=self.at(*children),
        )

    def complete(self, children: Children) -> Part:
        _, _, start, _, until = children
        dates = nodes.Dates(start=self.day(start), until=self.day(until), span=self.at(*children))
        return self.part("complete", dates, children)

    def calendar(self, children: Children) -> nodes.Item:
        _, name, _, file, *parts = children
        complete = self.once([part for part in parts if isinstance(part, Part)], "complete", "`complete`")
        return nodes.CalendarDecl(
            name=str(name.value),
            file=build_values.quoted(file),
            complete=complete.value if complete else None,
            citations=self.citations_of(parts),
            **self.said(parts),
            span=self.at(*children),
        )

    # --- options ---

    def option(self, children: Children) -> nodes.Item:
        *choices, default = (child for child in children if isinstance(child, nodes.Name))
        parts = children[-1].value
        return nodes.OptionDecl(
            name=str(children[1].value),
            choices=tuple(choices),
            default=default,
            citations=self.citations_of(parts),
            **self.said(parts),
            span=self.at(*children),
        )

    def binding(self, children: Children) -> nodes.Item:
        parts = children[-1].value
        return nodes.OptionBinding(
            name=children[1],
            choice=children[3],
            when=children[5] if len(children) > 6 else None,
            citations=self.citations_of(parts),
            **self.said(parts),
            span=self.at(*children),
        )

    # --- parameters ---

    def key(self, children: Children) -> nodes.KeyDecl:
        typed = self.type_text(children[2]) if len(children) > 2 else None
        return nodes.KeyDecl(name=str(children[0].value), type=typed, span=self.at(*children))

    def param_keys(self, children: Children) -> Part:
        return self.part("param_keys", tuple(child for child in children if isinstance(child, nodes.KeyDecl)), children)

    def file(self, children: Children) -> Part:
        return self.part("file", build_values.quoted(children[1]) if children else None, children)

    def undated(self, children: Children) -> Part:
        return self.part("undated", children[1] if children else None, children)

    def complete_until(self, children: Children) -> Part:
        return self.part("complete", self.day(children[2]), children)

    def _key(
        self, value: str | Fraction | dt.date | tuple[Fraction | None, Fraction | None], children: Children
    ) -> nodes.KeyValue:
        for child in children:
            if isinstance(child, nodes.Number) and child.unit is not None:
                self.report(
                    "K0122",
                    "a key is written without its unit",
                    child.unit,
                    "the unit of the key is known from its declaration",
                )
        return nodes.KeyValue(value=value, span=self.at(*children))

    def key_value(self, children: Children) -> nodes.KeyValue:
        child = children[0]
        if isinstance(child, nodes.Name):
            return self._key(child.text, children)
        return self._key(build_values.quoted(child) if child.type == "STRING" else self.day(child), children)

    def key_number(self, children: Children) -> nodes.KeyValue:
        return self._key(children[0].value, children)

    def key_from(self, children: Children) -> nodes.KeyValue:
        return self._key((children[0].value, None), children)

    def key_range(self, children: Children) -> nodes.KeyValue:
        return self._key((children[0].value, children[2].value), children)

    def key_until(self, children: Children) -> nodes.KeyValue:
        return self._key((None, children[1].value), children)

    def cell(self, children: Children) -> Part:
        keys = tuple(child for child in children if isinstance(child, nodes.KeyValue))
        return self.part("cell", (keys, children[-1]), children)

    def plain_row(self, children: Children) -> Part:
        dates, _, value = children
        entry = nodes.ParamEntry(dates=dates, keys=(), value=value, span=self.at(*children))
        return self.part("row", (entry,), children)

    def keyed_row(self, children: Children) -> Part:
        dates, *cells = children
        return self.part("row", self._entries(dates, cells), children)

    def undated_row(self, children: Children) -> Part:
        always, *cells = children
        return self.part("row", self._entries(nodes.Dates(start=None, span=self.at(always)), cells), children)

    def _entries(self, dates: nodes.Dates, cells: Children) -> tuple[nodes.ParamEntry, ...]:
        return tuple(
            nodes.ParamEntry(dates=dates, keys=cell.value[0], value=cell.value[1], span=self.at(cell)) for cell in cells
        )

    def param(self, children: Children) -> nodes.Item:
        _, name, keys, typed, file, undated, *rest = children
        parts = [part for part in rest if isinstance(part, Part)]
        entries = tuple(entry for part in parts if part.kind == "row" for entry in part.value)
        if len(entries) > self.limits.table_rows:
            message = f"the table has {len(entries)} rows; the limit is {self.limits.table_rows}"
            self.findings.add(CODES["table_rows"], message, self.at(name))
            raise Abandon
        complete = self.once(parts, "complete", "`complete until`")
        ways = [
            way
            for way, there in (("`=`", undated.value is not None), ("a file", file.value), ("rows", entries))
            if there
        ]
        if not ways:
            self.report(
                "K0114", f"the parameter `{name}` has no value", name, "write a line `from 2025-01-01 = 5` under it"
            )
        elif len(ways) > 1:
            self.report(
                "K0115", f"the parameter `{name}` has its values from {' and '.join(ways)}", name, "keep one of them"
            )
        return nodes.ParamDecl(
            name=str(name.value),
            keys=keys.value,
            type=typed.value[0],
            attributes=typed.value[1],
            file=file.value,
            undated=undated.value,
            entries=entries,
            complete_until=complete.value if complete else None,
            citations=self.citations_of(rest),
            **self.said(rest),
            span=self.at(*children),
        )
