"""Step functions over days: where they change, sums over slices, means over days, values at the edges of a period."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

from kommres.dsl.backends.arithmetic import quotient
from kommres.dsl.backends.closures import Compiler, Scope, absent, payload
from kommres.dsl.backends.intervals import edges
from kommres.dsl.backends.rows import InputKey, Row, Steps
from kommres.dsl.backends.zones import Zone
from kommres.dsl.bound.nodes import Event, Input
from kommres.dsl.plan.nodes import Op, Step
from kommres.dsl.problems import DataProblem
from kommres.period import month_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.dsl.backends.frame import Datum, Evaluate, Frame, Number, Term
    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.rules.nodes import Cuts


class Cutter:
    """Finds the days on which a definition may change, for a row and a span of days.

    Cutting too often costs time and changes nothing: equal neighbours are merged afterwards.
    """

    def __init__(self, machine: Machine, cuts: Cuts) -> None:
        self._machine = machine
        self._tables = [table for table in machine.tables if table.param in cuts.params]
        self._days = cuts.days
        self._daily = cuts.daily
        self._own = [(_keys(declared), up) for declared, up in cuts.own]
        self._below = [(declared, 0) for declared in cuts.below] + list(cuts.around)
        self._events = [(event, up) for event, up in cuts.events if isinstance(event, Event)]
        events_below = [(event, 0) for event in cuts.events_below] + list(cuts.events_around)
        self._events_below = [(event, up) for event, up in events_below if isinstance(event, Event)]
        self._by_row = bool(self._own or self._below or self._events or self._events_below)
        #: whether only the row and its ancestors can cut
        self._near = not (self._below or self._events_below)
        self._steady: bool | None = None
        self._fixed: dict[tuple[int, int], tuple[int, ...]] = {}

    def whole(self, row: Row) -> bool:
        """Whether the month of the run is one piece for a row; False where that takes a closer look."""
        if self._steady is None:
            term = self._machine.term
            self._steady = not self._daily and len(self._fixed_starts(term.start, term.end)) == 1
        return self._steady and (not self._by_row or (self._near and not _changing(self._machine, row)))

    def _fixed_starts(self, start: int, end: int) -> tuple[int, ...]:
        """Return the starts that hold for every row."""
        fixed = self._fixed.get((start, end))
        if fixed is None:
            days = {day for table in self._tables for day in table.changes(start, end)}
            days.update(day for day in self._days if start < day < end)
            fixed = (start, *sorted(days))
            if len(self._fixed) < 1000:  # spans may come from data
                self._fixed[start, end] = fixed
        return fixed

    def starts(self, row: Row, start: int, end: int, term: Term) -> Sequence[int]:
        """Return the first days of the elementary pieces of ``start .. end``; the first of them is ``start``."""
        if self._daily:
            return range(start, end)
        fixed = self._fixed_starts(start, end)
        month = self._machine.term
        inside = month.start <= start and end <= month.end
        if not self._by_row or (inside and self._near and not _changing(self._machine, row)):
            return fixed
        found: set[int] = set()
        if term is self._machine.term:  # in a past month an input has one value
            for keys, up in self._own:
                at = _above(row, up)
                if at is not None:
                    _steps_of(at, keys, found)
            for declared, up in self._below:
                found.update(_changes_below(_above(row, up), declared))
        for event, up in self._events:
            at = _above(row, up)
            if at is not None:
                found.update(edges(at.events.get(event.name, ()), self._day_of(event, at)))
        for event, up in self._events_below:
            found.update(self._edges_below(_above(row, up), event))
        found = {day for day in found if start < day < end}
        return sorted({*fixed, *found}) if found else fixed

    def _day_of(self, event: Event, row: Row) -> Datum:
        return None if event.interval == "date" else self._machine.zone(row).day

    def _edges_below(self, base: Row | None, event: Event) -> frozenset[int]:
        if base is None:
            return frozenset()
        key = ("edges", event.id)
        found = base.memo.get(key)
        if found is None:
            rows = base.descendants(event.entity.name)
            found = frozenset().union(*(edges(r.events.get(event.name, ()), self._day_of(event, r)) for r in rows))
            base.memo[key] = found
        return found


def _changing(machine: Machine, row: Row) -> bool:
    """Whether a value or an event of the row or of an ancestor may change something inside the month of the run."""
    term = machine.term
    found = row.memo.get(term)
    if found is None:
        days = {
            day for value in row.values.values() if isinstance(value, Steps) for day in value.starts if day is not None
        }
        for name, rows in row.events.items():
            if rows:
                found_days = edges(rows, None if machine.dated_event(row.entity, name) else Zone.UTC.day)
                # The local day of an instant is at most one day from the day in UTC.
                days |= {day + shift for day in found_days for shift in (-1, 0, 1)}
        found = any(term.start < day < term.end for day in days)
        found = found or (row.parent is not None and _changing(machine, row.parent))
        row.memo[term] = found
    return bool(found)


def _keys(declared: Input) -> tuple[InputKey, ...]:
    return tuple((declared.name, members) for members in product(*(enum.members for enum in declared.keys)))


def _above(row: Row, up: int) -> Row | None:
    at: Row | None = row
    for _ in range(up):
        at = at.parent if at is not None else None
    return at


def _steps_of(row: Row, keys: tuple[InputKey, ...], found: set[int]) -> None:
    for key in keys:
        value = row.values.get(key)
        if isinstance(value, Steps):
            found.update(day for day in value.starts if day is not None)


def _changes_below(base: Row | None, declared: Input) -> frozenset[int]:
    if base is None:
        return frozenset()
    key = ("changes", declared.id)
    found = base.memo.get(key)
    if found is None:
        days: set[int] = set()
        for row in base.descendants(declared.entity.name):
            _steps_of(row, _keys(declared), days)
        found = base.memo[key] = frozenset(days)
    return found


def months_between(start: int, end: int, term: Term) -> Number:
    """Return the length in months: days over the days of the month that they lie in, month by month."""
    if start >= term.start and end <= term.end:
        return 1 if end - start == term.days else Fraction(end - start, term.days)
    total = Fraction(0)
    while start < end:
        month = month_of(start)
        until = min(end, month.end)
        total += Fraction(until - start, month.days)
        start = until
    return total


def _slice(_scope: Scope, step: Step) -> Evaluate:
    match step.data:
        case "months":
            return lambda f: months_between(f.start, f.end, f.term)
        case "days":
            return lambda f: f.end - f.start
        case "start":
            return lambda f: f.start
    return lambda f: f.end


def _edge(scope: Scope, step: Step) -> Evaluate:
    (value,) = scope.args(step)
    last = step.data == "end"

    def at_edge(f: Frame) -> Datum:
        day = f.day
        f.day = f.term.end - 1 if last else f.term.start
        try:
            return value(f)
        finally:
            f.day = day

    return at_edge


def _pieces(scope: Scope, f: Frame, start: int, end: int) -> Sequence[int]:
    if scope.cutter is None or f.term is not f.base:
        return range(start, end)  # what is read of past months is not among the cuts
    term = scope.machine.term
    if f.term is term and start == term.start and end == term.end and scope.cutter.whole(f.rows[0]):
        return (start,)
    return scope.cutter.starts(f.rows[0], start, end, f.term)


def _mean_days(scope: Scope, step: Step) -> Evaluate:
    value = scope.args(step)[0]
    hook, definition, place = scope.hook, scope.definition, scope.number

    def mean(f: Frame) -> Datum:
        start, end = f.term.start, f.term.end
        starts = _pieces(scope, f, start, end)
        saved = f.day, f.start, f.end
        total: Number = 0
        try:
            if len(starts) == 1 and hook is None:
                f.day, f.start, f.end = start, start, end
                x = value(f)
                return absent(step) if x is None else x
            for first, last in zip(starts, [*starts[1:], end], strict=True):
                f.day, f.start, f.end = first, first, last
                if hook is not None and definition is not None:
                    hook.slice(definition, place, f)
                x = value(f)
                if x is None:
                    absent(step)
                total += x * (last - first)
        finally:
            f.day, f.start, f.end = saved
        return quotient(total, end - start)

    return mean


class _Failed:
    """A name that cannot be evaluated on a day: equal to the same failure, raised only by what uses it."""

    __slots__ = ("facts",)

    def __init__(self, problem: DataProblem) -> None:
        self.facts = (problem.code, problem.message, problem.row, problem.field)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Failed) and self.facts == other.facts

    def __hash__(self) -> int:
        return hash(self.facts)


def _attempt(name: Evaluate, f: Frame) -> object:
    try:
        return name(f)
    except DataProblem as problem:
        return _Failed(problem)


def _over_slices(scope: Scope, step: Step) -> Evaluate:
    has_span, _ = payload(step)
    value, *rest = scope.args(step)
    span, names = (rest[:2], rest[2:]) if has_span else ([], rest)
    hook, definition, place = scope.hook, scope.definition, scope.number

    def one(f: Frame, start: int, end: int) -> Datum:
        f.day, f.start, f.end = start, start, end
        if hook is not None and definition is not None:
            hook.slice(definition, place, f)
        x = value(f)
        return absent(step) if x is None else x

    def merged(f: Frame, starts: Sequence[int], end: int) -> list[int]:
        """Return the starts of the slices: pieces on which no name changes are joined."""
        kept: list[int] = []
        last: list[object] | None = None
        for first, after in zip(starts, [*starts[1:], end], strict=True):
            f.day, f.start, f.end = first, first, after
            values = [_attempt(name, f) for name in names]
            if values != last:
                kept.append(first)
                last = values
        return kept

    def summed(f: Frame) -> Datum:
        start, end = [edge(f) for edge in span] or (f.term.start, f.term.end)
        if start is None or end is None:
            absent(step)
        if end <= start:
            return 0
        starts = _pieces(scope, f, start, end)
        saved = f.day, f.start, f.end
        try:
            if len(starts) == 1:
                return one(f, start, end)
            total: Number = 0
            slices = merged(f, starts, end)
            for first, last in zip(slices, [*slices[1:], end], strict=True):
                total += one(f, first, last)
            return total
        finally:
            f.day, f.start, f.end = saved

    return summed


SLICING: dict[Op, Compiler] = {
    Op.SLICE: _slice,
    Op.EDGE: _edge,
    Op.MEAN_DAYS: _mean_days,
    Op.OVER_SLICES: _over_slices,
}
