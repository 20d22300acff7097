"""Declarations: modules and their uses, vocabulary, inputs, events, options, calendars."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from kommres.dsl.bound.constants import Constants
from kommres.dsl.bound.nodes import (
    Calendar,
    Citation,
    Entity,
    Enum,
    Event,
    EventField,
    Input,
    Option,
    Type,
)
from kommres.dsl.bound.scope import ModuleScope, ProgramScope, Vocabulary
from kommres.dsl.diagnostics import Label, Suggestion, closest
from kommres.dsl.limits import CODES, Limits
from kommres.dsl.syntax import nodes as syn
from kommres.units import CURRENCIES, NUMBER, Unit, UnitError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from kommres.dsl.bound.tables import Tables
    from kommres.dsl.source import Span

T = TypeVar("T", bound=syn.Item)

_SIGNED_UNITS = {"degC", "deltaC"}
#: Words of other languages for types of this one.
_TYPES = {
    **dict.fromkeys(("bool", "boolean"), "yes/no"),
    **dict.fromkeys(("int", "integer", "decimal", "float"), "number"),
    **dict.fromkeys(("str", "string", "text"), "id"),
    **dict.fromkeys(("datetime", "timestamp"), "instant"),
}


class Declarer:
    """Fills a :class:`ProgramScope` from the items of all modules, in the order in which they need each other."""

    def __init__(self, scope: ProgramScope, tables: Tables, limits: Limits) -> None:
        self.scope = scope
        self.out = scope.out
        self.tables = tables
        self.limits = limits

    # modules ---------------------------------------------------------------------------------------------

    def modules(self, trees: Sequence[syn.ModuleTree]) -> None:
        for tree in trees:
            header = tree.header
            if header is None or header.is_spec:
                continue
            name = header.name.text
            if name in self.scope.modules:
                first = self.scope.modules[name].tree
                self.out.add(
                    "K0202",
                    f"two files declare the module `{name}`",
                    header.name.span,
                    labels=[Label(span=first.span, text="the other file begins here")],
                    help="each module is one file; rename one of them",
                )
                continue
            self.scope.modules[name] = ModuleScope(name=name, tree=tree, doc=header.doc)
        for module in self.scope.modules.values():
            self._uses(module)

    def _uses(self, module: ModuleScope) -> None:
        for use in _items(module, syn.Use):
            name = use.module.text
            if name not in self.scope.modules:
                self.scope.unknown(
                    "K0201",
                    "module",
                    name,
                    use.module.span,
                    self.scope.modules,
                    todo="give its file or folder to the command as well",
                )
                continue
            alias = use.alias or name.rsplit(".", 1)[-1]
            if module.aliases.get(alias, name) != name:
                self.out.add(
                    "K0203",
                    f"`{alias}` already stands for the module `{module.aliases[alias]}`",
                    use.module.span,
                    help=f"name one of them with `as`: `use {name} as other_{alias}`",
                )
                continue
            module.aliases[alias] = name
            module.used.append(name)
        # the own name is the weakest: a regional `cold_water` may amend the federal one
        module.aliases.setdefault(module.name.rsplit(".", 1)[-1], module.name)
        found = list(_items(module, syn.AppliesWhen))
        module.applies = found[0] if found else None
        for extra in found[1:]:
            self.scope.twice("applies when", extra.span, found[0].span)

    # vocabulary ------------------------------------------------------------------------------------------

    def vocabulary(self) -> None:
        modules = self.scope.modules.values()
        for module in modules:
            for act in _items(module, syn.ActDecl):
                title = self.scope.acts.setdefault(act.name, act.title)
                module.acts[act.name] = title
                if title != act.title:
                    self.out.add(
                        "K0203",
                        f"the act `{act.name}` has another title elsewhere: {title!r}",
                        act.span,
                        help="declare an act once",
                    )
        pending = [unit for module in modules for unit in _items(module, syn.UnitDecl)]
        while pending:  # a unit may be declared in terms of one that stands later
            left = [unit for unit in pending if not self._unit(unit, final=False)]
            if len(left) == len(pending):
                for unit in left:
                    self._unit(unit, final=True)
                break
            pending = left
        for module in modules:
            for item in _items(module, syn.EnumDecl):
                names: dict[str, Span] = {}
                for member in item.members:
                    if member.text in names:
                        self.scope.twice(member.text, member.span, names[member.text])
                    names.setdefault(member.text, member.span)
                enum = Enum(name=item.name, module=module.name, doc=item.doc, span=item.span, members=tuple(names))
                self.declare(module, item.name, enum)
            for option in _items(module, syn.OptionDecl):
                self._option(module, option)
        self._entities()

    def _unit(self, item: syn.UnitDecl, *, final: bool) -> bool:
        try:
            of = self.scope.units.parse(item.of.text) if item.of else None
        except UnitError as error:
            if final:
                self.out.add(
                    "K0301", error.message, item.of.span if item.of else item.span, help="declare that unit as well"
                )
            return False
        try:
            self.scope.units.declare(item.name, item.factor, of)
        except UnitError as error:
            self.out.add("K0306", error.message, item.span, help="choose another name, or take the declaration away")
        if of is None:
            self.scope.money.add(item.name)
        return True

    def declare(self, module: ModuleScope, name: str, item: Vocabulary) -> None:
        """Make a name known, unless it is taken."""
        if name in {"period", "slice"}:
            self.out.add(
                "K0211",
                f"`{name}` is a word of the language and cannot be declared",
                item.span,
                help="choose another name",
            )
        elif name in module.vocabulary:
            self.scope.twice(name, item.span, module.vocabulary[name].span)
        else:
            module.vocabulary[name] = item

    def _option(self, module: ModuleScope, item: syn.OptionDecl) -> None:
        choices = tuple(c.text for c in item.choices)
        if item.default.text not in choices:
            self.scope.unknown("K0210", "choice", item.default.text, item.default.span, choices)
            return
        option = Option(
            name=item.name,
            module=module.name,
            doc=item.doc,
            span=item.span,
            choices=choices,
            default=item.default.text,
            citations=self.citations(item.citations),
        )
        self.declare(module, item.name, option)

    def _entities(self) -> None:
        pending = [(module, item) for module in self.scope.modules.values() for item in _items(module, syn.EntityDecl)]
        waiting = {item.name for _, item in pending}
        while pending:
            left = []
            for module, item in pending:
                if (
                    item.parent is not None
                    and item.parent.text in waiting
                    and self.scope.vocabulary(module, item.parent.text) is None
                ):
                    left.append((module, item))
                    continue
                parent = self.scope.entity(module, item.parent) if item.parent else None
                if parent is not None and len(parent.ancestors) >= self.limits.nesting:
                    self.out.add(
                        CODES["nesting"],
                        f"entities are nested too deep; the limit is {self.limits.nesting}",
                        item.span,
                        help="leave out levels that no rule speaks of",
                    )
                    parent = None
                entity = Entity(name=item.name, module=module.name, parent=parent, doc=item.doc, span=item.span)
                if parent is not None:
                    parent.children.append(entity)
                self.declare(module, item.name, entity)
                waiting.discard(item.name)
            if len(left) == len(pending):
                for _, item in left:
                    self.out.add(
                        "K0213",
                        f"the entity `{item.name}` is its own ancestor",
                        item.span,
                        help="an entity tree has a root",
                    )
                break
            pending = left
        first: dict[str, Entity] = {}
        for module in self.scope.modules.values():
            for found in module.vocabulary.values():
                if isinstance(found, Entity) and first.setdefault(found.name, found) is not found:
                    self.scope.twice(found.name, found.span, first[found.name].span)

    # inputs, events, calendars ---------------------------------------------------------------------------

    def data(self) -> None:
        seen: dict[tuple[Entity, str], Input] = {}
        for module in self.scope.modules.values():
            for item in _items(module, syn.InputDecl):
                declared = self._input(module, item)
                if declared is None:
                    continue
                place = (declared.entity, declared.name)
                if place in seen:
                    self.scope.twice(item.name, item.span, seen[place].span)
                    continue
                seen[place] = module.inputs[place] = declared
            for event in _items(module, syn.EventDecl):
                self._event(module, event)
            for calendar in _items(module, syn.CalendarDecl):
                self._calendar(module, calendar)

    def _input(self, module: ModuleScope, item: syn.InputDecl) -> Input | None:
        entity = self.scope.entity(module, item.entity)
        keys = [self.scope.enum(module, key) for key in item.keys]
        type_ = self.type(module, item.type, optional=item.attributes.optional, varies=item.attributes.varies)
        if entity is None or type_ is None or any(k is None for k in keys):
            return None
        self.only_values(item.attributes)
        low, high = self.bounds(item.attributes, type_)
        return Input(
            name=item.name,
            module=module.name,
            doc=item.doc,
            span=item.span,
            entity=entity,
            keys=tuple(k for k in keys if k),
            type=type_,
            low=low,
            high=high,
            step=item.attributes.step.value if item.attributes.step else None,
            history=item.attributes.history,
            signed=item.attributes.signed,
        )

    def _event(self, module: ModuleScope, item: syn.EventDecl) -> None:
        entity = self.scope.entity(module, item.entity)
        fields: dict[str, EventField] = {}
        for part in item.fields:
            type_ = self.type(module, part.type, optional=part.attributes.optional)
            if type_ is None:
                continue
            if part.name in fields:
                self.scope.twice(part.name, part.span, item.span)
            self.only_values(part.attributes)
            low, high = self.bounds(part.attributes, type_)
            step = part.attributes.step.value if part.attributes.step else None
            fields[part.name] = EventField(name=part.name, type=type_, low=low, high=high, step=step, doc=part.doc)
        if entity is None:
            return
        edges = {fields[n].type.kind for n in ("from", "to") if n in fields}
        interval = ""
        if {"from", "to"} <= fields.keys():
            if edges in ({"date"}, {"instant"}):
                interval = edges.pop()
            else:
                self.out.add(
                    "K0401",
                    f"`from` and `to` of `{item.name}` must both be dates or both instants",
                    item.span,
                    help="give both the same type",
                )
        event = Event(
            name=item.name,
            module=module.name,
            doc=item.doc,
            span=item.span,
            entity=entity,
            fields=tuple(fields.values()),
            interval=interval,
        )
        self.declare(module, item.name, event)

    def _calendar(self, module: ModuleScope, item: syn.CalendarDecl) -> None:
        rows = self.tables.of_calendar(item.file, item.span)
        if item.complete is None or item.complete.start is None or item.complete.until is None:
            self.out.add(
                "K0505",
                f"the calendar `{item.name}` does not say for which days it is complete",
                item.span,
                help="add `complete from 2025-01-01 until 2026-01-01`",
            )
            return
        days: dict[int, bool] = {}
        sources: dict[str, None] = {}
        for number, row in rows:
            day = Constants.day(row.get("date") or "")
            working = {"yes": True, "no": False}.get((row.get("working") or "").strip().lower())
            if day is None or working is None:
                self.out.add(
                    "K0506",
                    f"{item.file}:{number}: a calendar row needs a date and yes or no",
                    item.span,
                    help="columns: date,working,source",
                )
                continue
            if days.setdefault(day, working) != working:
                self.out.add(
                    "K0506",
                    f"{item.file}:{number}: the date stands twice and differs",
                    item.span,
                    help="keep one row a date",
                )
            if row.get("source"):
                sources[row["source"]] = None
        calendar = Calendar(
            name=item.name,
            module=module.name,
            doc=item.doc,
            span=item.span,
            days=days,
            start=item.complete.start.toordinal(),
            until=item.complete.until.toordinal(),
            sources=tuple(sources),
        )
        self.declare(module, item.name, calendar)

    # parts -----------------------------------------------------------------------------------------------

    def type(
        self, module: ModuleScope, text: syn.TypeText, *, optional: bool = False, varies: bool = False
    ) -> Type | None:
        if text.kind == "name":
            found = self.scope.vocabulary(module, text.text)
            if isinstance(found, Enum):
                return Type(kind="enum", enum=found, optional=optional, varies=varies)
        if text.kind in {"unit", "name"}:
            unit = self.unit(text.text, text.span, extra=self.scope.words(module, Enum))
            return None if unit is None else Type(kind="number", unit=unit, optional=optional, varies=varies)
        if text.kind == "number":
            return Type(kind="number", unit=NUMBER, optional=optional, varies=varies)
        return Type(kind=text.kind, optional=optional, varies=varies)

    def unit(self, text: str, span: Span, extra: Sequence[str] = ()) -> Unit | None:
        try:
            return self.scope.units.parse(text)
        except UnitError as error:
            word = error.word or text
            atoms = [*self.scope.units.atoms, *self.scope.units.aliases, *extra]
            near = _TYPES.get(word) or next((a for a in atoms if a.casefold() == word.casefold()), None)
            if near is None:
                near = closest(word, [a for a in atoms if a not in CURRENCIES])
            self.out.add(
                "K0301",
                error.message,
                span,
                help=f"did you mean `{near}`?"
                if near
                else "declare it with `unit`, or write blanks around `/` to divide",
                suggestion=Suggestion(span=span, replacement=span.text.replace(word, near))
                if near and word in span.text
                else None,
            )
            return None

    def only_values(self, attributes: syn.Attributes) -> None:
        """Report what belongs to series or functions alone."""
        if attributes.grid is not None:
            self.out.add(
                "K0411",
                f"`{attributes.grid.words}` belongs to a series",
                attributes.span,
                help="write `series load of meter: kWh, step 0.001, every 1 h, label at start`",
            )
        if attributes.rounding is not None:
            self.out.add(
                "K0411",
                "`round` after a type belongs to a function of a plugin",
                attributes.rounding.span,
                help="round in the formula: `= round(x, 0.01)`",
            )

    def bounds(self, attributes: syn.Attributes, type_: Type) -> tuple[int | Fraction | None, int | Fraction | None]:
        """Declared range in the type's unit. A number that is not signed and not a temperature starts at 0."""
        if type_.kind != "number" or type_.unit is None:
            if attributes.low is not None or attributes.step is not None:
                self.out.add("K0503", "a range or a step belongs to a number", attributes.span, help="take it away")
            return None, None
        low = Constants(self.scope).number(attributes.low, type_.unit) if attributes.low else None
        high = Constants(self.scope).number(attributes.high, type_.unit) if attributes.high else None
        if low is None and not attributes.signed and not any(n in _SIGNED_UNITS for n, _ in type_.unit.powers):
            low = 0
        if low is not None and high is not None and low > high:
            self.out.add(
                "K0503", f"the range {low}..{high} is empty", attributes.span, help="write the smaller bound first"
            )
        if attributes.step is not None and attributes.step.value <= 0:
            self.out.add("K0503", "a step must be greater than 0", attributes.step.span, help="such as `step 0.001`")
        return low, high

    def citations(self, items: Sequence[syn.Citation]) -> tuple[Citation, ...]:
        bound = []
        for item in items:
            name = item.act.text
            if name not in self.scope.acts:
                self.scope.unknown(
                    "K0209", "act", name, item.act.span, self.scope.acts, todo=f'declare it: `act {name} "its title"`'
                )
                continue
            status = "checked" if item.checked else "unchecked" if item.unchecked else "unsaid"
            bound.append(
                Citation(
                    act=name,
                    act_title=self.scope.acts[name],
                    parts=item.parts,
                    status=status,
                    checked=item.checked.isoformat() if item.checked else "",
                    note=item.note,
                )
            )
        return tuple(bound)


def _items(module: ModuleScope, kind: type[T]) -> list[T]:
    return [item for item in module.tree.items if type(item) is kind]
