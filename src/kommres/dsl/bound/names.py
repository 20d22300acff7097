"""Names to references: variables, the own entity, its ancestors, members, parameters, rules of other modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.bound import nodes as b
from kommres.dsl.diagnostics import Suggestion, closest
from kommres.dsl.syntax import nodes as syn
from kommres.units import NUMBER, Unit

if TYPE_CHECKING:
    from kommres.dsl.bound.base import BinderBase as _Base
    from kommres.dsl.bound.context import Context, RowVariable
else:
    _Base = object

_PERIOD = {
    "start": b.Type(kind="date"),
    "end": b.Type(kind="date"),
    "days": b.Type(kind="number", unit=Unit((("day", 1),))),
    "months": b.Type(kind="number", unit=Unit((("month", 1),))),
}
_OF_PERIOD = {**_PERIOD, "day": b.Type(kind="date")}


class NameMixin(_Base):
    """References of an expression."""

    def reference(self, expr: syn.Ref, context: Context, wanted: b.Type | None) -> b.Expr:
        """A name without keys."""
        return self._resolve(expr.name, (), context, wanted, expr)

    def is_bare_word(self, expr: syn.Expr, context: Context) -> bool:
        """Whether this is a word that is no name here: it can only be an enumeration member."""
        return (
            isinstance(expr, syn.Ref)
            and len(expr.name.parts) == 1
            and self._simple(expr.name.parts[0], (), context, expr, quiet=True) is None
        )

    def _resolve(
        self, name: syn.Name, keys: tuple[syn.Expr, ...], context: Context, wanted: b.Type | None, at: syn.Expr
    ) -> b.Expr:
        first, *rest = name.parts
        if not rest:
            found = self._simple(first, keys, context, at)
            if found is None:
                found = self._member_word(first, wanted, at)
            if found is None:
                raise self._unknown_name(name, context, wanted)
            return self._known(found, context)
        found = self._qualified(name, keys, context, at)
        if found is None:
            raise self._unknown_name(name, context, wanted)
        return self._known(found, context)

    def _known(self, found: b.Expr, context: Context) -> b.Expr:
        """A value proved present is no longer optional."""
        if found.type.optional and found in context.facts:
            return evolve(found, type=evolve(found.type, optional=False))
        return found

    def _member_word(self, word: str, wanted: b.Type | None, at: syn.Expr) -> b.Expr | None:
        if wanted is not None and wanted.kind == "enum" and wanted.enum is not None and word in wanted.enum.members:
            return b.Lit(type=b.Type(kind="enum", enum=wanted.enum), span=at.span, value=word)
        return None

    # simple names ----------------------------------------------------------------------------------------

    def _simple(
        self, word: str, keys: tuple[syn.Expr, ...], context: Context, at: syn.Expr, *, quiet: bool = False
    ) -> b.Expr | None:
        if word in context.members and not keys:
            slot, enum = context.members[word]
            return b.VarRef(type=b.Type(kind="enum", enum=enum), span=at.span, slot=slot)
        moment = None if keys else self.time_variable(word, context, at, quiet=quiet)
        if moment is not None:
            return moment
        found = self._rows(word, context)
        if len(found) > 1 and not quiet:
            places = ", ".join(f"`{row.name}.{word}`" for row, _ in found)
            raise self.problem(
                "K0204",
                f"`{word}` can mean more than one thing here: {places}",
                at.span,
                help="write which one is meant",
            )
        if found:
            row, what = found[0]
            return self._attribute(row, what, keys, context, at)
        param = context.module.params.get(word)
        if param is not None:
            return self._param(param, keys, context, at)
        if not quiet:
            self.refuse_whole_series(word, context, at)
        option = self.scope.vocabulary(context.module, word)
        if isinstance(option, b.Option) and not keys:
            enum = b.Enum(
                name=option.name, module=option.module, doc=option.doc, span=option.span, members=option.choices
            )
            return b.OptionRef(type=b.Type(kind="enum", enum=enum), span=at.span, option=option, slot=0)
        return None

    def _rows(self, word: str, context: Context) -> list[tuple[RowVariable, tuple[str, object, int]]]:
        """Where a bare word names something of a row: innermost first, an entity looked up once."""
        found: list[tuple[RowVariable, tuple[str, object, int]]] = []
        seen: set[tuple[int, int]] = set()
        for row in reversed(context.rows):
            if row.event is not None:
                if self._field(row, word) is not None:
                    found.append((row, ("field", word, 0)))
                continue
            assert row.entity is not None  # noqa: S101 - a row is of an entity or an event
            for up, entity in enumerate(row.entity.ancestors):
                place = (id(entity), row.slot if up == 0 else -1)
                if place in seen or (up and any(r.entity is entity for r in context.rows)):
                    continue
                seen.add(place)
                what = self._own(entity, word, context)
                if what is not None:
                    found.append((row, (what[0], what[1], up)))
        return found

    def _own(self, entity: b.Entity, word: str, context: Context) -> tuple[str, object] | None:
        rule = context.module.rules.get((entity, word))
        if rule is not None:
            return "rule", rule
        declared = self.scope.input(context.module, entity, word)
        return ("input", declared) if declared is not None else None

    def _field(self, row: RowVariable, word: str) -> b.Type | None:
        assert row.event is not None  # noqa: S101
        if word == "inside" and row.inside:
            return b.Type(kind="yes_no")
        if row.only_edges and word not in {"from", "to"}:
            return None
        field = row.event.field(word)
        if field is None:
            return None
        return evolve(field.type, optional=False) if word in row.certain else field.type

    def _attribute(
        self,
        row: RowVariable,
        what: tuple[str, object, int],
        keys: tuple[syn.Expr, ...],
        context: Context,
        at: syn.Expr,
    ) -> b.Expr:
        kind, item, up = what
        if kind == "field":
            if keys:
                raise self.problem(
                    "K0410", "a field of an event has no keys", at.span, help="take the parentheses away"
                )
            type_ = self._field(row, str(item))
            assert type_ is not None  # noqa: S101 - found before
            return b.FieldRef(type=type_, span=at.span, slot=row.slot, name=str(item))
        if kind == "rule":
            assert isinstance(item, b.Rule)  # noqa: S101
            return self._rule(item, row.slot, up, keys, context, at)
        assert isinstance(item, b.Input)  # noqa: S101
        bound_keys = self._enum_keys(item.keys, keys, item.name, context, at)
        type_ = item.type
        if context.months is not None:
            if not item.history and not item.varies:
                raise self.problem(
                    "K0413",
                    f"`{item.name}` is not supplied for past months",
                    at.span,
                    help="declare the input with `history`",
                )
            type_ = evolve(type_, varies=False)
        return b.InputRef(
            type=type_, span=at.span, input=item, slot=row.slot, up=up, keys=bound_keys, months=context.months
        )

    def _rule(
        self, rule: b.Rule, slot: int, up: int, keys: tuple[syn.Expr, ...], context: Context, at: syn.Expr
    ) -> b.Expr:
        bound_keys = self._enum_keys(rule.keys, keys, rule.name, context, at)
        return b.RuleRef(
            type=rule.type, span=at.span, rule=rule, slot=slot, up=up, keys=bound_keys, months=context.months
        )

    def _enum_keys(
        self,
        enums: tuple[b.Enum | b.TimeKey, ...],
        keys: tuple[syn.Expr, ...],
        name: str,
        context: Context,
        at: syn.Expr,
    ) -> tuple[b.Expr, ...]:
        if len(enums) != len(keys):
            wanted = f"`{name}({', '.join(e.name for e in enums)})`" if enums else f"`{name}` without keys"
            raise self.problem(
                "K0410", f"{_count(name, len(enums))}, {len(keys)} written here", at.span, help=f"write {wanted}"
            )
        bound: list[b.Expr] = []
        for enum, key in zip(enums, keys, strict=True):
            if isinstance(enum, b.TimeKey):
                bound.append(self.time_key(enum, key, context))
                continue
            type_ = b.Type(kind="enum", enum=enum)
            word = key.name.parts[0] if isinstance(key, syn.Ref) and len(key.name.parts) == 1 else None
            if word is not None and word in enum.members and word not in context.members:
                bound.append(b.Lit(type=type_, span=key.span, value=word))
            else:
                bound.append(self.coerce(self.present(key, context, type_), type_, what="is the key's type"))
        return tuple(bound)

    # qualified names -------------------------------------------------------------------------------------

    def _qualified(self, name: syn.Name, keys: tuple[syn.Expr, ...], context: Context, at: syn.Expr) -> b.Expr | None:
        first, *rest = name.parts
        if first == "period" and len(rest) == 1 and rest[0] in _OF_PERIOD:
            return b.PeriodRef(type=_OF_PERIOD[rest[0]], span=at.span, member=rest[0], months=context.months)
        if first == "slice" and len(rest) == 1 and rest[0] in _PERIOD:
            if not context.in_slices:
                raise self.problem(
                    "K0408",
                    "`slice` has a meaning only inside `sum over slices`",
                    at.span,
                    help="use `period` for the whole period",
                )
            return b.SliceRef(type=_PERIOD[rest[0]], span=at.span, member=rest[0])
        edge = self.edge_of(first, rest[0], context, at) if len(rest) == 1 and not keys else None
        if edge is not None:
            return edge
        start = self._start(first, context)
        if start is not None:
            row, up = start
            entity = row.entity.ancestors[up] if row.entity is not None else None
            return self._of_row(row, entity, up, tuple(rest), keys, context, at)
        enum = self.scope.vocabulary(context.module, first)
        if isinstance(enum, b.Enum) and len(rest) == 1 and rest[0] in enum.members:
            return b.Lit(type=b.Type(kind="enum", enum=enum), span=at.span, value=rest[0])
        return self._of_module(name, keys, context, at)

    def _start(self, word: str, context: Context) -> tuple[RowVariable, int] | None:
        """The row that a first part names: a variable, or an entity above a row."""
        for row in reversed(context.rows):
            if row.name == word:
                return row, 0
        for row in context.rows:  # the own row first
            if row.entity is not None:
                for up, entity in enumerate(row.entity.ancestors):
                    if entity.name == word:
                        return row, up
        return None

    def _of_row(
        self,
        row: RowVariable,
        entity: b.Entity | None,
        up: int,
        rest: tuple[str, ...],
        keys: tuple[syn.Expr, ...],
        context: Context,
        at: syn.Expr,
    ) -> b.Expr | None:
        if entity is None:
            return (
                self._attribute(row, ("field", rest[0], 0), keys, context, at)
                if len(rest) == 1 and self._field(row, rest[0])
                else None
            )
        if len(rest) == 1:
            what = self._own(entity, rest[0], context)
            return self._attribute(row, (what[0], what[1], up), keys, context, at) if what else None
        module = self.scope.modules.get(context.module.aliases.get(rest[0], ""))
        rule = module.rules.get((entity, rest[1])) if module and len(rest) == 2 else None
        return self._rule(rule, row.slot, up, keys, context, at) if rule else None

    def _of_module(self, name: syn.Name, keys: tuple[syn.Expr, ...], context: Context, at: syn.Expr) -> b.Expr | None:
        *qualifier, word = name.parts
        module = self.scope.modules.get(context.module.aliases.get(".".join(qualifier), ""))
        if module is None:
            return None
        if word in module.params:
            return self._param(module.params[word], keys, context, at)
        for row in reversed(context.rows):
            if row.entity is None:
                continue
            for up, entity in enumerate(row.entity.ancestors):
                rule = module.rules.get((entity, word))
                if rule is not None:
                    return self._rule(rule, row.slot, up, keys, context, at)
        return None

    # parameters ------------------------------------------------------------------------------------------

    def _param(
        self, param: b.Param, keys: tuple[syn.Expr, ...], context: Context, at: syn.Expr, *, hole: bool = False
    ) -> b.Expr:
        bound = self.param_keys(param, keys, context, at, hole=hole)
        return b.ParamRef(
            type=param.type,
            span=at.span,
            param=param,
            keys=tuple(k for k in bound if k is not None),
            months=context.months,
        )

    def param_keys(
        self, param: b.Param, keys: tuple[syn.Expr, ...], context: Context, at: syn.Expr, *, hole: bool
    ) -> tuple[b.Expr | None, ...]:
        """The keys of a look-up; with ``hole`` the bracket key is ``_`` and becomes None."""
        if len(keys) != len(param.keys):
            shape = f"`{param.name}[{', '.join(k.name for k in param.keys)}]`" if param.keys else f"`{param.name}`"
            raise self.problem(
                "K0410",
                f"{_count(param.name, len(param.keys))}, {len(keys)} written here",
                at.span,
                help=f"write {shape}",
            )
        bound: list[b.Expr | None] = []
        for key, expr in zip(param.keys, keys, strict=True):
            if isinstance(expr, syn.Hole):
                if not (hole and key.bracket):
                    raise self.problem(
                        "K0410",
                        "`_` leaves out the bracket key, in `tiers` only",
                        expr.span,
                        help=f"write the key `{key.name}`",
                    )
                bound.append(None)
                continue
            if hole and key.bracket:
                raise self.problem(
                    "K0410",
                    f"`tiers` walks over all brackets of `{key.name}`",
                    expr.span,
                    help="write `_` in its place",
                )
            value = self.present(expr, context, key.type)
            if value.type.kind == "number" and key.type.kind == "number" and value.type.unit == NUMBER:
                value = (
                    evolve(value, type=evolve(value.type, unit=key.type.unit)) if isinstance(value, b.Lit) else value
                )
            bound.append(self.coerce(value, key.type, code="K0410", what=f"is the type of the key `{key.name}`"))
        return tuple(bound)

    def index(self, expr: syn.Index, context: Context, _wanted: b.Type | None) -> b.Expr:
        """``tariff[municipality]``, ``load[h]``."""
        value = self.series_value(expr, context)
        if value is not None:
            return value
        param = self.find_param(expr.base, context)
        if param is None:
            is_time = any(isinstance(k, syn.Ref) and k.name.text in context.times for k in expr.keys)
            words = [
                *(self.series_words(context) if is_time else ()),
                *context.module.params,
                *(f"{a}.{p}" for a, m in context.module.aliases.items() for p in self.scope.modules[m].params),
            ]
            near = closest(expr.base.text, words)
            raise self.problem(
                "K0205",
                f"unknown {'series or parameter' if is_time else 'parameter'} `{expr.base.text}`",
                expr.base.span,
                help=f"did you mean `{near}`?" if near else "only parameters and series are looked up with `[ ]`",
                suggestion=Suggestion(span=expr.base.span, replacement=near) if near else None,
            )
        return self._param(param, expr.keys, context, expr)

    def find_param(self, name: syn.Name, context: Context) -> b.Param | None:
        *qualifier, word = name.parts
        module = (
            self.scope.modules.get(context.module.aliases.get(".".join(qualifier), "")) if qualifier else context.module
        )
        return module.params.get(word) if module else None

    def charged(self, expr: syn.Charged, context: Context, _wanted: b.Type | None) -> b.Expr:
        """``charged x``: the closed result of a past month."""
        if context.months is None:
            raise self.problem(
                "K0413",
                "`charged` reads closed results of past months",
                expr.span,
                help="use it inside `… for m in last n months`",
            )
        outside = evolve(context, months=None)
        found = self._resolve(expr.name, (), outside, None, syn.Ref(span=expr.span, name=expr.name))
        if not isinstance(found, b.RuleRef):
            raise self.problem(
                "K0413", f"`{expr.name.text}` is not a rule or charge", expr.name.span, help="name a charge"
            )
        found.rule.history = True
        type_ = evolve(found.type, varies=False, optional=True)
        return self._known(
            b.ChargedRef(
                type=type_, span=expr.span, rule=found.rule, slot=found.slot, up=found.up, months=context.months
            ),
            context,
        )

    # unknown ---------------------------------------------------------------------------------------------

    def _unknown_name(self, name: syn.Name, context: Context, wanted: b.Type | None) -> Exception:
        word = name.parts[-1]
        if len(name.parts) == 1:
            homes = [
                a
                for a, m in context.module.aliases.items()
                if m != context.module.name
                and (word in self.scope.modules[m].params or self.scope.modules[m].rules_named(word))
            ]
            if homes:
                return self.problem(
                    "K0208",
                    f"`{word}` belongs to another module",
                    name.span,
                    help=f"write `{homes[0]}.{word}`",
                    suggestion=Suggestion(span=name.span, replacement=f"{homes[0]}.{word}"),
                )
            below = [
                e for row in context.rows[:1] if row.entity for e in row.entity.children if self._own(e, word, context)
            ]
            if below:
                return self.problem(
                    "K0205",
                    f"`{word}` belongs to `{below[0].name}`, of which there are many here",
                    name.span,
                    help=f"read it in an aggregate: `sum of {word} for x in {below[0].name}`",
                )
        near = closest(name.text, self._visible_words(context, wanted))
        help_ = f"did you mean `{near}`?" if near else self._declare_it(name, context)
        if wanted is not None and wanted.kind == "enum" and wanted.enum is not None and not near:
            help_ = f"`{wanted.enum.name}` has the members {', '.join(wanted.enum.members)}"
        if wanted is not None and wanted.kind == "id" and not near:
            help_ = f'write text in quotes: `"{name.text}"`'
        return self.problem(
            "K0205",
            f"unknown name `{name.text}`",
            name.span,
            note="not found in the own entity, its ancestors or among the parameters",
            help=help_,
            suggestion=Suggestion(span=name.span, replacement=near) if near else None,
        )

    def _declare_it(self, name: syn.Name, context: Context) -> str:
        *path, word = name.parts
        alias = ".".join(path)
        if alias in {"slice", "period"}:
            return f"`{alias}` has {', '.join(_PERIOD if alias == 'slice' else _OF_PERIOD)}"
        if path and alias not in context.module.aliases and not any(row.name == path[0] for row in context.rows):
            return f"`use` the module whose name ends in `.{alias}`, if `{word}` is one of its rules or parameters"
        return "declare it as input, parameter or rule"

    def _visible_words(self, context: Context, wanted: b.Type | None) -> list[str]:
        words: list[str] = [*context.members, *context.times, *context.module.params]
        if wanted is not None and wanted.enum is not None:
            words += wanted.enum.members
        for row in context.rows:
            if row.event is not None:
                words += [f.name for f in row.event.fields]
                continue
            for entity in row.entity.ancestors if row.entity else ():
                words += [n for (e, n) in context.module.rules if e is entity]
                words += [
                    n for m in self.scope.visible(context.module) for (e, n) in (*m.inputs, *m.series) if e is entity
                ]
        words += [
            f"{a}.{r.name}" for a, m in context.module.aliases.items() for r in self.scope.modules[m].rules.values()
        ]
        return words


def _count(name: str, keys: int) -> str:
    return f"`{name}` takes {keys or 'no'} {'key' if keys == 1 else 'keys'}"
