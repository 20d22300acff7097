"""Tables as arrays: one value for each combination of keys and each span of days on which none of them changes.

What depends on keys alone is looked up before any row is read: an array of the values of a month. Brackets lie side by
side for each combination. A combination that misses is marked as such.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import lcm, prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kommres.dsl.backends.kernels.filling import (
    HIGHEST,
    MISSING,
    Axis,
    Bands,
    Column,
    Fixed,
    Parts,
    Span,
    Values,
    Versions,
    brackets,
    coded,
    working_days,
)
from kommres.dsl.backends.kernels.graph import BOOL, INT, Node, Status
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.scope import Made
from kommres.dsl.plan.forms import const, mul
from kommres.dsl.plan.sources import LAST_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.kernels.builder import Builder
    from kommres.dsl.backends.kernels.scope import Scope
    from kommres.dsl.backends.tables import Table
    from kommres.dsl.bound.nodes import Calendar, Key, ParamRow

_MONTH, _YEAR, _EVER = Span("month"), Span("year"), Span("ever")
_MOST_CELLS: Final = 4_000_000


class Tables:
    """The tables of a program as arrays."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def still(self, table: Table) -> bool:
        """Whether nothing of a table changes inside the month: for changing rows, inside any month."""
        if not self._builder.still:
            return not table.inside_months
        term = self._builder.machine.term
        return not table.changes(term.start, term.end)

    # values ----------------------------------------------------------------------------------------------

    def found(self, scope: Scope, position: int, keys: Sequence[int], status: Status, day: Node | None) -> Made:
        """Return a value of a table for the keys of a step, on a day (None: the current one)."""
        table = self._builder.machine.tables[position]
        type_ = table.param.type
        members = type_.enum.members if type_.enum is not None else None
        if table.everywhere is not None:
            return self._everywhere(table.everywhere.value, type_.kind, status, members)
        at, span = self.span(table, scope, day)
        if table.bracket is not None:
            return self._in_bracket(scope, table, keys, status, at, span=span)
        axes = self._axes(table)
        place, missing = self._place(scope, keys, axes)
        scale = self.scale(table)
        array = self._builder.constant(Values(position=position, span=span, axes=axes, scale=scale, members=members))
        graph = scope.graph
        place = self._on_day(place, at, axes)
        cell = graph.node(INT, "{0}[{1}]", array, place)
        missing = graph.either(missing, graph.node(BOOL, "({0} == {1})", cell, graph.int(MISSING)))
        found = Status(miss=graph.either(status.miss, missing), bad=status.bad)
        if type_.kind == "yes_no":
            return Made(found, node=graph.node(BOOL, "({0} == 1)", cell))
        return Made(found, node=cell, scale=scale, members=members)

    def _everywhere(self, value: object, kind: str, status: Status, members: tuple[str, ...] | None) -> Made:
        """Return the value that a run gives for all keys."""
        scale = value.denominator if isinstance(value, Fraction) else 1
        word = coded(value, scale, members, self._builder.names)
        graph = self._builder.graph
        if kind == "yes_no":
            return Made(status, node=graph.true if word else graph.false)
        return Made(status, node=graph.int(word), scale=scale, members=members)

    def span(self, table: Table, scope: Scope, day: Node | None) -> tuple[Node | None, Span]:
        """Return the place of a day among the parts of a span, None for the first one, and the span."""
        builder = self._builder
        if day is None and scope.when.wide:
            return self._counted(table, scope.when.day, _EVER), _EVER
        if day is None and scope.when.past is not None:
            span = Span("past", scope.when.past.back)
            return self._counted(table, scope.when.day, span), span
        if day is None and scope.when.along is not None and scope.when.along.axis.yearly:
            return self._counted(table, scope.when.day, _YEAR), _YEAR
        if day is None or day is builder.start or day is builder.last:
            day = scope.when.day if day is None else day
            if self.still(table) or day is builder.start:
                return None, _MONTH
            return self._counted(table, day, _MONTH), _MONTH
        return self._counted(table, day, _EVER), _EVER

    def _counted(self, table: Table, day: Node, span: Span) -> Node | None:
        if not table.changes(*_EVER.of(self._builder.machine.term)):
            return None
        array = self._builder.constant(Parts(position=self._position(table), span=span))
        return self._builder.graph.node(INT, "in_force({0}, {1})", array, day)

    def _position(self, table: Table) -> int:
        return self._builder.machine.tables.index(table)

    def _on_day(self, place: Node, at: Node | None, axes: Sequence[Axis]) -> Node:
        """Return the cell of a combination of keys in a part of a span."""
        if at is None:
            return place
        graph = self._builder.graph
        return graph.node(INT, "({1} * {0} + {2})", graph.int(prod(len(axis.texts) for axis in axes)), at, place)

    def scale(self, table: Table) -> int:
        """Return how many steps make 1 in all values of a table."""
        values = [row.value for row in (*table.rows, *table.given.values(), table.everywhere) if row is not None]
        return lcm(1, *(v.denominator for v in values if isinstance(v, Fraction)))

    def word(self, row: ParamRow, scale: int) -> int:
        """Return the value of a row in steps of 1/``scale``."""
        return coded(row.value, scale, None, self._builder.names)

    # keys ------------------------------------------------------------------------------------------------

    def _axis(self, table: Table, number: int) -> Axis:
        key: Key = table.param.keys[number]
        known = {keys[self._fixed_place(table, number)] for keys in table.series}
        known |= {keys[number] for keys in table.given}
        if not all(isinstance(text, str) for text in known):
            raise NotCompiled(f"a key of {table.param.name} that is no name")
        texts = tuple(sorted(str(text) for text in known))
        codes: dict[int, int] = {}
        if key.type.enum is not None:
            codes = {n: texts.index(m) for n, m in enumerate(key.type.enum.members) if m in known}
        else:
            codes = {self._builder.names.code(text): n for n, text in enumerate(texts)}
        places = np.full(max(codes, default=-1) + 2, -1, np.int64)  # never of size 0
        for code, place in codes.items():
            places[code] = place
        return Axis(texts=texts, places=places)

    @staticmethod
    def _fixed_place(table: Table, number: int) -> int:
        return number - 1 if table.bracket is not None and number > table.bracket else number

    def _place(self, scope: Scope, keys: Sequence[int], axes: Sequence[Axis]) -> tuple[Node, Node | None]:
        """Return the place of a combination of keys, and whether the table does not have one of them."""
        graph, builder = scope.graph, self._builder
        size = 1
        for axis in axes:
            size *= max(1, len(axis.texts))
        if size > _MOST_CELLS:
            raise NotCompiled("a table of too many combinations of keys")
        place: Node = graph.int(0)
        missing: Node | None = None
        for key, axis in zip(keys, axes, strict=True):
            if not axis.texts:
                return graph.int(0), graph.true
            made = scope.made(key)
            if made.text is not None:
                if made.text not in axis.texts:
                    return graph.int(0), graph.true
                at: Node = graph.int(axis.texts.index(made.text))
            else:
                array = builder.constant(Fixed(("axis", *axis.texts, axis.places.tobytes()), axis.places))
                code = scope.code(key)
                found = graph.node(INT, "place_of({0}, {1})", array, code)
                missing = graph.either(missing, graph.node(BOOL, "({0} < 0)", found))
                at = graph.node(INT, "max(int64(0), {0})", found)
            if len(axis.texts) > 1 or place is not graph.int(0):
                place = graph.node(INT, "({0} * {1} + {2})", place, graph.int(len(axis.texts)), at)
        return place, missing

    # brackets --------------------------------------------------------------------------------------------

    def _in_bracket(
        self, scope: Scope, table: Table, keys: Sequence[int], status: Status, at: Node | None, *, span: Span
    ) -> Made:
        position = table.bracket or 0
        fixed = [key for n, key in enumerate(keys) if n != position]
        form = scope.form(keys[position])
        grid = lcm(self.ends(table), form.scale)
        wanted = mul(const(grid // form.scale), form.above)
        if not (wanted.most <= HIGHEST and form.below.fits):
            raise NotCompiled("a look-up in a bracket by a number of more than 62 bits")
        scale = self.scale(table)
        members = table.param.type.enum.members if table.param.type.enum is not None else None
        offsets, lows, highs, values, place, missing = self.bands(
            scope, table, fixed, at, grid=grid, scale=scale, members=members, span=span
        )
        graph = scope.graph
        first = graph.node(INT, "{0}[{1}]", offsets, place)
        last = graph.node(INT, "{0}[{1} + 1]", offsets, place)
        parts = [scope.numbers.of(part, INT) for part in (wanted, form.below)]
        if form.is_whole:
            found = graph.node(INT, "holding({0}, {1}, {2}, {3}, {4})", lows, highs, first, last, parts[0])
        else:
            code = "holding_quotient({0}, {1}, {2}, {3}, {4}, {5})"
            found = graph.node(INT, code, lows, highs, first, last, *parts)
        none = graph.node(BOOL, "({0} < 0)", found)
        cell = graph.node(INT, "{0}[max(int64(0), {1})]", values, found)
        status = Status(miss=graph.either(status.miss, missing, none), bad=status.bad)
        if table.param.type.kind == "yes_no":
            return Made(status, node=graph.node(BOOL, "({0} == 1)", cell))
        return Made(status, node=cell, scale=scale, members=members)

    def widest(self, table: Table, span: Span) -> int:
        """Return the greatest number of brackets that are in force together."""
        span = span if self._builder.still else _EVER
        days = span.parts(table, self._builder.machine.term)
        combinations = product(product(*(axis.texts for axis in self._axes(table))), days)
        return max((len(brackets(table, keys, day)) for keys, day in combinations), default=0)

    @staticmethod
    def farthest(table: Table, grid: int) -> int:
        """Return the greatest size of a bound of a bracket, in steps of 1/``grid``."""
        position = table.bracket or 0
        ends = (end for row in table.rows for end in _pair(row.keys[position]) if end is not None)
        return max((int(abs(end) * grid) for end in ends), default=0)

    @staticmethod
    def ends(table: Table) -> int:
        """Return the grid of the bounds of brackets."""
        position = table.bracket or 0
        ends = [end for row in table.rows for end in _pair(row.keys[position]) if end is not None]
        return lcm(1, *(Fraction(end).denominator for end in ends))

    def bands(
        self,
        scope: Scope,
        table: Table,
        fixed: Sequence[int],
        at: Node | None,
        *,
        grid: int,
        scale: int,
        members: tuple[str, ...] | None,
        span: Span,
        width: int | None = None,
    ) -> tuple[Node, Node, Node, Node, Node, Node | None]:
        """Return the arrays of all brackets (offsets, lows, highs, values), the place of the keys, whether it misses.

        ``width``: so many brackets for each combination, filled up with empty ones.
        """
        axes = self._axes(table)
        place, missing = self._place(scope, fixed, axes)
        place = self._on_day(place, at, axes)
        all_of = Bands(
            position=self._position(table), span=span, axes=axes, grid=grid, scale=scale, members=members, width=width
        )
        names = ("offsets", "lows", "highs", "values")
        offsets, lows, highs, values = (self._builder.constant(Column(all_of, name)) for name in names)
        return offsets, lows, highs, values, place, missing

    def version(self, scope: Scope, position: int, keys: Sequence[int]) -> Node:
        """Return a number for the brackets in force for some keys: equal ones have equal numbers, none have -1."""
        table = self._builder.machine.tables[position]
        graph = scope.graph
        if table.everywhere is not None:
            return graph.int(0)
        at, span = self.span(table, scope, None)
        axes = self._axes(table)
        place, missing = self._place(scope, keys, axes)
        array = self._builder.constant(Versions(position=position, span=span, axes=axes))
        number = graph.node(INT, "{0}[{1}]", array, self._on_day(place, at, axes))
        return number if missing is None else graph.select(missing, graph.int(-1), number)

    def _axes(self, table: Table) -> tuple[Axis, ...]:
        """Return the keys without the bracket."""
        return tuple([self._axis(table, n) for n in range(len(table.param.keys)) if n != table.bracket])

    # calendars -------------------------------------------------------------------------------------------

    def working_day(self, scope: Scope, status: Status, calendar: Calendar, day: Node) -> Made:
        """Return the day itself if it is a working day, else the next one."""
        if calendar.until - calendar.start > 1 << 20 or calendar.until > LAST_DAY:
            raise NotCompiled("a calendar of too many days")
        graph = scope.graph
        array = self._builder.constant(Fixed(("working days", calendar.id), working_days(calendar)))
        span = graph.int(calendar.until - calendar.start)
        place = graph.node(INT, "min(max({0} - {1}, int64(-1)), {2})", day, graph.int(calendar.start), span)
        place = graph.node(INT, "({0} if {0} >= 0 else {1})", place, span)
        found = graph.node(INT, "{0}[{1}]", array, place)
        none = graph.node(BOOL, "({0} == {1})", found, graph.int(MISSING))
        return Made(Status(miss=graph.either(status.miss, none), bad=status.bad), node=found)


def _pair(ends: object) -> tuple[Any, Any]:
    return ends if isinstance(ends, tuple) else (None, None)
