"""Aggregates and their sources: children, events, intervals, members, past months."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.bound import nodes as b
from kommres.dsl.bound.context import Context, RowVariable
from kommres.dsl.bound.functions import SOURCES
from kommres.dsl.bound.times import with_times
from kommres.dsl.syntax import nodes as syn
from kommres.units import NUMBER, Unit

if TYPE_CHECKING:
    from kommres.dsl.bound.base import BinderBase as _Base
else:
    _Base = object

_YES_NO = b.Type(kind="yes_no")
_POINT = Unit((("degC", 1),))
MOST_MONTHS = 36


class AggregateMixin(_Base):
    """``sum of x for v in S where c`` and its kin."""

    def aggregate(self, expr: syn.Aggregate, context: Context, wanted: b.Type | None) -> b.Expr:
        """Bind an aggregate; its variables get slots of their own."""
        outer = context
        binders = []
        for binder in expr.binders:
            slot = next(context.numbers)
            source, context = self._bind_source(binder, slot, context)
            binders.append(b.Binder(slot=slot, variable=binder.variable, source=source))
        where = self.condition(expr.where, context) if expr.where is not None else None
        if where is not None:
            context = context.with_true(where)
        value = self._value(expr, context, wanted)
        by = self.present(expr.by, context) if expr.by is not None else None
        if expr.function in {"first", "last"} and by is None:
            raise self.problem(
                "K0411",
                f"`{expr.function}` needs an order",
                expr.span,
                help=f"write `{expr.function} of x by date for …`",
            )
        if by is not None and by.type.kind not in {"number", "date", "instant"}:
            raise self.problem("K0415", f"values of type {by.type} have no order", by.span)
        certain = where is None and all(isinstance(x.source, b.Members) for x in binders)
        type_ = self._result(expr, value, certain=certain)
        found = b.Aggregate(
            type=type_, span=expr.span, function=expr.function, value=value, by=by, binders=tuple(binders), where=where
        )
        return evolve(found, type=evolve(type_, optional=False)) if found in outer.facts else found

    def _value(self, expr: syn.Aggregate, context: Context, wanted: b.Type | None) -> b.Expr | None:
        if expr.value is None:
            if expr.function != "count":
                raise self.problem(
                    "K0411", f"`{expr.function}` of what?", expr.span, help=f"write `{expr.function} of x for …`"
                )
            return None
        if expr.function == "count":
            raise self.problem(
                "K0411", "`count` counts rows and takes no value", expr.value.span, help="write `count for x in …`"
            )
        if expr.function in {"any", "all"}:
            return self.condition(expr.value, context)
        value = self.present(expr.value, context, wanted)
        if expr.function in {"sum", "mean"} and value.type.kind != "number":
            raise self.problem("K0401", f"a number is needed here, this is {value.type}", value.span)
        if expr.function == "sum":
            self.refuse_added_power(value)
        if expr.function == "sum" and value.type.unit == _POINT:
            raise self.problem(
                "K0305",
                "temperatures are points and cannot be summed",
                value.span,
                help="use `mean`, or sum differences (deltaC)",
            )
        if expr.function in {"min", "max"} and value.type.kind not in {"number", "date", "instant"}:
            raise self.problem("K0415", f"values of type {value.type} have no order", value.span)
        return value

    def _result(self, expr: syn.Aggregate, value: b.Expr | None, *, certain: bool) -> b.Type:
        if expr.function == "count":
            return b.Type(kind="number", unit=NUMBER)
        if expr.function in {"any", "all"}:
            return _YES_NO
        assert value is not None  # noqa: S101 - only count has none
        optional = expr.function in {"min", "max", "mean", "first", "last"} and not certain
        return evolve(value.type, optional=optional, varies=False)

    # sources ---------------------------------------------------------------------------------------------

    def _bind_source(self, binder: syn.Binder, slot: int, context: Context) -> tuple[b.Source, Context]:
        source = binder.source
        named = binder.variable in context.members or binder.variable in context.times
        if named or any(r.name == binder.variable for r in context.rows):
            raise self.problem(
                "K0203",
                f"`{binder.variable}` already names something here",
                binder.variable_span,
                help="choose another letter",
            )
        if isinstance(source, syn.Months):
            return self._months(source, slot, context)
        times = self.grid_source(source, slot, context)
        if times is not None:
            return times[0], with_times(context, binder.variable, times[1], times[0])
        if isinstance(source, syn.Name):
            found = self.scope.vocabulary(context.module, source.text)
            if isinstance(found, b.Enum):
                members = {**context.members, binder.variable: (slot, found)}
                return b.Members(span=source.span, enum=found), evolve(context, members=members)
            if isinstance(found, b.Entity):
                place = self._place(context, found.parent)
                if place is None:
                    raise self.problem(
                        "K0412",
                        f"`{found.name}` is not a child of anything here",
                        source.span,
                        help="aggregate over children of the own entity or of its ancestors",
                    )
                row = RowVariable(name=binder.variable, slot=slot, entity=found)
                return b.Children(span=source.span, entity=found, slot=place[0], up=place[1]), evolve(
                    context, rows=(*context.rows, row)
                )
        assert not isinstance(source, syn.OnDay)  # noqa: S101 - of intervals, or reported
        rows, row = self._events(source, context)
        return rows, evolve(context, rows=(*context.rows, evolve(row, name=binder.variable, slot=slot)))

    @staticmethod
    def _place(context: Context, entity: b.Entity | None) -> tuple[int, int] | None:
        """The nearest row of an entity: (slot, parents to climb)."""
        for row in reversed(context.rows):
            if row.entity is not None and entity is not None and entity in row.entity.ancestors:
                return row.slot, row.entity.ancestors.index(entity)
        return None

    def _months(self, source: syn.Months, slot: int, context: Context) -> tuple[b.Source, Context]:
        if context.months is not None:
            raise self.problem(
                "K0413", "past months inside past months", source.span, help="count from the period itself"
            )
        if not 1 <= source.count <= MOST_MONTHS or (source.take is not None and not 1 <= source.take <= source.count):
            raise self.problem(
                "K0413", f"a window has 1 to {MOST_MONTHS} months", source.span, help="write `last 6 months`"
            )
        inner = evolve(context, months=slot)
        where = self.condition(source.where, inner) if source.where is not None else None
        if where is not None:
            inner = inner.with_true(where)
        return b.PastMonths(span=source.span, count=source.count, take=source.take, where=where), inner

    def _events(self, source: syn.Name | syn.Call, context: Context) -> tuple[b.Source, RowVariable]:
        if isinstance(source, syn.Name):
            found = self.scope.vocabulary(context.module, source.text)
            if not isinstance(found, b.Event):
                words = self.scope.words(context.module, (b.Event, b.Entity, b.Enum)) + self.series_words(context)
                self.scope.unknown(
                    "K0412",
                    "source",
                    source.text,
                    source.span,
                    words,
                    todo="name a child entity, an event, an enumeration, a series, or `last n months`",
                )
                raise self.silent()
            place = self._place(context, found.entity)
            if place is None:
                raise self.problem(
                    "K0412",
                    f"`{found.name}` belongs to `{found.entity.name}`, which is not here",
                    source.span,
                    help="aggregate over the children first",
                )
            return b.Events(span=source.span, event=found, slot=place[0], up=place[1]), RowVariable(
                name="", slot=0, event=found
            )
        return self._interval_function(source, context)

    def _interval_function(self, source: syn.Call, context: Context) -> tuple[b.Source, RowVariable]:
        name = source.name.text
        if name not in SOURCES or not source.args:
            self.scope.unknown("K0412", "source", name, source.name.span, SOURCES)
            raise self.silent()
        inner = source.args[0]
        if isinstance(inner, syn.Ref):
            inner_source: syn.Name | syn.Call = inner.name
        elif isinstance(inner, syn.Call):
            inner_source = inner
        else:
            raise self.problem("K0412", f"`{name}` takes an event", inner.span, help=f"write `{name}(interruption)`")
        of, row = self._events(inner_source, context)
        event = row.event
        assert event is not None  # noqa: S101 - sources of this kind are events
        if not event.interval:
            raise self.problem(
                "K0412", f"`{event.name}` has no `from` and `to`", inner.span, help="declare both, dates or instants"
            )
        args = self._interval_args(name, source, event, context)
        for field in source.by:
            if event.field(field.text) is None:
                self.scope.unknown("K0205", "field", field.text, field.span, [f.name for f in event.fields])
                raise self.silent()
        if name in {"merge", "worst"} and not source.by:
            raise self.problem(
                "K0402", f"`{name}` needs `by` and fields", source.span, help=f"write `{name}({event.name}, by field)`"
            )
        ended = name in {"clip", "union", "daily", "split"}
        row = evolve(
            row,
            certain=row.certain | ({"from", "to"} if ended else frozenset()),
            only_edges=row.only_edges or name == "union",
            inside=row.inside or name == "split",
        )
        return b.Intervals(span=source.span, function=name, of=of, args=args, by=tuple(f.text for f in source.by)), row

    def _interval_args(self, name: str, source: syn.Call, event: b.Event, context: Context) -> tuple[b.Expr, ...]:
        given = source.args[1:]
        if name in {"daily", "split"}:
            if len(given) != 2 or not all(isinstance(g, syn.TimeLit) for g in given):
                raise self.problem(
                    "K0402",
                    f"`{name}` needs two times of the day",
                    source.span,
                    help=f"write `{name}({event.name}, 00:00, 05:00)`",
                )
            if event.interval != "instant":
                raise self.problem(
                    "K0412",
                    f"`{event.name}` has dates, no times",
                    source.span,
                    help="declare `from` and `to` as instants",
                )
            return tuple(
                b.Lit(type=b.Type(kind="number", unit=NUMBER), span=g.span, value=g.minutes)
                for g in given
                if isinstance(g, syn.TimeLit)
            )
        allowed = {0, 2} if name == "clip" else {0}
        if len(given) not in allowed:
            raise self.problem(
                "K0402",
                f"`{name}` takes {'an event, or an event and two bounds' if name == 'clip' else 'one event'}",
                source.span,
            )
        bounds = tuple(self.present(g, context) for g in given)
        for bound in bounds:
            if bound.type.kind not in {"date", event.interval}:
                raise self.problem(
                    "K0401", f"a date or {event.interval} is needed here, this is {bound.type}", bound.span
                )
        return bounds
