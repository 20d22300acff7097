"""Examples as data: rows, overrides and what is expected."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypeAlias

from kommres.dsl.bound.constants import Constants
from kommres.dsl.bound.nodes import (
    Entity,
    Enum,
    Event,
    Example,
    ExampleRow,
    Expected,
    Input,
    Option,
    Override,
    Param,
    Rule,
    Series,
    TimeKey,
    Type,
    Value,
)
from kommres.dsl.bound.problem import Unbound
from kommres.dsl.syntax import nodes as syn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kommres.dsl.bound.rules import RuleBinder
    from kommres.dsl.bound.scope import ModuleScope
    from kommres.dsl.source import Span


_Parts: TypeAlias = "tuple[tuple[dt.datetime | None, tuple[Value, ...], bool], ...]"


class ExampleBinder:
    """Binds the examples of a module; ``module`` is the module that they speak about."""

    def __init__(self, rules: RuleBinder) -> None:
        self.rules = rules
        self.scope = rules.scope
        self.out = rules.out
        self.constants = Constants(rules.scope)
        self._by_name: dict[str, dict[str, list[tuple[Entity, Input | Series]]]] = {}

    def bind(self, module: ModuleScope, items: Iterable[syn.ExampleDecl]) -> list[Example]:
        found = []
        for item in items:
            try:
                found.append(self._example(module, item))
            except Unbound:
                continue
        return found

    def _problem(self, message: str, span: Span, help_: str = "") -> Unbound:
        self.out.add("K0510", message, span, help=help_)
        return Unbound()

    def _example(self, module: ModuleScope, item: syn.ExampleDecl) -> Example:
        month = (item.on.year, item.on.month)
        rows: list[ExampleRow] = []
        overrides: list[Override] = []
        loose: dict[Entity, list[tuple[str, tuple[str, ...], object]]] = {}
        for given in item.givens:
            if given.target is None:
                for assignment in given.assignments:
                    self._loose(module, assignment, month, loose, overrides)
            else:
                rows.append(self._row(module, given, month))
        named = {(r.entity, r.row) for r in rows if r.entity}
        for entity, values in loose.items():
            own = [r for r in rows if r.entity is entity]
            if len(own) > 1:
                raise self._problem(
                    f"these values belong to one `{entity.name}`, but the example has several",
                    item.span,
                    "write them in each `given` line",
                )
            if own:
                rows[rows.index(own[0])] = ExampleRow(
                    entity=entity, event=None, row=own[0].row, owner=own[0].owner, values=(*own[0].values, *values)
                )
            elif (entity, "") not in named:
                rows.append(ExampleRow(entity=entity, event=None, row="", owner="", values=tuple(values)))
        return Example(
            title=item.title,
            module=module.name,
            month=month,
            known=item.known.toordinal() if item.known else None,
            options=tuple(self._option(module, name, choice) for name, choice in item.options),
            rows=tuple(rows),
            overrides=tuple(overrides),
            expected=tuple(self._expected(module, e) for e in item.expectations),
            span=item.span,
        )

    def _option(self, module: ModuleScope, name: syn.Name, choice: syn.Name) -> tuple[str, str]:
        option = self.scope.vocabulary(module, name.parts[-1])
        if not isinstance(option, Option):
            self.scope.unknown("K0210", "option", name.text, name.span, self.scope.words(module, Option))
            raise Unbound
        if choice.text not in option.choices:
            self.scope.unknown("K0210", "choice", choice.text, choice.span, option.choices)
            raise Unbound
        return option.id, choice.text

    # given -----------------------------------------------------------------------------------------------

    def _loose(
        self,
        module: ModuleScope,
        item: syn.Assignment,
        month: tuple[int, int],
        loose: dict[Entity, list[tuple[str, tuple[str, ...], object]]],
        overrides: list[Override],
    ) -> None:
        *qualifier, word = item.name.parts
        target: Input | Rule | Series | None = None
        for scope in self.scope.visible(module):
            for entity, declared in self._supplied(scope).get(word, ()):
                if not qualifier or entity.name == qualifier[-1]:
                    target = declared
        if target is None:
            param = self._param(module, item.name)
            if param is not None:
                overrides.append(self._override(param, item))
                return
            common = self.scope.vocabulary(module, item.name.text)
            if isinstance(common, Series):
                overrides.append((common, None, self._intervals(common, item)[2][1]))
                return
            target = self._rule(module, item.name, None, must=False)
            if target is None or not target.history:
                words = [n for s in self.scope.visible(module) for _, n in (*s.inputs, *s.series)] + [*module.params]
                self.scope.unknown("K0510", "input or parameter", item.name.text, item.name.span, words)
                raise Unbound
        if isinstance(target, Series):
            assert target.entity is not None  # noqa: S101 - it was found by its entity
            loose.setdefault(target.entity, []).append(self._intervals(target, item))
            return
        loose.setdefault(target.entity, []).append(
            self._value(target.name, target.type, _enums(target.keys), item, month)
        )

    def _supplied(self, scope: ModuleScope) -> Mapping[str, Sequence[tuple[Entity, Input | Series]]]:
        """Inputs and series of a module by name."""
        found = self._by_name.get(scope.name)
        if found is None:
            found = self._by_name[scope.name] = {}
            declared: dict[tuple[Entity, str], Input | Series] = {**scope.inputs, **scope.series}
            for (entity, name), item in declared.items():
                found.setdefault(name, []).append((entity, item))
        return found

    def _param(self, module: ModuleScope, name: syn.Name) -> Param | None:
        *qualifier, word = name.parts
        owner = module.aliases.get(".".join(qualifier)) if qualifier else module.name
        return self.scope.modules[owner].params.get(word) if owner else None

    def _override(self, param: Param, item: syn.Assignment) -> tuple[Param, tuple[object, ...] | None, Value]:
        if len(item.values) != 1 or item.steps or item.month or item.last_months:
            raise self._problem(
                "a parameter is given one value", item.span, 'write `given tariff = 5` or `given tariff["x"] = 5`'
            )
        keys: tuple[object, ...] | None = None
        if item.keys:
            if len(item.keys) != len(param.keys):
                raise self._problem(
                    f"`{param.name}` has {len(param.keys)} keys, {len(item.keys)} stand here", item.span
                )
            keys = tuple(self.constants.value(k, key.type) for k, key in zip(item.keys, param.keys, strict=True))
        return param, keys, self.constants.value(item.values[0], param.type)

    def _row(self, module: ModuleScope, given: syn.Given, month: tuple[int, int]) -> ExampleRow:
        assert given.target is not None  # noqa: S101 - checked by the caller
        found = self.scope.vocabulary(module, given.target.text)
        if isinstance(found, Entity):
            values: list[tuple[str, tuple[str, ...], object]] = []
            for item in given.assignments:
                word = item.name.parts[-1]
                series = self.scope.series(module, found, word)
                if series is not None:
                    values.append(self._intervals(series, item))
                    continue
                declared = self.scope.input(module, found, word)
                target: Input | Rule | None = declared or self._rule(module, item.name, found, must=False)
                if target is None or (isinstance(target, Rule) and not target.history):
                    words = [n for s in self.scope.visible(module) for e, n in (*s.inputs, *s.series) if e is found]
                    self.scope.unknown("K0510", f"input of `{found.name}`", word, item.name.span, words)
                    raise Unbound
                values.append(self._value(target.name, target.type, _enums(target.keys), item, month))
            return ExampleRow(
                entity=found, event=None, row=given.row or "", owner=given.owner_row or "", values=tuple(values)
            )
        if isinstance(found, Event):
            values = []
            for item in given.assignments:
                field = found.field(item.name.text)
                if field is None:
                    self.scope.unknown(
                        "K0510",
                        f"field of `{found.name}`",
                        item.name.text,
                        item.name.span,
                        [f.name for f in found.fields],
                    )
                    raise Unbound
                values.append(self._value(field.name, field.type, (), item, month))
            return ExampleRow(
                entity=None, event=found, row=given.row or "", owner=given.owner_row or "", values=tuple(values)
            )
        self.scope.unknown(
            "K0510", "entity or event", given.target.text, given.target.span, self.scope.words(module, (Entity, Event))
        )
        raise Unbound

    def _value(
        self, name: str, type_: Type, keys: tuple[Enum, ...], item: syn.Assignment, month: tuple[int, int]
    ) -> tuple[str, tuple[str, ...], object]:
        if len(item.keys) != len(keys):
            raise self._problem(f"`{name}` has {len(keys)} keys, {len(item.keys)} stand here", item.span)
        members = tuple(
            str(self.constants.value(k, Type(kind="enum", enum=e))) for k, e in zip(item.keys, keys, strict=True)
        )
        values = [self._given(v, type_) for v in item.values]
        if item.start is not None:
            raise self._problem(
                f"`{name}` is no series, so it has no values interval by interval",
                item.span,
                "write `x = 2 then 3 from 2026-01-16` for a change inside the month",
            )
        if item.month is not None:
            return name, members, ("months", ((item.month.year * 12 + item.month.month - 1, values[0]),))
        if item.last_months is not None:
            if len(values) != item.last_months:
                raise self._problem(
                    f"{item.last_months} months need {item.last_months} values, {len(values)} stand here",
                    item.span,
                    "the oldest month first; `absent` for none",
                )
            first = month[0] * 12 + month[1] - 1 - item.last_months
            return name, members, ("months", tuple((first + i, v) for i, v in enumerate(values)))
        if len(values) != 1:
            raise self._problem(
                "one value is given at a time",
                item.span,
                "write `x = 2 then 3 from 2026-01-16` for a change inside the month",
            )
        if item.steps:
            later = tuple((self._day(start), self._given(v, type_)) for v, start in item.steps)
            return name, members, ("steps", ((None, values[0]), *later))
        return name, members, values[0]

    def _day(self, start: syn.DateLit | syn.InstantLit) -> int:
        if isinstance(start, syn.InstantLit):
            raise self._problem("a value changes from a day on, not inside it", start.span, "write `2026-01-16`")
        return start.value.toordinal()

    def _intervals(self, series: Series, item: syn.Assignment) -> tuple[str, tuple[str, ...], tuple[str, _Parts]]:
        """Return the parts of a series: where each begins, its values, and whether the last one holds from there on."""
        if item.month is not None or item.last_months is not None or item.keys:
            raise self._problem(
                f"`{series.name}` is a series", item.span, f"write `{series.name} = 1.5`, or `{series.name} from … = …`"
            )
        values = tuple(self.constants.value(v, series.type) for v in item.values)
        if item.start is not None:
            return series.name, (), ("intervals", ((_moment(item.start), values, False),))
        later = ((_moment(start), (self.constants.value(v, series.type),), True) for v, start in item.steps)
        return series.name, (), ("intervals", ((None, values, True), *later))

    def _given(self, expr: syn.Expr, type_: Type) -> Value | dt.datetime:
        """Return a value; an instant as it is written, since only its row knows the time zone."""
        if type_.kind == "instant" and isinstance(expr, syn.InstantLit):
            return expr.wall
        return self.constants.value(expr, type_)

    def _key(self, expr: syn.Expr, key: Enum | TimeKey) -> object:
        if isinstance(key, Enum):
            return str(self.constants.value(expr, Type(kind="enum", enum=key)))
        if key.grid is not None and isinstance(expr, syn.InstantLit):
            return expr.wall
        return self.constants.value(expr, key.type if key.grid is None else Type(kind="instant"))

    # expect ----------------------------------------------------------------------------------------------

    def _rule(self, module: ModuleScope, name: syn.Name, entity: Entity | None, *, must: bool = True) -> Rule | None:
        *qualifier, word = name.parts
        owner = module.aliases.get(".".join(qualifier)) if qualifier else module.name
        scopes = [self.scope.modules[owner]] if owner else []
        found = [r for s in scopes for r in s.rules_named(word) if entity is None or r.entity is entity]
        if not found and not qualifier:  # a charge of a used module, when no other has the name
            found = [
                r
                for m in self.scope.visible(module)
                for r in m.rules_named(word)
                if entity is None or r.entity is entity
            ]
        if len(found) == 1:
            return found[0]
        if must:
            words = [r.name for s in self.scope.visible(module) for r in s.rules.values()]
            if found:
                raise self._problem(
                    f"`{name.text}` can mean more than one rule", name.span, "write its entity or module"
                )
            self.scope.unknown("K0510", "rule or charge", name.text, name.span, words)
            raise Unbound
        return None

    def _expected(self, module: ModuleScope, item: syn.Expectation) -> Expected:
        entity = self.scope.entity(module, item.target) if item.target else None
        rule = self._rule(module, item.name, entity)
        assert rule is not None  # noqa: S101 - must
        if len(item.keys) != len(rule.keys):
            raise self._problem(f"`{rule.name}` has {len(rule.keys)} keys, {len(item.keys)} stand here", item.span)
        keys = tuple(self._key(k, key) for k, key in zip(item.keys, rule.keys, strict=True))
        value = self.constants.value(item.value, rule.type) if item.kind == "value" and item.value is not None else None
        return Expected(row=item.row, rule=rule, keys=keys, kind=item.kind, value=value, code=item.code, span=item.span)


def _moment(start: syn.DateLit | syn.InstantLit) -> dt.datetime:
    """Return a moment as it is written; a day begins at midnight."""
    if isinstance(start, syn.InstantLit):
        return start.wall
    return dt.datetime.combine(start.value, dt.time())


def _enums(keys: tuple[Enum | TimeKey, ...]) -> tuple[Enum, ...]:
    """Return the keys by which values are supplied; days and intervals are none."""
    return tuple(key for key in keys if isinstance(key, Enum))
