"""Intervals and days: values of series, the grids and days that aggregates go over, functions of moments."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.bound import nodes as b
from kommres.dsl.bound.constants import plain
from kommres.dsl.bound.context import TimeVariable
from kommres.dsl.diagnostics import closest
from kommres.dsl.syntax import nodes as syn
from kommres.units import NUMBER, Unit

if TYPE_CHECKING:
    from kommres.dsl.bound.base import BinderBase as _Base
    from kommres.dsl.bound.context import Context
    from kommres.dsl.source import Span
else:
    _Base = object

_HOUR = Unit((("h", 1),))
_YES_NO, _DATE, _INSTANT = b.Type(kind="yes_no"), b.Type(kind="date"), b.Type(kind="instant")
#: Energy in a second: what is given so is a mean over its interval.
_POWER = (("kg", 1), ("m", 2), ("s", -3))
#: Combinations of intervals and days that one aggregate may go through for a row.
MOST_STEPS = 1_000_000
#: Functions of intervals that keep some of them.
_KEEPING = ("clip", "daily")


class TimesMixin(_Base):
    """``load[h]``, ``for h in load on d``, ``for d in days``, ``hour_of_day(h)``."""

    # values ----------------------------------------------------------------------------------------------

    def series_value(self, expr: syn.Index, context: Context) -> b.Expr | None:
        """Bind ``load[h]``; None where the name is no series."""
        found = self.find_series(expr.base, context)
        if found is None:
            return None
        series, slot, up = found
        if context.months is not None:
            raise self.problem(
                "K0413", "a series is not supplied for past months", expr.span, help="read it in the period itself"
            )
        variable = self._interval(expr.keys[0], context) if len(expr.keys) == 1 else None
        if variable is None or variable.grid is None:
            raise self.problem(
                "K0410",
                f"`{expr.base.text}` has a value for each interval, so its key is one",
                expr.span,
                help=f"take the intervals one by one: `sum of {expr.base.text}[h] for h in {expr.base.text}`",
            )
        self._same_grid(series, variable.grid, expr)
        found_ref = b.SeriesRef(
            type=series.type, span=expr.span, series=series, slot=slot, up=up, at=variable.slot, grid=variable.grid
        )
        return self._known(found_ref, context)

    def refuse_whole_series(self, word: str, context: Context, at: syn.Expr) -> None:
        """Report a series that stands without an interval."""
        if self.find_series(syn.Name(span=at.span, parts=(word,)), context) is None:
            return
        raise self.problem(
            "K0410",
            f"`{word}` is a series: it has a value for each interval, not one",
            at.span,
            help=f"take one interval (`{word}[h]`), or all: `sum of {word}[h] for h in {word}`",
        )

    def _same_grid(self, series: b.Series, grid: b.Grid, expr: syn.Index) -> None:
        """Report a series that has no value, or not one value, for an interval of a grid."""
        own = series.grid
        if series.entity is None:
            if own.every % grid.every == 0:
                return
            why = f"`{series.name}` has values {_length(own)}, the intervals here are longer: {_length(grid)}"
        elif own.every != grid.every:
            why = f"`{series.name}` has values {_length(own)}, the intervals here are those {_length(grid)}"
        elif own.over == "month" and grid.over == "year":
            why = f"`{series.name}` has values of the month, the intervals here are those of the year"
        else:
            return
        raise self.problem("K0416", why, expr.span, help=f"go over its own intervals: `for h in {expr.base.text}`")

    def find_series(self, name: syn.Name, context: Context) -> tuple[b.Series, int | None, int] | None:
        """Return a series with the slot of its row (None: the program's) and the parents to climb."""
        *path, word = name.parts
        if not path:
            for row in reversed(context.rows):
                for up, entity in enumerate(row.entity.ancestors if row.entity is not None else ()):
                    found = self.scope.series(context.module, entity, word)
                    if found is not None:
                        return found, row.slot, up
            common = self.scope.vocabulary(context.module, word)
            return (common, None, 0) if isinstance(common, b.Series) else None
        start = self._start(path[0], context) if len(path) == 1 else None
        if start is None or start[0].entity is None:
            return None
        row, up = start
        found = self.scope.series(context.module, start[0].entity.ancestors[up], word)
        return None if found is None else (found, row.slot, up)

    def series_words(self, context: Context) -> list[str]:
        """Return the names of all series that a module sees (for suggestions)."""
        own = [name for module in self.scope.visible(context.module) for _, name in module.series]
        return [*own, *self.scope.words(context.module, b.Series)]

    @staticmethod
    def _interval(expr: syn.Expr, context: Context) -> TimeVariable | None:
        word = expr.name.parts[0] if isinstance(expr, syn.Ref) and len(expr.name.parts) == 1 else ""
        found = context.times.get(word)
        return found if found is not None and found.grid is not None else None

    def time_variable(self, word: str, context: Context, at: syn.Expr, *, quiet: bool) -> b.Expr | None:
        """Bind the variable of an interval or a day, used as a value; None for other words."""
        variable = context.times.get(word)
        if variable is None:
            return None
        if variable.grid is None:
            return b.VarRef(type=_DATE, span=at.span, slot=variable.slot)
        if not quiet:
            raise self.problem(
                "K0401",
                f"`{word}` is an interval, no value",
                at.span,
                help=f"`load[{word}]`, `date_of({word})`, `hour_of_day({word})`, `hours({word})`, `{word}.from`",
            )
        return self._edge(variable, "from", at)

    def time_key(self, wanted: b.TimeKey, expr: syn.Expr, context: Context) -> b.Expr:
        """Bind the key of a rule that wants a day or an interval."""
        if wanted.grid is None:
            return self.coerce(self.present(expr, context), wanted.type, what="is the key's type")
        variable = self._interval(expr, context)
        if variable is None or variable.grid != wanted.grid:
            raise self.problem(
                "K0410" if variable is None else "K0416",
                f"the key `{wanted.name}` is an interval {wanted.grid}",
                expr.span,
                help="name the variable of an aggregate over such intervals",
            )
        return b.VarRef(type=wanted.type, span=expr.span, slot=variable.slot)

    def edge_of(self, word: str, member: str, context: Context, at: syn.Expr) -> b.Expr | None:
        """Bind ``h.from`` and ``h.to``; None for other names."""
        variable = context.times.get(word)
        if variable is None or variable.grid is None or member not in {"from", "to"}:
            return None
        return self._edge(variable, member, at)

    @staticmethod
    def _edge(variable: TimeVariable, member: str, at: syn.Expr) -> b.Expr:
        assert variable.grid is not None  # noqa: S101 - it holds an interval
        return b.IntervalEdge(type=_INSTANT, span=at.span, slot=variable.slot, edge=member, grid=variable.grid)

    def refuse_added_power(self, value: b.Expr) -> None:
        """Report a mean over an interval that is added up as if it were an amount."""
        if not isinstance(value, b.SeriesRef) or value.type.unit is None:
            return
        if self.scope.units.magnitude(value.type.unit)[1] != _POWER:
            return
        raise self.problem(
            "K0307",
            f"{value.type.unit} is a mean over each interval, and means do not add up to an amount",
            value.span,
            help=f"multiply by the length of the interval: `{value.span.text} * hours(h)`",
        )

    # sources ---------------------------------------------------------------------------------------------

    def grid_source(
        self, source: syn.Name | syn.Call | syn.OnDay, slot: int, context: Context
    ) -> tuple[b.Source, TimeVariable] | None:
        """Bind a source of intervals or days; None where it is something else."""
        found = self._grid_source(source, context)
        if found is None:
            if isinstance(source, syn.OnDay):
                raise self.problem(
                    "K0412",
                    "only intervals of a series lie on a day",
                    source.span,
                    help="write `for h in load on d`, or `covering(e)` for events",
                )
            return None
        if context.months is not None:
            raise self.problem(
                "K0413", "intervals and days of past months are not known", source.span, help="take `last n months`"
            )
        if context.steps * _most(found) > MOST_STEPS:
            raise self.problem(
                "K0417",
                f"intervals inside intervals: up to {context.steps * _most(found)} combinations for each row",
                source.span,
                help=f"there may be {MOST_STEPS}; take those of a day (`load on d`), or give the inner sum to a rule",
            )
        return found, TimeVariable(slot=slot, grid=_grid_of(found))

    def _grid_source(self, source: syn.Name | syn.Call | syn.OnDay, context: Context) -> b.Source | None:
        if isinstance(source, syn.Name):
            series = self.find_series(source, context)
            if series is not None:
                return b.GridIntervals(span=source.span, grid=series[0].grid)
            if source.text in {"days", "months"} and self.scope.vocabulary(context.module, source.text) is None:
                return self._days(source.text, source.span, "month")
            return None
        if isinstance(source, syn.OnDay):
            of = self._grid_source(source.source, context)
            if of is None or _grid_of(of) is None:
                return None
            day = self.present(source.day, context)
            if day.type.kind != "date":
                raise self.problem("K0401", f"a date is needed after `on`, this is {day.type}", day.span)
            return b.Intervals(span=source.span, function="on", of=of, args=(day,))
        name = source.name.text
        of = self._inner(source, context)
        if of is None:
            return None
        grid = _grid_of(of)
        if name in {"days", "months"} and len(source.args) == 1 and grid is not None:
            return self._days(name, source.span, grid.over)
        if name not in _KEEPING or grid is None:
            raise self.problem(
                "K0412",
                f"`{name}` is for events, these are intervals of a series",
                source.span,
                help=f"there are {', '.join(f'`{n}(load, …)`' for n in _KEEPING)} and `load on d`",
            )
        args = self._times(source, grid) if name == "daily" else self._bounds(source, context)
        return b.Intervals(span=source.span, function=name, of=of, args=args)

    def _inner(self, source: syn.Call, context: Context) -> b.Source | None:
        inner = source.args[0] if source.args else None
        if isinstance(inner, syn.OnDate):
            of = inner.value.name if isinstance(inner.value, syn.Ref) else inner.value
            if isinstance(of, syn.Name | syn.Call):
                return self._grid_source(syn.OnDay(span=inner.span, source=of, day=inner.date), context)
        if isinstance(inner, syn.Ref):
            return self._grid_source(inner.name, context)
        return self._grid_source(inner, context) if isinstance(inner, syn.Call) else None

    def _days(self, word: str, span: Span, over: str) -> b.Source:
        return b.GridDays(span=span, over=over, unit=word.removesuffix("s"))

    def _times(self, source: syn.Call, grid: b.Grid) -> tuple[b.Expr, ...]:
        given = source.args[1:]
        if len(given) != 2 or not all(isinstance(g, syn.TimeLit) for g in given):
            raise self.problem(
                "K0402", "`daily` needs two times of the day", source.span, help="write `daily(load, 00:00, 05:00)`"
            )
        for time in given:
            if isinstance(time, syn.TimeLit) and time.minutes * 60 % grid.every:
                raise self.problem(
                    "K0416",
                    f"`{time.span.text}` lies inside an interval: they begin {_length(grid)}",
                    time.span,
                    help="begin and end where intervals do",
                )
        return tuple(
            b.Lit(type=b.Type(kind="number", unit=NUMBER), span=g.span, value=g.minutes)
            for g in given
            if isinstance(g, syn.TimeLit)
        )

    def _bounds(self, source: syn.Call, context: Context) -> tuple[b.Expr, ...]:
        bounds = tuple(self.present(g, context) for g in source.args[1:])
        if len(bounds) != 2:
            raise self.problem(
                "K0402",
                "`clip` of a series takes two bounds",
                source.span,
                help="write `clip(load, d, d + 7 day)`; the second is the first moment that is left out",
            )
        for bound in bounds:
            if bound.type.kind not in {"date", "instant"}:
                raise self.problem("K0401", f"a date or instant is needed here, this is {bound.type}", bound.span)
        return bounds

    # functions -------------------------------------------------------------------------------------------

    def length_of(self, expr: syn.Call, context: Context) -> b.Expr | None:
        """Bind ``hours(h)`` of an interval of a grid; None for other arguments."""
        variable = self._interval(expr.args[0], context) if len(expr.args) == 1 else None
        if variable is None or variable.grid is None:
            return None
        hours = plain(Fraction(variable.grid.every, 3600))
        return b.Lit(type=b.Type(kind="number", unit=_HOUR), span=expr.span, value=hours)

    def _moment(self, expr: syn.Call, context: Context) -> b.Expr:
        if len(expr.args) != 1:
            raise self.problem(
                "K0402", f"`{expr.name.text}` takes one moment", expr.span, help=f"write `{expr.name.text}(h)`"
            )
        variable = self._interval(expr.args[0], context)
        if variable is not None:
            return self._edge(variable, "from", expr.args[0])
        moment = self.present(expr.args[0], context)
        if moment.type.kind != "instant":
            raise self.problem("K0401", f"an interval or an instant is needed here, this is {moment.type}", moment.span)
        return moment

    def _fn_date_of(self, expr: syn.Call, context: Context) -> b.Expr:
        return b.Call(type=_DATE, span=expr.span, function="date_of", args=(self._moment(expr, context),))

    def _fn_hour_of_day(self, expr: syn.Call, context: Context) -> b.Expr:
        type_ = b.Type(kind="number", unit=NUMBER)
        return b.Call(type=type_, span=expr.span, function="hour_of_day", args=(self._moment(expr, context),))

    def _fn_is_working_day(self, expr: syn.Call, context: Context) -> b.Expr:
        name = expr.args[1].name.text if len(expr.args) == 2 and isinstance(expr.args[1], syn.Ref) else ""
        calendar = self.scope.vocabulary(context.module, name)
        if not isinstance(calendar, b.Calendar):
            near = closest(name, self.scope.words(context.module, b.Calendar)) if name else None
            raise self.problem(
                "K0402",
                "`is_working_day` needs a date and a calendar",
                expr.span,
                help=f"did you mean `{near}`?" if near else "write `is_working_day(d, working)`",
            )
        date = self.present(expr.args[0], context)
        if date.type.kind != "date":
            raise self.problem("K0401", f"a date is needed here, this is {date.type}", date.span)
        return b.Call(type=_YES_NO, span=expr.span, function="is_working_day", args=(date,), calendar=calendar)


def with_times(context: Context, name: str, variable: TimeVariable, source: b.Source) -> Context:
    """Return a context in which a variable holds an interval or a day of a source."""
    return evolve(context, times={**context.times, name: variable}, steps=context.steps * _most(source))


def _most(source: b.Source) -> int:
    """Return how many intervals or days a source has, at most or nearly so."""
    if isinstance(source, b.GridDays):
        return {"month": 31, "year": 366}[source.over] if source.unit == "day" else 12
    on_day = False
    while isinstance(source, b.Intervals):
        on_day = on_day or source.function == "on"
        source = source.of
    assert isinstance(source, b.GridIntervals)  # noqa: S101 - there are no other sources of times
    days = 2 if on_day else {"month": 31, "year": 366}[source.grid.over]
    return days * 86_400 // source.grid.every


def _grid_of(source: b.Source) -> b.Grid | None:
    """Return the grid of a source of intervals, through what keeps some of them; None for days."""
    while isinstance(source, b.Intervals):
        source = source.of
    return source.grid if isinstance(source, b.GridIntervals) else None


def _length(grid: b.Grid) -> str:
    return str(grid).partition(" of ")[0]
