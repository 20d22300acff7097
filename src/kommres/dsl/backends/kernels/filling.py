"""Arrays of tables and days that kernels read: what they hold in a month, found anew for each month.

Nothing in the text of a kernel for changing rows depends on the month: what does is here, or an argument.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import numpy as np
from attrs import field, frozen

from kommres.dsl.backends.grids import span_days
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.tables import Miss
from kommres.dsl.problems import DataProblem
from kommres.period import Month

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from kommres.dsl.backends.frame import Term
    from kommres.dsl.backends.kernels.batch import Names
    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.backends.tables import Table
    from kommres.dsl.bound.nodes import Calendar

#: A look-up that misses. No value of a table comes near it.
MISSING: Final = -(1 << 62)
#: The ends of a bracket that is open.
LOWEST, HIGHEST = -(1 << 62), 1 << 62
_LAST: Final = 1 << 40

#: Columns of brackets by name.
_Columns: TypeAlias = "dict[str, NDArray[np.int64]]"


class Recipe(Protocol):
    """Finds an array for the month of a machine. Equal recipes find equal arrays."""

    def __call__(self, machine: Machine, names: Names) -> NDArray[np.int64]:
        """Return the array. Raises :class:`NotCompiled` for a value that no kernel can hold."""


@frozen
class Span:
    """Days that a table is laid out for: the ``month`` of the run, its ``year``, the months up to ``back`` before it
    with itself (``past``), or all there are (``ever``).
    """

    kind: str
    back: int = 0

    def of(self, term: Term) -> tuple[int, int]:
        """Return the first day, and the day after the last one."""
        match self.kind:
            case "month":
                return term.start, term.end
            case "year":
                days = span_days("year", term)
                return days.start, days.stop
            case "past":
                return Month(max(term.number - self.back, 12)).start, term.end  # 12: January of the year 1
        return 1, _LAST

    def parts(self, table: Table, term: Term) -> list[int]:
        """Return the first days of its parts in which a table is the same."""
        first, end = self.of(term)
        return [first, *table.changes(first, end)]


@frozen
class Axis:
    """A key of a table: texts in order, and their places by the codes of members or names."""

    texts: tuple[str, ...]
    places: Any = field(repr=False, eq=False)  # array: code -> place in texts, -1 for others


def coded(value: object, scale: int, members: tuple[str, ...] | None, names: Names) -> int:
    """Return a value of a table in steps of 1/``scale``, a member by its number, a text by its code."""
    match value:
        case bool():
            return int(value)
        case int() | Fraction():
            word = int(value * scale)
        case str() if members is not None:
            word = members.index(value)
        case str():
            word = names.code(value)
        case _:
            raise NotCompiled("an absent value of a table")
    if abs(word) >= HIGHEST:
        raise NotCompiled("a value of a table of more than 62 bits")
    return word


def brackets(table: Table, keys: tuple[str, ...], day: int) -> Sequence[Any]:
    """Return the brackets in force; none where the look-up misses."""
    try:
        return table.brackets(keys, day)
    except DataProblem:
        return ()


@frozen(kw_only=True)
class _OfTable:
    """What a table holds, part by part of a span, and in each for all combinations of keys."""

    position: int
    span: Span
    axes: tuple[Axis, ...] = ()

    def cells(self, machine: Machine) -> Iterator[tuple[Table, int, tuple[str, ...]]]:
        """Yield the table with a day and a combination of keys, in the order of cells."""
        table = machine.tables[self.position]
        for day in self.span.parts(table, machine.term):
            for keys in product(*(axis.texts for axis in self.axes)):
                yield table, day, keys


@frozen(kw_only=True)
class Values(_OfTable):
    """The values of a table."""

    scale: int
    members: tuple[str, ...] | None

    def __call__(self, machine: Machine, names: Names) -> NDArray[np.int64]:
        """Return a value for each cell."""
        return np.array([self._value(*cell, names) for cell in self.cells(machine)], np.int64)

    def _value(self, table: Table, day: int, keys: tuple[str, ...], names: Names) -> int:
        try:
            return coded(table.find(keys, day).value, self.scale, self.members, names)
        except Miss:
            return MISSING


@frozen(kw_only=True)
class Parts(_OfTable):
    """The first days of the parts of a span but the first one."""

    def __call__(self, machine: Machine, names: Names) -> NDArray[np.int64]:
        """Return days in ascending order."""
        del names
        return np.array(self.span.parts(machine.tables[self.position], machine.term)[1:], np.int64)


@frozen(kw_only=True)
class Versions(_OfTable):
    """Numbers for the brackets in force: equal ones have equal numbers, none have -1."""

    def __call__(self, machine: Machine, names: Names) -> NDArray[np.int64]:
        """Return a number for each cell."""
        del names
        known: dict[object, int] = {}
        found = []
        for table, day, keys in self.cells(machine):
            rows = tuple([(low, high, row.value) for low, high, row in brackets(table, keys, day)])
            found.append(known.setdefault(rows, len(known)) if rows else -1)
        return np.array(found or [-1], np.int64)


@frozen(kw_only=True)
class Bands(_OfTable):
    """All brackets of a table side by side: ``offsets`` of each cell in ``lows``, ``highs`` and ``values``.

    ``width``: so many brackets for each cell, filled up with empty ones.
    """

    grid: int
    scale: int
    members: tuple[str, ...] | None
    width: int | None

    def columns(self, machine: Machine, names: Names) -> _Columns:
        """Return the four arrays by name."""
        offsets, lows, highs, values = [0], [], [], []
        open_low = LOWEST if self.width is None else 0  # a volume begins at 0
        for table, day, keys in self.cells(machine):
            found = brackets(table, keys, day)
            for low, high, row in found:
                lows.append(open_low if low is None else max(LOWEST, min(int(low * self.grid), HIGHEST)))
                highs.append(HIGHEST if high is None else max(LOWEST, min(int(high * self.grid), HIGHEST)))
                values.append(coded(row.value, self.scale, self.members, names))
            for place in range(len(found), self.width or 0):
                lows.append(0 if place else HIGHEST)  # no bracket begins there, so nothing was found
                highs.append(0)
                values.append(0)
            offsets.append(len(lows))
        if not values:
            lows, highs, values = [HIGHEST], [LOWEST], [0]
        columns = {"offsets": offsets, "lows": lows, "highs": highs, "values": values}
        return {name: np.array(column, np.int64) for name, column in columns.items()}


@frozen
class Column:
    """One of the arrays of brackets."""

    of: Bands
    name: str

    def __call__(self, machine: Machine, names: Names) -> NDArray[np.int64]:
        """Return the array."""
        return self.of.columns(machine, names)[self.name]


@frozen
class Days:
    """Days of a span on which some tables change or that lie there, in ascending order.

    ``edges``: those of the month itself too.
    """

    span: Span
    tables: tuple[int, ...]
    days: tuple[int, ...] = ()
    edges: bool = False

    def __call__(self, machine: Machine, names: Names) -> NDArray[np.int64]:
        """Return the days but the first one of the span."""
        del names
        first, end = self.span.of(machine.term)
        found = {day for day in self.days if first < day < end}
        found.update(day for place in self.tables for day in machine.tables[place].changes(first, end))
        if self.edges:
            found |= {machine.term.start, machine.term.end}
        return np.array(sorted(found), np.int64)


@frozen
class Fixed:
    """An array that is the same in all months."""

    key: tuple[object, ...]
    array: Any = field(repr=False, eq=False)

    def __call__(self, machine: Machine, names: Names) -> NDArray[np.int64]:
        """Return the array."""
        del machine, names
        found: NDArray[np.int64] = self.array
        return found


def working_days(calendar: Calendar) -> NDArray[np.int64]:
    """Return the next working day of each day of a calendar, and :data:`MISSING` behind them."""
    from kommres.dsl.backends.functions import next_working_day

    days = []
    for one in range(calendar.start, calendar.until):
        try:
            days.append(next_working_day(one, calendar))
        except Miss:
            days.append(MISSING)
    return np.array([*days, MISSING], np.int64)


class Filler:
    """Finds arrays for the month of a machine, each of them once."""

    def __init__(self, machine: Machine, names: Names) -> None:
        self._machine = machine
        self._names = names
        self._arrays: dict[Recipe, NDArray[np.int64]] = {}
        self._bands: dict[Bands, _Columns] = {}

    def array(self, recipe: Recipe) -> NDArray[np.int64]:
        """Return an array. Raises :class:`NotCompiled` for a value that no kernel can hold."""
        found = self._arrays.get(recipe)
        if found is None:
            found = self._arrays[recipe] = self._found(recipe)
        return found

    def _found(self, recipe: Recipe) -> NDArray[np.int64]:
        if not isinstance(recipe, Column):
            return recipe(self._machine, self._names)
        if recipe.of not in self._bands:
            self._bands[recipe.of] = recipe.of.columns(self._machine, self._names)
        return self._bands[recipe.of][recipe.name]
