"""What depends on time alone, as arrays for kernels: which intervals there are, prices, zones, kinds of days.

All of it is found once for each time zone of a run, by the interpreter: its functions of an interval or a day are the
meaning, and a few thousand calls cost less than a kernel. An array has a row for each time zone.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from attrs import define, field, frozen

from kommres.dsl.backends.grids import first_days, intervals_of, span_days
from kommres.dsl.backends.kernels.batch import Coding
from kommres.dsl.backends.machine import TIME_ZONE
from kommres.dsl.backends.rows import Row
from kommres.dsl.backends.tables import Miss
from kommres.dsl.backends.zones import Zone
from kommres.dsl.bound.nodes import Grid
from kommres.dsl.problems import DataProblem
from kommres.period import Month

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kommres.dsl.backends.grids import Intervals
    from kommres.dsl.backends.kernels.batch import Batch, Layout, Names
    from kommres.dsl.backends.machine import Machine

#: Names an array: what it is, and of what.
Key: TypeAlias = "tuple[Any, ...]"
#: row, what the axis holds, its grid, the day -> a value
AtPlace: TypeAlias = Callable[[Row, int, "Intervals | None", int], Any]


@frozen
class Axis:
    """Along what values are: the ``intervals`` of a grid, the ``days`` or ``months`` of a span, or ``once``."""

    kind: str
    grid: Grid | None = None
    over: str = "month"

    @property
    def yearly(self) -> bool:
        """Whether it leaves the month of the run."""
        return self.over == "year"


@frozen(eq=False)
class Vector:
    """Values along an axis; what is no value has codes below those of values.

    ``entity``: whose definition is computed. ``optional``: there may be no value.
    """

    axis: Axis
    coding: Coding
    entity: str
    value: AtPlace
    optional: bool

    @property
    def missed(self) -> int:
        """The code of a look-up that misses."""
        return self.coding.low - 2

    @property
    def bad(self) -> int:
        """The code of what no kernel can use."""
        return self.coding.low - 3

    @property
    def dtype(self) -> np.dtype[np.signedinteger]:
        """The narrowest type that holds all codes."""
        return Coding(kind="", low=self.coding.low - 1, high=self.coding.high).dtype


@frozen
class Flag:
    """Whether a vector has a code."""

    vector: Key
    code: int


@define(eq=False)
class _Local:
    """A time zone, and a row of each entity in it. None: no time zone, in which there is nothing."""

    zone: Zone | None
    rows: dict[str, Row] = field(factory=dict)


#: The numbers of no time zone, and of UTC.
NOWHERE: Final = 0
UTC: Final = 1


class Hours:
    """The arrays of a run for all time zones seen so far. Safe for several threads.

    Parameters
    ----------
    machine
        Tables as known, options as chosen, the month.
    layout
        How time zones are coded.
    names
        Codes of texts.
    """

    def __init__(self, machine: Machine, layout: Layout, names: Names) -> None:
        self._machine = machine
        self._layout = layout
        self._names = names
        self._month = Month(machine.term.number)
        self._lock = RLock()
        self._numbers: dict[str, int] = {"UTC": UTC}
        self._zones: list[_Local] = [_Local(None), _Local(Zone.UTC)]
        self._vectors: dict[Key, Vector] = {}
        self._arrays: dict[Key, NDArray[Any]] = {}

    # time zones ------------------------------------------------------------------------------------------

    def number(self, name: str) -> int:
        """Return the number of a time zone; :data:`NOWHERE` where there is none of this name."""
        with self._lock:
            found = self._numbers.get(name)
            if found is None:
                try:
                    zone = Zone.named(name)
                except ValueError:
                    found = NOWHERE
                else:
                    found = len(self._zones)
                    self._zones.append(_Local(zone))
                self._numbers[name] = found
            return found

    def numbers(self, batch: Batch, root: str) -> NDArray[np.int64]:
        """Return the numbers of the time zones of the rows of a root entity."""
        table = batch.tables.get(root)
        column = None if table is None else table.columns.get(TIME_ZONE)
        if table is None or column is None:
            return np.full(0 if table is None else table.count, UTC, np.int64)
        coding = self._layout.inputs[root][TIME_ZONE]
        if coding.kind != "id" or (root, TIME_ZONE) in self._layout.varying:
            return np.full(table.count, NOWHERE, np.int64)
        codes, places = np.unique(column.values, return_inverse=True)
        return np.array([self._of_code(int(code), coding) for code in codes], np.int64)[places]

    def _of_code(self, code: int, coding: Coding) -> int:
        if coding.optional and code == coding.absent:
            return UTC
        return self.number(self._names.texts[code]) if 0 <= code < len(self._names.texts) else NOWHERE

    # arrays ----------------------------------------------------------------------------------------------

    def vector(self, key: Key, make: Callable[[str], Vector]) -> Vector:
        """Return a vector that was asked for before, or make it; ``make`` gets a name of its own."""
        with self._lock:
            if key not in self._vectors:
                self._vectors[key] = make(f"vector{len(self._vectors)}")
            return self._vectors[key]

    def array(self, key: Key) -> NDArray[Any]:
        """Return an array for all time zones seen so far."""
        with self._lock:
            found = self._arrays.get(key)
            if found is None or len(found) < len(self._zones):
                known = 0 if found is None else len(found)
                rows = [self._row(key, local) for local in self._zones[known:]]
                found = self._arrays[key] = _stacked(key, found, rows)
            return found

    def _row(self, key: Key, local: _Local) -> NDArray[Any]:
        match key:
            case ("count", grid):
                intervals = self._intervals(grid, local)
                return np.array([0 if intervals is None else intervals.count], np.int64)
            case ("sound", grid):
                return np.array([self._intervals(grid, local) is not None], np.int64)
            case ("first", grid):
                intervals = self._intervals(grid, local)
                return np.array([0 if intervals is None else intervals.first], np.int64)
            case ("starts", grid):
                intervals = self._intervals(grid, local)
                days = len(span_days(grid.over, self._machine.term))
                return np.array([0] * (days + 1) if intervals is None else intervals.of_day, np.int64)
            case ("days", grid):
                intervals = self._intervals(grid, local)
                return np.array([] if intervals is None else intervals.days, np.int32)
            case ("window", grid, start, end):
                intervals = self._intervals(grid, local)
                inside = np.zeros(0 if intervals is None else intervals.count, np.int8)
                if intervals is not None:
                    inside[list(intervals.daily(intervals.all, start, end))] = 1
                return inside
            case ("before", flags, any_of):
                return self._before(flags, any_of, local)
        return self._computed(self._vectors[key], local)

    def _intervals(self, grid: Grid, local: _Local) -> Intervals | None:
        try:
            return None if local.zone is None else intervals_of(grid, self._month, local.zone)
        except DataProblem:
            return None

    def _before(self, flags: frozenset[Flag], any_of: frozenset[Flag], local: _Local) -> NDArray[np.int32]:
        """Return how many places before each one have all of some flags and one of others."""
        number = self._zones.index(local)

        def holds(flag: Flag) -> NDArray[np.bool_]:
            found: NDArray[np.bool_] = self.array(flag.vector)[number] == flag.code
            return found

        held = [holds(flag) for flag in flags]
        if any_of:
            held.append(np.logical_or.reduce([holds(flag) for flag in any_of]))
        return np.concatenate([[0], np.cumsum(np.logical_and.reduce(held))]).astype(np.int32)

    # values ----------------------------------------------------------------------------------------------

    def places(self, axis: Axis, local: _Local) -> list[tuple[int, Intervals | None, int]]:
        """Return what stands along an axis in a time zone: what its slot holds, the grid, the current day."""
        term = self._machine.term
        if axis.kind == "intervals" and axis.grid is not None:
            intervals = self._intervals(axis.grid, local)
            return [] if intervals is None else [(at, intervals, intervals.days[at]) for at in intervals.all]
        if axis.kind == "once":
            return [(0, None, term.start)]
        days = span_days(axis.over, term) if axis.kind == "days" else first_days(axis.over, term)
        return [(day, None, day) for day in days]

    def _computed(self, vector: Vector, local: _Local) -> NDArray[Any]:
        if local.zone is None:
            return np.full(len(self.places(vector.axis, local)), vector.bad, vector.dtype)
        row = self._row_of(vector.entity, local)
        codes = [self._code(vector, row, at) for at in self.places(vector.axis, local)]
        # What rules remember is of use inside one vector: no row of data is charged here.
        while row.parent is not None:
            row.memo.clear()
            row = row.parent
        row.memo.clear()
        return np.array(codes, vector.dtype)

    def _row_of(self, entity: str, local: _Local) -> Row:
        """Return a row of an entity that has nothing but its time zone."""
        found = local.rows.get(entity)
        if found is None:
            declared = next(e for e in self._machine.plan.program.entities if e.name == entity)
            if declared.parent is None:
                found = Row(entity, "", values={TIME_ZONE: str(local.zone)})
            else:
                found = Row(entity, "", parent=self._row_of(declared.parent.name, local))
            local.rows[entity] = found
        return found

    def _code(self, vector: Vector, row: Row, at: tuple[int, Intervals | None, int]) -> int:
        coding = vector.coding
        try:
            value = vector.value(row, *at)
        except Miss:
            return vector.missed
        except (DataProblem, ArithmeticError, ValueError, TypeError):
            return vector.bad
        match value:
            case None:
                return coding.absent
            case bool():
                code = int(value)
            case str() if coding.kind == "id":
                code = self._names.code(value)
            case str():
                code = coding.members.index(value) if value in coding.members else vector.bad
            case int() | Fraction():
                steps = value * coding.scale
                code = steps.numerator if steps.denominator == 1 else vector.bad
            case _:
                return vector.bad
        return code if coding.low <= code <= coding.high else vector.bad


#: What fills rows that are shorter than others, by the first part of a key. Nobody reads it.
_BEYOND: Final = 0


def _stacked(key: Key, known: NDArray[Any] | None, rows: list[NDArray[Any]]) -> NDArray[Any]:
    """Return rows one below the other, short ones filled up; single numbers as one column."""
    found = [*([] if known is None else list(known)), *rows]
    if key[0] in {"count", "sound", "first"}:
        return np.array([np.atleast_1d(row)[0] for row in found], np.int64)
    width = max(len(row) for row in found)
    # Numbers of places go on as they ended, so that a difference stays what it is.
    return np.array(
        [np.pad(row, (0, width - len(row)), mode="edge" if len(row) else "constant") for row in found],
        rows[0].dtype,
    )
