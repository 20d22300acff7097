"""Where a definition may change inside the month, for one row: fixed days, changes of inputs, edges of intervals."""

from __future__ import annotations

from itertools import product
from math import ceil, floor
from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import define, field

from kommres.dsl.backends.kernels.filling import Days, Fixed, Span
from kommres.dsl.backends.kernels.graph import BOOL, INT, Node
from kommres.dsl.backends.kernels.moments import Moments
from kommres.dsl.backends.kernels.movers import Movers
from kommres.dsl.backends.kernels.needs import needed
from kommres.dsl.backends.kernels.numbers import NotCompiled
from kommres.dsl.backends.kernels.zoning import BEFORE
from kommres.dsl.bound.nodes import Event, Input
from kommres.dsl.plan.nodes import Op
from kommres.dsl.plan.payload import payload

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kommres.dsl.backends.kernels.builder import Builder  # noqa: TC004 - only in annotations
    from kommres.dsl.backends.kernels.scope import RowAt, Scope, Term
    from kommres.dsl.backends.tables import Table
    from kommres.dsl.plan.nodes import DefinitionPlan
    from kommres.dsl.rules.nodes import Cuts

#: days of a month at most
_LONGEST: Final = 31


@define(eq=False)
class Pieces:
    """``after`` gives the end of the piece that begins on a day. ``bad``: whether the pieces are not a kernel's.

    ``dated``: arrays of numbers of days after a day, on which something may change whatever the row.
    """

    builder: Builder
    daily: bool = False
    changes: list[tuple[Node, Node, Node, Node]] = field(factory=list)  # offsets, days, first row, row after the last
    intervals: list[_Edges] = field(factory=list)
    dated: list[tuple[Node, Node]] = field(factory=list)  # days after one, that one
    bad: Node | None = None

    def add(self, other: Pieces) -> None:
        """Cut where another definition cuts, too."""
        self.daily |= other.daily
        self.changes += [change for change in other.changes if change not in self.changes]
        self.intervals += [edges for edges in other.intervals if edges not in self.intervals]
        self.dated += [days for days in other.dated if days not in self.dated]

    @property
    def cut(self) -> bool:
        """Whether there may be more than one."""
        return bool(self.daily or self.dated or self.changes or self.intervals)

    def after(self, day: Node, end: Node) -> Node:
        """Return the first day after a day on which something may change, ``end`` at the latest."""
        graph = self.builder.graph
        if self.daily:
            return graph.node(INT, "min({0} + 1, {1})", day, end)
        for days, base in self.dated:
            end = graph.node(INT, "next_day({0}, {1}, {2}, {3})", days, base, day, end)
        for offsets, days, first, last in self.changes:
            end = graph.node(INT, "next_change({0}, {1}, {2}, {3}, {4}, {5})", offsets, days, first, last, day, end)
        for edges in self.intervals:
            end = edges.after(day, end)
        return end


class _Edges:
    """Beginnings and ends of the intervals of an event, of which the rows belong to a row or to rows below it."""

    def __init__(self, builder: Builder, row: RowAt, event: Event) -> None:
        entity = event.entity.name
        self._builder = builder
        self._rows = builder.below(row, entity)
        self._offsets = builder.argument("event offsets", entity, event.name)
        self._edges = tuple(builder.argument("event", entity, event.name, name) for name in ("from", "to"))
        self._moments = Moments(builder, row) if event.interval == "instant" else None

    def after(self, day: Node, end: Node) -> Node:
        """Return the first day after a day on which one begins or ends, ``end`` at the latest."""
        graph, args = self._builder.graph, (self._offsets, *self._edges, *self._rows)
        if self._moments is None:
            return graph.node(INT, "next_edge({0}, {1}, {2}, {3}, {4}, {5}, {6})", *args, day, end)
        code = "next_local_edge({0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9})"
        return graph.node(INT, code, *args, self._moments.table(), self._moments.base, self._moments.zero, day, end)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Edges) and (self._offsets, self._rows) == (other._offsets, other._rows)

    def __hash__(self) -> int:
        return hash((self._offsets, self._rows))

    @property
    def lost(self) -> Node | None:
        """Whether they cannot be told because nothing is known of the time zone."""
        if self._moments is None:
            return None
        graph = self._builder.graph
        some = graph.node(BOOL, "any_of({0}, {1}, {2})", self._offsets, *self._rows)
        return graph.both(some, self._moments.lost)


def pieces_of(builder: Builder, definition: DefinitionPlan, cuts: Cuts, row: RowAt) -> Pieces | None:
    """Return the pieces of the month for a row; None where it is one piece whatever the data are."""
    cutter = builder.machine.computation(definition.number).cutter
    found = Pieces(builder, daily=cutter.daily)
    if len(cutter.fixed) > 1 or not (builder.still or cutter.even):
        tables = [table for table in builder.machine.tables if table.param in definition.cuts.params]
        fixed = Days(Span("month"), _places(builder, tables), tuple(sorted(definition.cuts.days)))
        found.dated.append((builder.constant(fixed), builder.graph.int(0)))
    for declared, up in [*cuts.own, *((item, 0) for item in cuts.below), *cuts.around]:
        rows = builder.below(builder.above(row, up), declared.entity.name)
        for key in _keys(declared):
            if (declared.entity.name, key) in builder.layout.varying:
                offsets, days, _ = builder.changes(declared.entity.name, key)
                found.changes.append((offsets, days, *rows))
    for event, up in _events(cuts):
        found.intervals.append(_Edges(builder, builder.above(row, up), event))
    found.bad = builder.graph.either(*(edges.lost for edges in found.intervals))
    return found if found.cut else None


