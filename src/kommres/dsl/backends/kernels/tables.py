"""Tables as arrays: one value for each combination of keys and each span of days on which none of them changes.

What depends on keys alone is looked up before any row is read: an array of the values of a month. Brackets lie side by
side for each combination. A combination that misses is marked as such.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import lcm
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import field, frozen

from kommres.dsl.backends.grids import span_days
from kommres.dsl.backends.kernels.graph import BOOL, INT, Node, Status
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.scope import Made
from kommres.dsl.backends.tables import Miss
from kommres.dsl.plan.forms import const, mul
from kommres.dsl.problems import DataProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.kernels.builder import Builder
    from kommres.dsl.backends.kernels.scope import Scope
    from kommres.dsl.backends.tables import Table
    from kommres.dsl.bound.nodes import Calendar, Key, ParamRow

#: A look-up that misses. No value of a table comes near it.
MISSING = -(1 << 62)
#: The first day of a span of days, and the day after its last one.
Span: TypeAlias = "tuple[int, int]"
_EVER: Span = 1, 1 << 40
#: The ends of a bracket that is open.
_LOWEST, HIGHEST = -(1 << 62), 1 << 62
_MOST_CELLS = 4_000_000


@frozen(kw_only=True, eq=False)
class Axis:
    """A key of a table: texts in order, and their places by the codes of members or names."""

    texts: tuple[str, ...]
    places: Any = field(repr=False)  # array: code -> place in texts, -1 for others


class Tables:
    """The tables of a program as arrays for one month."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def still(self, position: int) -> bool:
        """Whether nothing of a table changes inside the month."""
        term = self._builder.machine.term
        return not self._builder.machine.tables[position].changes(term.start, term.end)

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
        days = self.days(table, span)
        array = self._builder.constant(
            ("table", position, scale, span), lambda: self._filled(table, axes, days, scale, members)
        )
        graph = scope.graph
        place = self._with_day(place, at, len(days))
        cell = graph.node(INT, "{0}[{1}]", array, place)
        missing = graph.either(missing, graph.node(BOOL, "({0} == {1})", cell, graph.int(MISSING)))
        found = Status(miss=graph.either(status.miss, missing), bad=status.bad)
        if type_.kind == "yes_no":
            return Made(found, node=graph.node(BOOL, "({0} == 1)", cell))
        return Made(found, node=cell, scale=scale, members=members)

    def _everywhere(self, value: object, kind: str, status: Status, members: tuple[str, ...] | None) -> Made:
        """Return the value that a run gives for all keys."""
        scale = value.denominator if isinstance(value, Fraction) else 1
        word = self._coded(value, scale, members)
        graph = self._builder.graph
        if kind == "yes_no":
            return Made(status, node=graph.true if word else graph.false)
        return Made(status, node=graph.int(word), scale=scale, members=members)

    def span(self, table: Table, scope: Scope, day: Node | None) -> tuple[Node | None, Span]:
        """Return the place of a day among the days on which the table changes, and the span in which these lie."""
        builder = self._builder
        month = builder.machine.term.start, builder.machine.term.end
        if day is None and scope.when.wide:
            return self._counted(table, scope.when.day, _EVER), _EVER
        if day is None and scope.when.past is not None:
            span = builder.window(scope.when.past)
            return self._counted(table, scope.when.day, span), span
        if day is None and scope.when.along is not None and scope.when.along.axis.yearly:
            days = span_days("year", builder.machine.term)
            return self._counted(table, scope.when.day, (days.start, days.stop)), (days.start, days.stop)
        if day is None or day is builder.start or day is builder.last:
            if not table.changes(*month):
                return None, month
            if day is None:
                day = scope.when.day
            if day is builder.start:
                # Where no other day is asked for, the text is that of a month in which nothing changes.
                return (None, (month[0], month[0] + 1)) if builder.still else (scope.graph.int(0), month)
            return self._counted(table, day, month), month
        return self._counted(table, day, _EVER), _EVER

    def _counted(self, table: Table, day: Node, span: Span) -> Node | None:
        days = self.days(table, span)[1:]
        if not days:
            return None
        key = "changes", self._builder.machine.tables.index(table), span
        array = self._builder.constant(key, lambda: np.array(days, np.int64))
        return self._builder.graph.node(INT, "in_force({0}, {1})", array, day)

    @staticmethod
    def days(table: Table, span: Span) -> list[int]:
        """Return the first days of the parts of a span in which the table is the same."""
        return [span[0], *table.changes(*span)]

    def _with_day(self, place: Node, at: Node | None, days: int) -> Node:
        if at is None:
            return place
        graph = self._builder.graph
        return graph.node(INT, "({0} * {1} + {2})", place, graph.int(days), at)

    def scale(self, table: Table) -> int:
        values = [row.value for row in (*table.rows, *table.given.values(), table.everywhere) if row is not None]
        return lcm(1, *(v.denominator for v in values if isinstance(v, Fraction)))

    def word(self, row: ParamRow, scale: int) -> int:
        """Return the value of a row in steps of 1/``scale``."""
        return self._coded(row.value, scale, None)

    def _coded(self, value: object, scale: int, members: tuple[str, ...] | None) -> int:
        match value:
            case bool():
                return int(value)
            case int() | Fraction():
                word = int(value * scale)
            case str() if members is not None:
                word = members.index(value)
            case str():
                word = self._builder.names.code(value)
            case _:
                raise NotCompiled("an absent value of a table")
        if abs(word) >= HIGHEST:
            raise NotCompiled("a value of a table of more than 62 bits")
        return word

    def _filled(
        self, table: Table, axes: Sequence[Axis], days: Sequence[int], scale: int, members: tuple[str, ...] | None
    ) -> Any:  # noqa: ANN401 - an array
        cells = [
            self._cell(table, keys, day, scale, members)
            for keys in product(*(axis.texts for axis in axes))
            for day in days
        ]
        return np.array(cells, np.int64)

    def _cell(self, table: Table, keys: tuple[str, ...], day: int, scale: int, members: tuple[str, ...] | None) -> int:
        try:
            return self._coded(table.find(keys, day).value, scale, members)
        except Miss:
            return MISSING

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
                array = builder.constant(("axis", *axis.texts, axis.places.tobytes()), lambda axis=axis: axis.places)  # type: ignore[misc]
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
        combinations = product(product(*(axis.texts for axis in self._axes(table))), self.days(table, span))
        return max((len(self.brackets(table, keys, day)) for keys, day in combinations), default=0)

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
        builder = self._builder
        axes = self._axes(table)
        place, missing = self._place(scope, fixed, axes)
        days = self.days(table, span)
        place = self._with_day(place, at, len(days))
        key = ("bands", builder.machine.tables.index(table), grid, scale, span, width)
        made: dict[str, Any] = {}

        def arrays() -> dict[str, Any]:
            if not made:
                made.update(self._filled_bands(table, axes, days, grid, scale, members, width))
            return made

        names = ("offsets", "lows", "highs", "values")
        offsets, lows, highs, values = (
            builder.constant((*key, name), lambda name=name: arrays()[name])  # type: ignore[misc]
            for name in names
        )
        return offsets, lows, highs, values, place, missing

    def _filled_bands(
        self,
        table: Table,
        axes: Sequence[Axis],
        days: Sequence[int],
        grid: int,
        scale: int,
        members: tuple[str, ...] | None,
        width: int | None,
    ) -> dict[str, Any]:
        offsets, lows, highs, values = [0], [], [], []
        open_low = _LOWEST if width is None else 0  # a volume begins at 0
        for keys in product(*(axis.texts for axis in axes)):
            for day in days:
                found = self.brackets(table, keys, day)
                for low, high, row in found:
                    lows.append(open_low if low is None else max(_LOWEST, min(int(low * grid), HIGHEST)))
                    highs.append(HIGHEST if high is None else max(_LOWEST, min(int(high * grid), HIGHEST)))
                    values.append(self._coded(row.value, scale, members))
                for place in range(len(found), width or 0):
                    lows.append(0 if place else HIGHEST)  # no bracket begins there, so nothing was found
                    highs.append(0)
                    values.append(0)
                offsets.append(len(lows))
        if not values:
            lows, highs, values = [HIGHEST], [_LOWEST], [0]
        columns = {"offsets": offsets, "lows": lows, "highs": highs, "values": values}
        return {name: np.array(column, np.int64) for name, column in columns.items()}

    @staticmethod
    def brackets(table: Table, keys: tuple[str, ...], day: int) -> Sequence[Any]:
        """Return the brackets in force; none where the look-up misses."""
        try:
            return table.brackets(keys, day)
        except DataProblem:
            return ()

    def version(self, scope: Scope, position: int, keys: Sequence[int]) -> Node:
        """Return a number for the brackets in force for some keys: equal ones have equal numbers, none have -1."""
        table = self._builder.machine.tables[position]
        graph = scope.graph
        if table.everywhere is not None:
            return graph.int(0)
        at, span = self.span(table, scope, None)
        axes = self._axes(table)
        place, missing = self._place(scope, keys, axes)
        days = self.days(table, span)

        def numbered() -> Any:  # noqa: ANN401 - an array
            known: dict[object, int] = {}
            found = []
            for texts in product(*(axis.texts for axis in axes)):
                for day in days:
                    rows = tuple([(low, high, row.value) for low, high, row in self.brackets(table, texts, day)])
                    found.append(known.setdefault(rows, len(known)) if rows else -1)
            return np.array(found or [-1], np.int64)

        array = self._builder.constant(("versions", position, span), numbered)
        number = graph.node(INT, "{0}[{1}]", array, self._with_day(place, at, len(days)))
        return number if missing is None else graph.select(missing, graph.int(-1), number)

    def _axes(self, table: Table) -> list[Axis]:
        """Return the keys without the bracket."""
        return [self._axis(table, n) for n in range(len(table.param.keys)) if n != table.bracket]

    # calendars -------------------------------------------------------------------------------------------

    def working_day(self, scope: Scope, status: Status, calendar: Calendar, day: Node) -> Made:
        """Return the day itself if it is a working day, else the next one."""
        import datetime

        from kommres.dsl.backends.functions import next_working_day

        if calendar.until - calendar.start > 1 << 20 or datetime.date.max.toordinal() < calendar.until:
            raise NotCompiled("a calendar of too many days")

        def following() -> Any:  # noqa: ANN401 - an array
            days = []
            for one in range(calendar.start, calendar.until):
                try:
                    days.append(next_working_day(one, calendar))
                except Miss:
                    days.append(MISSING)
            return np.array([*days, MISSING], np.int64)

        graph = scope.graph
        array = self._builder.constant(("working days", calendar.id), following)
        span = graph.int(calendar.until - calendar.start)
        place = graph.node(INT, "min(max({0} - {1}, int64(-1)), {2})", day, graph.int(calendar.start), span)
        place = graph.node(INT, "({0} if {0} >= 0 else {1})", place, span)
        found = graph.node(INT, "{0}[{1}]", array, place)
        none = graph.node(BOOL, "({0} == {1})", found, graph.int(MISSING))
        return Made(Status(miss=graph.either(status.miss, none), bad=status.bad), node=found)


def _pair(ends: object) -> tuple[Any, Any]:
    return ends if isinstance(ends, tuple) else (None, None)
