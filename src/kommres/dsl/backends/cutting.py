"""The days on which a definition may change: what a month or a span of days is cut at.

Cutting too often costs time and changes nothing: equal neighbours are merged afterwards.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from itertools import chain, product
from typing import TYPE_CHECKING, TypeAlias

from kommres.dsl.backends.intervals import edges
from kommres.dsl.backends.rows import InputKey, Row, Steps
from kommres.dsl.backends.zones import Zone
from kommres.dsl.bound.nodes import Event, Input

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kommres.dsl.backends.frame import Term
    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.rules.nodes import Cuts

#: What changes on a row inside the month -> the days; None: local days must be asked for.
Moves: TypeAlias = "dict[InputKey | str, tuple[int, ...] | None]"


class Movement:
    """What changes on rows inside the month of the run, found once a row."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._moves = object()
        self._steady = object()
        self._dated = {(e.entity.name, e.name) for e in machine.plan.events if e.interval != "instant"}

    def of(self, row: Row) -> Moves:
        """Return what changes on a row itself."""
        found: Moves | None = row.memo.get(self._moves)
        if found is None:
            found = row.memo[self._moves] = self._find(row)
        return found

    def _find(self, row: Row) -> Moves:
        term = self._machine.term
        found: Moves = {}
        for key, value in row.values.items():
            if value.__class__ is Steps:
                days = tuple([day for day in value.starts if day is not None and term.start < day < term.end])
                if days:
                    found[key] = days
        for name, rows in row.events.items():
            if not rows:
                continue
            if (row.entity, name) in self._dated:
                days = tuple([day for day in edges(rows, None) if term.start < day < term.end])
                if days:
                    found[name] = days
            # The local day of an instant is at most one day from the day in UTC.
            elif any(term.start - 1 < day < term.end + 1 for day in edges(rows, Zone.UTC.day)):
                found[name] = None
        return found

    def steady(self, row: Row) -> bool:
        """Whether nothing changes on a row and its ancestors inside the month."""
        found: bool | None = row.memo.get(self._steady)
        if found is None:
            found = not self.of(row) and (row.parent is None or self.steady(row.parent))
            row.memo[self._steady] = found
        return found