def pieces_ever(builder: Builder, scope: Scope, steps: Sequence[int]) -> Pieces | None:
    """Return the pieces of any span of days for steps of a definition; None where all days are alike.

    Raises :class:`NotCompiled`.
    """
    if scope.definition is None:
        return None
    graph, movers = builder.graph, Movers.of(builder.machine, scope, steps)
    found = Pieces(builder, daily=movers.daily)
    cuts = needed(builder.machine, scope.definition, steps)
    edges = bool(_events(cuts))  # what is clipped to the month begins and ends with it
    days = Days(Span("ever"), _places(builder, movers.tables), tuple(sorted(movers.days)), edges)
    if edges or len(builder.filler.array(days)):
        found.dated.append((builder.constant(days), graph.int(0)))
    for table, number in movers.brackets:
        bounds = sorted(_bounds(table))
        array = builder.constant(Fixed(("bounds", *bounds), np.array(bounds, np.int64)))
        found.dated.append((array, scope.word(number)))
    for declared, up in [*cuts.own, *((item, 0) for item in cuts.below), *cuts.around]:
        rows = builder.below(builder.above(scope.row, up), declared.entity.name)
        for key in _keys(declared):
            name = declared.entity.name
            if (name, key) in builder.layout.varying:
                for offsets, changed, _ in (builder.changes(name, key), builder.always(name, key)):
                    found.changes.append((offsets, changed, *rows))
    for event, up in _events(cuts):
        if event.interval == "instant":
            raise NotCompiled("a span of days that is cut by moments")
        found.intervals.append(_Edges(builder, builder.above(scope.row, up), event))
    return found if found.cut else None


def _places(builder: Builder, tables: Iterable[Table]) -> tuple[int, ...]:
    return tuple([builder.machine.tables.index(table) for table in tables])


def _bounds(table: Table) -> set[int]:
    """Return the whole numbers from which on another bracket of a table may hold."""
    position, found = table.bracket, set()
    for row in table.rows:
        ends = row.keys[position or 0]
        if isinstance(ends, tuple):
            low, high = ends
            found |= {ceil(low)} if low is not None else set()
            found |= {floor(high) + 1} if high is not None else set()
    return found


def _events(cuts: Cuts) -> list[tuple[Event, int]]:
    """Return the events whose intervals cut, with how far above the row they belong to stands."""
    items = [*cuts.events, *((event, 0) for event in cuts.events_below), *cuts.events_around]
    return [(event, up) for event, up in items if isinstance(event, Event)]


def moved(builder: Builder, scope: Scope, past: Term, *steps: int) -> Node | None:
    """Return whether something changes inside a past month for steps of a definition. Raises :class:`NotCompiled`.

    An input has one value there.
    """
    if past.visited:
        if scope.when.day is not past.start:
            raise NotCompiled("slices of a past month on some day of it")
        return _dated(builder, past, _tables(builder, scope, steps), ())
    if scope.definition is None:
        return None
    cuts = scope.definition.cuts
    if cuts.daily:
        raise NotCompiled("every day may differ")
    graph = builder.graph
    tables = [table for table in builder.machine.tables if table.param in cuts.params]
    found = [_dated(builder, past, tables, cuts.days)]
    for event, up in _events(cuts):
        edges = _Edges(builder, builder.above(scope.row, up), event)
        _reached(event, past)
        edge = edges.after(past.start, past.end)
        found += [graph.node(BOOL, "({0} < {1})", edge, past.end), edges.lost]
    return graph.either(*found)


def _dated(builder: Builder, past: Term, tables: Iterable[Table], days: Iterable[int]) -> Node | None:
    """Return whether a table changes inside a past month, or one of some days lies there."""
    places, known = _places(builder, tables), tuple(sorted(days))
    if not len(builder.filler.array(Days(Span("ever"), places, known))):
        return None
    array = builder.constant(Days(Span("past", past.back), places, known))
    return builder.graph.node(BOOL, "any_within({0}, {1}, {2})", array, past.start, past.end)


def _tables(builder: Builder, scope: Scope, steps: Sequence[int]) -> list[Table]:
    """Return the tables that steps look up on the current day. Raises :class:`NotCompiled` for what else may change."""
    found, waiting, seen = [], list(steps), set(steps)
    while waiting:
        step = scope.steps[waiting.pop()]
        match step.op:
            case Op.PARAM if not payload(step)[1]:
                found.append(builder.machine.tables[payload(step)[0]])
            case Op.RULE if builder.machine.computation(payload(step)[0]).varies:
                raise NotCompiled("slices of a past month in which a rule may change")
            case Op.PERIOD if payload(step)[0] == "day":
                raise NotCompiled("every day may differ")
            case Op.AGGREGATE:
                raise NotCompiled("slices of a past month with an aggregate inside")
        waiting += [a for a in step.args if a not in seen]
        seen.update(step.args)
    return found


def _reached(event: Event, past: Term) -> None:
    """Raise :class:`NotCompiled` where local days of a past month are not known."""
    if event.interval == "instant" and past.back * _LONGEST > BEFORE:
        raise NotCompiled("pieces cut by moments too long ago")


def _keys(declared: Input) -> list[tuple[str, tuple[str, ...]]]:
    return [(declared.name, members) for members in product(*(enum.members for enum in declared.keys))]