class Cutter:
    """Finds the days on which a definition may change, for a row and a span of days."""

    def __init__(self, machine: Machine, cuts: Cuts) -> None:
        self._machine = machine
        self._tables = [machine.table_of[param.id] for param in cuts.params]
        self._days = cuts.days
        self._own = tuple([(_keys(declared), up) for declared, up in cuts.own])
        inputs = (*((declared, 0) for declared in cuts.below), *cuts.around)
        self._below = tuple([(declared, up, ("days below", declared.id)) for declared, up in inputs])
        self._events = tuple([(event, up) for event, up in cuts.events if isinstance(event, Event)])
        events = (*((event, 0) for event in cuts.events_below), *cuts.events_around)
        self._events_below = tuple(
            [(event, up, ("days below", event.id)) for event, up in events if isinstance(event, Event)]
        )
        #: whether every day may differ
        self.daily = cuts.daily
        #: the starts that hold for every row in the month of the run
        self.fixed = self._fixed_starts(machine.term.start, machine.term.end)
        #: whether a row can add to them
        self.by_row = bool(self._own or self._below or self._events or self._events_below)
        #: whether the month is one piece for every row on which nothing changes, nor on its ancestors
        self.calm = not self.daily and len(self.fixed) == 1 and not (self._below or self._events_below)
        #: what it reads of the own row and of each ancestor: keys of inputs and names of events
        self._names = tuple(
            [
                (
                    up,
                    frozenset(
                        [*chain(*(k for k, u in self._own if u == up)), *(e.name for e, u in self._events if u == up)]
                    ),
                )
                for up in sorted({up for _, up in (*self._own, *self._events)})
            ]
        )
        alike = (self._own, self._below, self._events, self._events_below, self.fixed, self.daily)
        #: the first cutter that cuts the month alike: what it found for a row holds for this one
        self.month = machine.cutters.setdefault(alike, self)

    @cached_property
    def even(self) -> bool:
        """Whether the starts that hold for every row are one in every month."""
        inside = any(table.inside_months for table in self._tables)
        return not inside and all(date.fromordinal(day).day == 1 for day in self._days)

    def _fixed_starts(self, start: int, end: int, more: tuple[int, ...] = ()) -> tuple[int, ...]:
        days = {day for table in self._tables for day in table.changes(start, end)}
        days.update(day for day in (*self._days, *more) if start < day < end)
        return (start, *sorted(days))

    def in_month(self, row: Row) -> Sequence[int]:
        """Return the first days of the elementary pieces of the month of the run, found once a row."""
        found: Sequence[int] | None = row.memo.get(self)
        if found is None:
            found = row.memo[self] = self._in_month(row)
        return found

    def _in_month(self, row: Row) -> Sequence[int]:
        term, moves = self._machine.term, self._machine.movement.of
        if self.daily:
            return range(term.start, term.end)
        found: set[int] = set()
        for up, names in self._names:
            at = _above(row, up)
            if at is not None:
                for name, days in moves(at).items():
                    if name in names:
                        found.update(self._local_days(at, str(name)) if days is None else days)
        if self._below or self._events_below:
            found |= self._changes_below(row)
        return self._sorted(self.fixed, found, term.start, term.end)

    def starts(self, row: Row, start: int, end: int, term: Term) -> Sequence[int]:
        """Return the first days of the elementary pieces of ``start .. end``; the first of them is ``start``."""
        month = self._machine.term
        if (start, end) == (month.start, month.end):
            return self.month.in_month(row)
        if self.daily:
            return range(start, end)
        inside = month.start <= start and end <= month.end
        fixed = self._fixed_starts(start, end, () if inside else (month.start, month.end))
        if not self.by_row or (inside and self.calm and self._machine.movement.steady(row)):
            return fixed
        found: set[int] = set()
        if term is month:  # in a past month an input has one value
            for keys, up in self._own:
                at = _above(row, up)
                if at is not None:
                    _steps_of(at, keys, found)
        for event, up in self._events:
            at = _above(row, up)
            if at is not None:
                found.update(edges(at.events.get(event.name, ()), self._day_of(event, at)))
        found.update(self._changes_below(row))
        return self._sorted(fixed, found, start, end)

    def first_day(self, row: Row, day: int, term: Term) -> int:
        """Return the first day of the piece of a past month that holds a day; outside the month the day itself."""
        if not term.start <= day < term.end:
            return day
        return max(first for first in self.starts(row, term.start, term.end, term) if first <= day)

    def _local_days(self, row: Row, name: str) -> set[int]:
        return edges(row.events[name], self._machine.zone(row).day)

    @staticmethod
    def _sorted(fixed: tuple[int, ...], found: set[int], start: int, end: int) -> Sequence[int]:
        if not found:
            return fixed
        inside = {day for day in found if start < day < end}
        return tuple(sorted({*fixed, *inside})) if inside else fixed

    def _day_of(self, event: Event, row: Row) -> Callable[[int], int] | None:
        return None if event.interval == "date" else self._machine.zone(row).day

    def _changes_below(self, row: Row) -> set[int]:
        """Return all days on which something changes on rows below, found once for each row above."""
        found: set[int] = set()
        for declared, up, key in self._below:
            base = _above(row, up)
            if base is not None:
                found |= self._remembered(base, key, declared, self._input_days)
        for event, up, key in self._events_below:
            base = _above(row, up)
            if base is not None:
                found |= self._remembered(base, key, event, self._event_days)
        return found

    @staticmethod
    def _remembered(
        base: Row, key: tuple[str, str], declared: Input | Event, find: Callable[..., set[int]]
    ) -> set[int]:
        days: set[int] | None = base.memo.get(key)
        if days is None:
            days = base.memo[key] = find(base.descendants(declared.entity.name), declared)
        return days

    @staticmethod
    def _input_days(rows: list[Row], declared: Input) -> set[int]:
        found: set[int] = set()
        for row in rows:
            _steps_of(row, _keys(declared), found)
        return found

    def _event_days(self, rows: list[Row], event: Event) -> set[int]:
        return set().union(*(edges(row.events.get(event.name, ()), self._day_of(event, row)) for row in rows))


def _keys(declared: Input) -> tuple[InputKey, ...]:
    return tuple([(declared.name, members) for members in product(*(enum.members for enum in declared.keys))])


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
